package main

import (
	"net/http"
	"strings"
	"testing"
)

// must calls the API and wants a status; it returns the JSON object of the answer, nil where there is none.
func (p *program) must(t *testing.T, status int, method, path string, form map[string]string) map[string]any {
	t.Helper()
	var into map[string]any
	code, text := p.api(method, path, form, nil)
	if code != status {
		t.Fatalf("%s %s: got %d %s, want %d", method, path, code, text, status)
	}
	if strings.HasPrefix(text, "{") {
		unmarshal(t, text, &into)
	}
	return into
}

// TestResources creates, lists, reads, changes and deletes what an account has, and checks that calls follow at once.
func TestResources(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	app.document("/busy", `<Reject reason="busy"/>`)
	app.document("/no", `<Reject/>`)
	t.Run("clients", func(t *testing.T) { clientsFollow(t, p, app) })
	t.Run("numbers", func(t *testing.T) {
		made := p.must(t, 200, "POST", "/IncomingPhoneNumbers.json", map[string]string{
			"PhoneNumber": "+15550142000", "VoiceUrl": app.url + "/busy",
		})
		path := "/IncomingPhoneNumbers/" + made["sid"].(string) + ".json"
		p.alice(t).Invite("+15550142000").WantFinal(486)
		p.alice(t).Invite("15550142000").WantFinal(486)
		p.must(t, 400, "POST", "/IncomingPhoneNumbers.json", map[string]string{"PhoneNumber": "+15550142000"})
		p.must(t, 200, "PUT", path, map[string]string{"VoiceUrl": app.url + "/no", "FriendlyName": "Shop"})
		p.alice(t).Invite("+15550142000").WantFinal(603)
		if got := p.must(t, 200, "GET", path, nil); got["friendly_name"] != "Shop" || got["voice_url"] != app.url+"/no" {
			t.Errorf("the number is %v", got)
		}
		found := p.must(t, 200, "GET", "/IncomingPhoneNumbers.json?FriendlyName=Shop", nil)
		if list := found["incomingPhoneNumbers"].([]any); len(list) != 1 {
			t.Errorf("the filter finds %v", list)
		}
		p.must(t, 204, "DELETE", path, nil)
		p.must(t, 404, "GET", path, nil)
		p.alice(t).Invite("+15550142000").WantFinal(404)
	})
	t.Run("applications", func(t *testing.T) {
		made := p.must(t, 200, "POST", "/Applications.json", map[string]string{"FriendlyName": "Menu", "RcmlUrl": app.url + "/busy"})
		path := "/Applications/" + made["sid"].(string) + ".json"
		number := p.dialPlan(t, "", "VoiceApplicationSid="+made["sid"].(string))
		p.alice(t).Invite(number).WantFinal(486)
		p.must(t, 200, "POST", path, map[string]string{"RcmlUrl": app.url + "/no"})
		p.alice(t).Invite(number).WantFinal(603)
		var list []map[string]any
		if code, text := p.api("GET", "/Applications.json", nil, &list); code != http.StatusOK || len(list) != 1 || list[0]["friendly_name"] != "Menu" {
			t.Errorf("the list is %s", text)
		}
		p.must(t, 200, "DELETE", path, nil)
		p.must(t, 404, "GET", path, nil)
		p.alice(t).Invite(number).WantFinal(404) // the number has nothing to run any more
	})
	t.Run("XML", func(t *testing.T) {
		code, text := p.api("GET", "/Clients.xml", nil, nil)
		if code != http.StatusOK || !strings.HasPrefix(text, "<RestcommResponse>") || !strings.Contains(text, "<Login>alice</Login>") {
			t.Errorf("got %d %s", code, text)
		}
	})
	t.Run("mistakes", func(t *testing.T) {
		for _, row := range []struct {
			method, path string
			form         map[string]string
			status       int
			says         string
		}{
			{"POST", "/Clients.json", map[string]string{"Password": "Sesame-2026-x"}, 400, "Login"},
			{"POST", "/Clients.json", map[string]string{"Login": "dan"}, 400, "Password"},
			{"POST", "/Clients.json", map[string]string{"Login": "dan", "Password": "1234"}, 400, "weak"},
			{"POST", "/Clients.json", map[string]string{"Login": "d@n", "Password": "Sesame-2026-x"}, 400, "invalid character"},
			{"POST", "/IncomingPhoneNumbers.json", map[string]string{}, 400, "Phone number can not be null"},
			{"POST", "/IncomingPhoneNumbers.json", map[string]string{"PhoneNumber": "12"}, 400, "21421"},
			{"POST", "/IncomingPhoneNumbers.json", map[string]string{"PhoneNumber": "77(", "isSIP": "true"}, 400, "21421"},
			{"POST", "/Applications.json", map[string]string{}, 400, "Friendly name"},
			{"POST", "/Calls.json", map[string]string{"From": "1", "To": "client:bob"}, 400, "Url"},
			{"POST", "/Calls.json", map[string]string{"From": "1", "To": "client:bob", "Url": "/x", "Timeout": "soon"}, 400, "Timeout"},
			{"GET", "/Calls.json?Page=-1", nil, 400, "Page"},
			{"GET", "/Calls.json?StartTime=yesterday", nil, 400, "StartTime"},
			{"PATCH", "/Clients.json", nil, 405, "20004"},
			{"GET", "/Nothing.json", nil, 404, "20404"},
		} {
			code, text := p.api(row.method, row.path, row.form, nil)
			if code != row.status || !strings.Contains(text, row.says) {
				t.Errorf("%s %s %v: got %d %s, want %d and %q", row.method, row.path, row.form, code, text, row.status, row.says)
			}
		}
	})
}

