package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"testing"
)

// signature is what a request to a page must carry by rest.md 5.5, as a receiver would find out for itself.
func signature(token, page string, form url.Values) string {
	h := hmac.New(sha1.New, []byte(token))
	h.Write([]byte(page))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		h.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// TestWebhooksAreSignedByTheirOwner has a client of one account call the number of
// another: the number's owner gets the requests, signed with its own token.
func TestWebhooksAreSignedByTheirOwner(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	owner, _ := p.newAccount(t, "owner")
	page := app.document("/voice", `<Redirect>/next</Redirect>`)
	app.document("/next", `<Reject/>`)
	form := map[string]string{"PhoneNumber": "7901", "isSIP": "true", "VoiceUrl": page, "StatusCallback": app.listener("/status")}
	if code, text := p.apiAs(owner, "POST", "/"+owner.sid+"/IncomingPhoneNumbers.json", form, nil); code != 200 {
		t.Fatalf("the number: %d %s", code, text)
	}
	p.alice(t).Invite("7901").Final()
	for _, path := range []string{"/voice", "/next", "/status"} {
		r := app.want(path)
		r.has(t, "AccountSid="+owner.sid, "From=alice", "To=7901")
		want := signature(owner.token, app.url+path, r.Values)
		for _, header := range []string{"X-Twilio-Signature", "X-Restcomm-Signature"} {
			if got := r.header.Get(header); got != want {
				t.Errorf("%s: got %s %q, want %q", path, header, got, want)
			}
		}
	}
}
