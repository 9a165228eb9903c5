package rest_test

import (
	"strings"
	"testing"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
)

// possessions makes one of everything in an account and returns the paths below it, each with what changes it.
func (w *world) possessions(a directory.Account) map[string]string {
	w.t.Helper()
	login := strings.ReplaceAll(a.Login(), ".", "") + "-phone"
	base := strings.Replace(r, "{A}", a.SID, 1)
	sid := func(path, form string) string { return w.object("POST", base+path+".json", form)["sid"].(string) }
	var made map[string]string
	w.as(a, func() {
		app := sid("/Applications", "FriendlyName=Menu&RcmlUrl=https://a.example/")
		made = map[string]string{
			"/Applications/" + app: "FriendlyName=Stolen",
			"/Clients/" + sid("/Clients", form("Login", login, "Password", password)):                            "FriendlyName=Stolen",
			"/IncomingPhoneNumbers/" + sid("/IncomingPhoneNumbers", form("PhoneNumber", login, "isSIP", "true")): "FriendlyName=Stolen",
		}
	})
	record := cdr.Record{Summary: call.Summary{ID: call.NewID(), Account: a.SID, Created: created, Ended: created}}
	w.store.SaveCall(new(record))
	made["/Calls/"+string(record.ID)] = "Status=completed"
	note := directory.Notification{SID: directory.NewSID(directory.PrefixNotification), Account: a.SID, Call: string(record.ID), Date: created}
	w.store.Notify(note)
	made["/Notifications/"+note.SID] = ""
	return made
}

// TestAccountsAreApart tries every method on everything of another account, through either account's path.
func TestAccountsAreApart(t *testing.T) {
	w := newWorld(t)
	theirs := w.possessions(w.b)
	w.x = w.addAccount("sibling@example.net", w.a.SID, "Administrator")
	through := func(a directory.Account, path string) string { return strings.Replace(r, "{A}", a.SID, 1) + path }
	// refused wants the status for every method, and that nobody learns what is there.
	refused := func(path, form string, status map[string]int) {
		t.Helper()
		for method, want := range status {
			if (method == "POST" || method == "PUT") && form == "" {
				continue // the resource cannot be changed by anybody
			}
			rec := w.request(method, path, form)
			if rec.Code != want {
				t.Errorf("%s %s as %s: got %d %s, want %d", method, path, w.caller.Email, rec.Code, rec.Body, want)
			}
		}
	}
	all := func(status int) map[string]int {
		return map[string]int{"GET": status, "POST": status, "PUT": status, "DELETE": status}
	}
	for path, form := range theirs {
		isCall := strings.HasPrefix(path, "/Calls/")
		own := all(404)
		if isCall {
			own["POST"], own["PUT"] = 403, 403 // 2.7.5: it exists, but is not to be seen
		}
		w.as(w.x, func() { // a stranger, though of the same parent
			refused(through(w.b, path), form, all(403))
			refused(through(w.x, path), form, own)
		})
		w.as(w.c, func() { // an account below
			refused(through(w.b, path), form, all(403))
			refused(through(w.c, path), form, own)
		})
		parent := all(403)
		if isCall {
			parent["POST"], parent["PUT"] = 410, 410 // a super administrator may address any call through any target
		}
		refused(through(w.a, path), form, parent) // the parent has to name the owner
		w.want(200, "GET", through(w.b, path), "")
	}
	for _, list := range []string{"/Applications", "/Clients", "/IncomingPhoneNumbers", "/Calls", "/Notifications"} {
		w.as(w.x, func() {
			w.want(403, "GET", through(w.b, list), "")
			w.want(403, "GET", through(w.b, list)+"?SubAccounts=true", "")
			if body := w.want(200, "GET", through(w.x, list)+"?SubAccounts=true&PageSize=1000", "").Body.String(); strings.Contains(body, w.b.SID) {
				t.Errorf("%s of a stranger: %s has something of %s", list, body, w.b.SID)
			}
		})
	}
	w.as(w.b, func() { // all is as it was
		for path := range theirs {
			if body := w.want(200, "GET", through(w.b, path), "").Body.String(); strings.Contains(body, "Stolen") {
				t.Errorf("%s was changed: %s", path, body)
			}
		}
	})
}

// TestAccountsCannotBeProbed: a stranger learns nothing of which accounts there are.
func TestAccountsCannotBeProbed(t *testing.T) {
	w := newWorld(t)
	nobody := "AC" + strings.Repeat("0", 32)
	w.as(w.addAccount("sibling@example.net", w.a.SID, "Administrator"), func() {
		for _, path := range []string{"", "/Clients", "/Calls", "/Calls/CA" + strings.Repeat("0", 32)} {
			w.same("a known and an unknown account", w.request("GET", strings.Replace(r, "{A}", w.b.SID, 1)+path, "").Body.String(),
				w.request("GET", strings.Replace(r, "{A}", nobody, 1)+path, "").Body.String())
		}
	})
	for _, credentials := range [][2]string{{nobody, "x"}, {w.b.SID, "x"}, {w.b.Email, "x"}, {"nobody@example.net", "x"}, {w.b.FriendlyName + " ", w.b.Token}} {
		w.caller.SID, w.secret = credentials[0], credentials[1]
		rec := w.want(401, "GET", "/restcomm/2012-04-24/Accounts.json", "", "20003", "Authentication failed")
		if got := rec.Header().Get("WWW-Authenticate"); got != `Basic realm="Restcomm realm"` {
			t.Errorf("%v: got challenge %q", credentials, got)
		}
	}
}

// TestReferencesStayInTheAccount: what belongs to another account cannot be bound or used.
func TestReferencesStayInTheAccount(t *testing.T) {
	w := newWorld(t)
	var app string
	for path := range w.possessions(w.b) {
		if sid, ok := strings.CutPrefix(path, "/Applications/"); ok {
			app = sid
		}
	}
	for _, row := range []struct{ path, form string }{
		{"/Calls", "From=1&To=client:alice&ApplicationSid="},
		{"/Clients", "Login=thief&Password=" + password + "&VoiceApplicationSid="},
		{"/IncomingPhoneNumbers", "PhoneNumber=1&isSIP=true&VoiceApplicationSid="},
		{"/IncomingPhoneNumbers", "PhoneNumber=1&isSIP=true&ReferApplicationSid="},
	} {
		w.as(w.x, func() {
			w.want(400, "POST", strings.Replace(r, "{A}", "{X}", 1)+row.path, row.form+app, "21218")
		})
	}
	w.as(w.x, func() {
		w.want(409, "POST", strings.Replace(r, "{A}", "{X}", 1)+"/Clients", form("Login", w.b.Login()+"-phone", "Password", password), "3201")
		w.want(400, "POST", strings.Replace(r, "{A}", "{X}", 1)+"/IncomingPhoneNumbers", form("PhoneNumber", w.b.Login()+"-phone", "isSIP", "true"), "21452")
	})
}