// clientsFollow checks that a phone feels what is done to its client.
func clientsFollow(t *testing.T, p *program, app *application) {
	t.Helper()
	carol := p.newClient(t, "carol")
	var list []map[string]any
	if code, text := p.api("GET", "/Clients.json", nil, &list); code != http.StatusOK || len(list) != 3 {
		t.Fatalf("the list is %d %s", code, text)
	}
	if _, shown := list[2]["password"]; !shown || list[2]["password"] == carol.Password {
		t.Errorf("the password is shown as %v", list[2]["password"])
	}
	path := "/Clients/" + list[2]["sid"].(string) + ".json"
	phone := p.phone(t, carol)
	phone.Register(300)
	p.alice(t).Invite("carol") // and never answered: the next lines do not wait for it
	phone.WantCall().Busy()
	p.must(t, 200, "POST", path, map[string]string{"Password": "Another-Sesame-2027"})
	p.alice(t).Invite("carol").WantFinal(480) // her registration went with her old password
	if code := p.phone(t, carol).TryRegister(300).Code(); code != 401 {
		t.Errorf("REGISTER with the old password: %d", code)
	}
	carol.Password = "Another-Sesame-2027"
	p.phone(t, carol).Register(300)
	p.must(t, 200, "POST", path, map[string]string{"VoiceUrl": app.url + "/busy"})
	p.phone(t, carol).Invite(p.number("echo")).WantFinal(486) // her own document is what her calls run
	app.want("/busy").has(t, "From=carol", "To="+p.number("echo"))
	p.must(t, 200, "POST", path, map[string]string{"Status": "0"})
	if code := p.phone(t, carol).TryRegister(300).Code(); code/100 != 4 {
		t.Errorf("REGISTER of a client that is switched off: %d", code)
	}
	p.must(t, 200, "DELETE", path, nil)
	p.must(t, 404, "DELETE", path, nil)
	if code := p.phone(t, carol).TryRegister(300).Code(); code != 401 {
		t.Errorf("REGISTER of a client that is gone: %d", code)
	}
	p.works(t)
}
