package main

import (
	"fmt"
	"net/http"
	"testing"
)

// callOut has the API call somebody and run the document at url, and returns the call's SID.
func (p *program) callOut(t *testing.T, to, url string, more ...string) string {
	t.Helper()
	form := map[string]string{"From": "5550100", "To": to, "Url": url}
	for i := 0; i < len(more); i += 2 {
		form[more[i]] = more[i+1]
	}
	made := p.must(t, 200, "POST", "/Calls.json", form)
	if made["status"] != "queued" || made["direction"] != "outbound-api" {
		t.Errorf("the new call is %v, want one that is queued and outbound-api", made)
	}
	return made["sid"].(string)
}

// TestCallsThatRESTPlaces places, ends and redirects calls through the API.
func TestCallsThatRESTPlaces(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	bob := p.registered(t, p.client(1))
	app.sound("/chime.wav", "demo/chime.wav")
	app.document("/play", `<Play>chime.wav</Play>`)
	app.document("/stay", `<Play loop="0">chime.wav</Play>`)
	t.Run("a call that runs its document", func(t *testing.T) {
		app.listener("/status")
		sid := p.callOut(t, "client:bob", app.url+"/play", "StatusCallback", app.url+"/status", "StatusCallbackEvent", "initiated ringing answered completed")
		b := bob.WantCall()
		if got := b.INVITE().Header("X-RestComm-CallSid"); got != sid {
			t.Errorf("the INVITE has the SID %s, want %s", got, sid)
		}
		b.Ring()
		p.wantStatus(t, sid, "ringing")
		if n := app.times("/play"); n != 0 {
			t.Errorf("the document was asked for %d times before the call was answered", n)
		}
		b.Answer()
		app.want("/play").has(t, "CallSid="+sid, "CallStatus=in-progress", "Direction=outbound-api", "From=5550100", "To=bob", "ParentCallSid=")
		wantPrompt(t, b, prompt(t, "demo/chime.wav"), 1)
		p.wantStatus(t, sid, "completed")
		for i, status := range []string{"initiated", "ringing", "in-progress", "completed"} {
			app.want("/status").has(t, "CallStatus="+status, "SequenceNumber="+fmt.Sprint(i), "CallSid="+sid, "Direction=outbound-api", "ParentCallSid=")
		}
	})
	t.Run("completed ends a call", func(t *testing.T) {
		sid := p.callOut(t, "client:bob", app.url+"/stay")
		b := bob.WantCall()
		b.Answer()
		b.Media().WantPackets(10)
		p.must(t, 200, "POST", "/Calls.json/"+sid, map[string]string{"Status": "canceled"}) // no effect: it is in progress
		b.Media().WantPackets(len(b.Media().Packets()) + 10)
		p.must(t, 200, "POST", "/Calls.json/"+sid, map[string]string{"Status": "completed"})
		b.WantBye()
		p.wantStatus(t, sid, "completed")
		p.must(t, 410, "POST", "/Calls.json/"+sid, map[string]string{"Status": "completed"})
	})
	t.Run("canceled ends a call that rings", func(t *testing.T) {
		sid := p.callOut(t, "client:bob", app.url+"/stay")
		b := bob.WantCall()
		b.Ring()
		p.wantStatus(t, sid, "ringing")
		p.must(t, 200, "POST", "/Calls/"+sid+".json", map[string]string{"Status": "canceled"})
		b.WantCancel()
		p.wantStatus(t, sid, "canceled")
	})
	t.Run("how calls fail", func(t *testing.T) {
		sid := p.callOut(t, "client:bob", app.url+"/stay")
		bob.WantCall().Busy()
		p.wantStatus(t, sid, "busy")
		sid = p.callOut(t, "client:bob", app.url+"/stay", "Timeout", "1")
		b := bob.WantCall()
		b.Ring()
		b.WantCancel()
		p.wantStatus(t, sid, "no-answer")
		p.wantStatus(t, p.callOut(t, "client:nobody", app.url+"/stay"), "not-found")
		p.wantStatus(t, p.callOut(t, "sip:nobody@127.0.0.1:"+freePort(t)+";transport=tcp", app.url+"/stay"), "failed")
	})
	t.Run("a SIP address", func(t *testing.T) {
		stranger := p.phone(t, seededClient{Login: "stranger"})
		sid := p.callOut(t, "sip:stranger@"+stranger.Addr().String()+"?X-Order=17", app.url+"/play")
		b := stranger.WantCall()
		if got := b.INVITE().Header("X-Order"); got != "17" {
			t.Errorf("X-Order is %q, want 17", got)
		}
		b.Answer()
		b.WantBye()
		p.wantStatus(t, sid, "completed")
	})
	t.Run("calls that are not there", func(t *testing.T) {
		p.must(t, 406, "POST", "/Calls.json/CA00000000000000000000000000000000", map[string]string{"Status": "completed"})
		p.must(t, 404, "GET", "/Calls/CA00000000000000000000000000000000.json", nil)
	})
	t.Run("an action is needed", func(t *testing.T) {
		sid := p.callOut(t, "client:bob", app.url+"/stay")
		b := bob.WantCall()
		b.Answer()
		p.must(t, 409, "POST", "/Calls.json/"+sid, map[string]string{"From": "x"})
		p.must(t, 400, "POST", "/Calls.json/"+sid, map[string]string{"Status": "paused"})
		b.Bye()
		p.wantStatus(t, sid, "completed")
	})
}

// wantStatus waits until a call has a status.
func (p *program) wantStatus(t *testing.T, sid, status string) {
	t.Helper()
	eventually(t, "call "+sid+" is "+status, func() error {
		var r record
		code, text := p.api("GET", "/Calls/"+sid+".json", nil, nil)
		if code != http.StatusOK {
			return fmt.Errorf("%d %s", code, text)
		}
		unmarshal(t, text, &r)
		if r.Status != status {
			return fmt.Errorf("it is %s", r.Status)
		}
		if final := status != "ringing" && status != "in-progress"; final && (r.End == "" || r.Duration < 0) {
			return fmt.Errorf("it has no end: %s", text)
		}
		return nil
	})
}
