package main

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// newAccount makes an account below the first one, with the client that comes with it.
func (p *program) newAccount(t *testing.T, login string) (caller, seededClient) {
	t.Helper()
	c := seededClient{Login: login, Password: "Sesame-" + login + "-2026"}
	made := map[string]any{}
	root := caller{p.first.Account.SID, p.first.Account.AuthToken}
	code, text := p.apiAs(root, "POST", ".json", map[string]string{"EmailAddress": login + "@example.net", "Password": c.Password}, &made)
	if code != http.StatusOK {
		t.Fatalf("account %s: %d %s", login, code, text)
	}
	sum := md5.Sum([]byte(c.Password)) // rest.md 1.4: how clients of the API know the token
	return caller{made["sid"].(string), hex.EncodeToString(sum[:])}, c
}

// TestAccountsAreApart checks that an account neither sees nor calls what belongs to another.
func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	app.document("/busy", `<Reject reason="busy"/>`)
	bob := p.registered(t, p.client(1))
	other, eve := p.newAccount(t, "eve")
	third, mallory := p.newAccount(t, "mallory")
	root := caller{p.first.Account.SID, p.first.Account.AuthToken}
	sid := p.callOut(t, "client:bob", app.document("/stay", `<Pause length="60"/>`))
	b := bob.WantCall()
	b.Answer()
	t.Run("REST", func(t *testing.T) {
		var clients []map[string]any
		p.apiAs(root, "GET", "/"+root.sid+"/Clients.json", nil, &clients)
		aliceSID := clients[0]["sid"].(string)
		for _, row := range []struct {
			who          caller
			method, path string
			status       int
		}{
			{other, "GET", "/" + root.sid + ".json", 403},
			{other, "GET", "/" + root.sid + "/Clients.json", 403},
			{other, "GET", "/" + root.sid + "/Calls.json", 403},
			{other, "POST", "/" + root.sid + "/Calls.json/" + sid, 403},
			{other, "POST", "/" + other.sid + "/Calls.json/" + sid, 403},
			{other, "DELETE", "/" + root.sid + "/Clients/" + aliceSID, 403},
			{other, "DELETE", "/" + other.sid + "/Clients/" + aliceSID, 404},
			{other, "GET", "/" + third.sid + "/Clients.json", 403},
			{other, "GET", "/AC00000000000000000000000000000000/Clients.json", 403},
			{other, "GET", "/" + other.sid + "/Calls/" + sid + ".json", 404},
			{root, "GET", "/" + other.sid + "/Clients.json", 200}, // the parent may
			{caller{other.sid, root.token}, "GET", "/" + other.sid + "/Clients.json", 401},
			{caller{"ACnobody", "x"}, "GET", "/" + other.sid + "/Clients.json", 401},
		} {
			if code, text := p.apiAs(row.who, row.method, row.path, map[string]string{"Status": "completed"}, nil); code != row.status {
				t.Errorf("%s %s as %s: got %d %s, want %d", row.method, row.path, row.who.sid, code, text, row.status)
			}
		}
		if _, text := p.apiAs(other, "GET", "/"+other.sid+"/Calls.json", nil, nil); strings.Contains(text, sid) {
			t.Error("another account's call is listed")
		}
	})
	t.Run("phones", func(t *testing.T) {
		stranger := p.registered(t, eve)
		stranger.Invite("bob").WantFinal(404)
		p.phone(t, mallory).Invite("eve").WantFinal(404)
		p.alice(t).Invite("eve").WantFinal(404)
		number := p.dialPlan(t, app.document("/eve", `<Dial><Client>eve</Client></Dial>`))
		a := p.alice(t).Invite(number)
		a.WantFinal(200)
		a.WantBye() // a client of another account is reached by nobody
	})
	t.Run("calls over REST", func(t *testing.T) {
		form := map[string]string{"From": "1", "To": "client:bob", "Url": app.url + "/busy"}
		made := record{}
		if code, text := p.apiAs(other, "POST", "/"+other.sid+"/Calls.json", form, &made); code != http.StatusOK {
			t.Fatalf("got %d %s", code, text)
		}
		eventually(t, "the call has failed", func() error {
			var r record
			_, text := p.apiAs(other, "GET", "/"+other.sid+"/Calls/"+made.SID+".json", nil, &r)
			if r.Status != "not-found" {
				return errors.New(text)
			}
			return nil
		})
	})
	t.Run("a suspended account", func(t *testing.T) {
		phone := p.phone(t, mallory)
		phone.Register(300)
		number := map[string]string{"PhoneNumber": "7900", "isSIP": "true", "VoiceUrl": app.url + "/busy"}
		if code, text := p.apiAs(root, "POST", "/"+third.sid+"/IncomingPhoneNumbers.json", number, nil); code != http.StatusOK {
			t.Fatalf("got %d %s", code, text)
		}
		p.alice(t).Invite("7900").WantFinal(486)
		if code, text := p.apiAs(root, "POST", "/"+third.sid+".json", map[string]string{"Status": "suspended"}, nil); code != http.StatusOK {
			t.Fatalf("got %d %s", code, text)
		}
		if code := phone.TryRegister(300).Code(); code != 403 {
			t.Errorf("REGISTER of a client of a suspended account: %d, want 403", code)
		}
		phone.Invite(p.number("echo")).WantFinal(403)
		p.alice(t).Invite("7900").WantFinal(403)
		if code, _ := p.apiAs(third, "GET", "/"+third.sid+"/Clients.json", nil, nil); code != 403 {
			t.Errorf("REST of a suspended account: %d, want 403", code)
		}
	})
	b.Bye()
	p.works(t)
}
