package main

import (
	"regexp"
	"testing"
	"time"
)

var callSID = regexp.MustCompile(`^CA[0-9a-f]{32}$`)

// TestDocuments runs documents of a web server on calls from a phone: what is asked, and what the caller's phone sees and hears.
func TestDocuments(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	t.Run("the request", func(t *testing.T) {
		number := p.dialPlan(t, app.document("/request", `<Reject/>`))
		c := p.alice(t).Invite(number, "Diversion: <sip:5550100@192.0.2.9>;reason=no-answer", "X-Order: 17")
		refused := c.WantFinal(603)
		r := app.want("/request")
		r.has(t, "AccountSid="+p.first.Account.SID, "From=alice", "To="+number, "CallStatus=ringing", "ApiVersion=2012-04-24",
			"Direction=inbound", "InstanceId=*", "CallTimestamp=*", "ForwardedFrom=5550100", "SipHeader_X-Order=17", "ParentCallSid=")
		if sid := r.Get("CallSid"); !callSID.MatchString(sid) || sid != refused.Header("X-RestComm-CallSid") {
			t.Errorf("CallSid is %q, the answer's header says %q", sid, refused.Header("X-RestComm-CallSid"))
		}
		if r.method != "POST" {
			t.Errorf("the method is %s, want POST", r.method)
		}
	})
	t.Run("a request by GET", func(t *testing.T) {
		number := p.dialPlan(t, app.document("/get", `<Reject reason="busy"/>`)+"?shop=7", "VoiceMethod=GET")
		p.alice(t).Invite(number).WantFinal(486)
		r := app.want("/get")
		r.has(t, "shop=7", "From=alice", "To="+number)
		if r.method != "GET" {
			t.Errorf("the method is %s, want GET", r.method)
		}
	})
	t.Run("Play", func(t *testing.T) {
		app.sound("/sounds/chime.wav", "demo/chime.wav")
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/play", `<Play loop="2">sounds/chime.wav</Play>`)))
		c.WantProvisional(180)
		c.WantFinal(200)
		wantPrompt(t, c, prompt(t, "demo/chime.wav"), 2)
	})
	t.Run("Hangup", func(t *testing.T) {
		app.sound("/chime.wav", "demo/chime.wav")
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/hangup", `<Play>chime.wav</Play><Hangup/><Play loop="0">chime.wav</Play>`)))
		c.WantFinal(200)
		wantPrompt(t, c, prompt(t, "demo/chime.wav"), 1)
	})
	t.Run("an empty document", func(t *testing.T) {
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/empty", "")))
		c.WantFinal(200)
		c.WantBye()
		wantLast(t, p, "completed")
	})
	t.Run("Redirect", func(t *testing.T) {
		number := p.dialPlan(t, app.document("/shop/one", `<Redirect method="GET">two?step=2</Redirect><Play>never.wav</Play>`))
		app.document("/shop/two", `<Reject reason="busy"/>`)
		p.alice(t).Invite(number).WantFinal(486)
		first, second := app.want("/shop/one"), app.want("/shop/two")
		second.has(t, "step=2", "CallStatus=ringing", "CallSid="+first.Get("CallSid"))
		if second.method != "GET" {
			t.Errorf("the method is %s, want GET", second.method)
		}
		wantLast(t, p, "busy")
	})
	t.Run("Pause delays the answer", func(t *testing.T) {
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/pause", `<Pause length="1"/><Hangup/>`)))
		ringing := c.WantProvisional(180)
		if waited := c.WantFinal(200).At.Sub(ringing.At); waited < 900*time.Millisecond {
			t.Errorf("the call was answered after %v, want a second", waited)
		}
		c.WantBye()
	})
	t.Run("a cookie", func(t *testing.T) {
		number := p.dialPlan(t, app.document("/cookie/one", `<Redirect>two</Redirect>`))
		app.page("/cookie/one", withCookie(app.pages["/cookie/one"]))
		app.document("/cookie/two", `<Reject/>`)
		p.alice(t).Invite(number).WantFinal(603)
		if got := app.want("/cookie/two").header.Get("Cookie"); got != "cart=full" {
			t.Errorf("the second request of the call has the cookie %q, want cart=full", got)
		}
	})
}

// TestStatusCallbackOfANumber checks the callbacks of whole calls: each state once, in order.
func TestStatusCallbackOfANumber(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	app.listener("/status")
	settings := []string{"StatusCallback=" + app.url + "/status", "StatusCallbackMethod=GET"}
	t.Run("a call that is answered", func(t *testing.T) {
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/pause", `<Hangup/>`), settings...))
		c.WantFinal(200)
		c.WantBye()
		sid := app.want("/pause").Get("CallSid")
		for _, state := range []string{"ringing", "in-progress", "completed"} {
			r := app.want("/status")
			r.has(t, "CallSid="+sid, "CallStatus="+state, "Direction=inbound", "From=alice", "Timestamp=*")
			if state == "completed" {
				r.has(t, "CallDuration=0")
			}
		}
	})
	t.Run("a call that is refused", func(t *testing.T) {
		p.alice(t).Invite(p.dialPlan(t, app.document("/busy", `<Reject reason="busy"/>`), settings...)).WantFinal(486)
		sid := app.want("/busy").Get("CallSid")
		for _, state := range []string{"ringing", "busy"} {
			app.want("/status").has(t, "CallSid="+sid, "CallStatus="+state)
		}
	})
	t.Run("a call that its caller gives up", func(t *testing.T) {
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/wait", `<Pause length="60"/>`), settings...))
		c.WantProvisional(180)
		sid := app.want("/wait").Get("CallSid")
		c.Cancel()
		c.WantFinal(487)
		for _, state := range []string{"ringing", "canceled"} {
			app.want("/status").has(t, "CallSid="+sid, "CallStatus="+state)
		}
	})
}
