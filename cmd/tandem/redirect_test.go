package main

import (
	"testing"

	"tandem/switch/sipua/siptest"
)

// TestRedirectedCalls gives live calls other documents.
func TestRedirectedCalls(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	bob := p.registered(t, p.client(1))
	app.sound("/chime.wav", "demo/chime.wav")
	app.document("/stay", `<Play loop="0">chime.wav</Play>`)
	app.document("/never", "")
	number := p.dialPlan(t, app.document("/dial", `<Dial action="never"><Client>bob</Client></Dial>`))
	// talk has alice call bob through a document, and returns both ends and her call's SID.
	talk := func(t *testing.T) (a, b *siptest.Call, sid string) {
		t.Helper()
		a = p.alice(t).Invite(number)
		a.WantFinal(200)
		b = bob.WantCall()
		b.Answer()
		wantTalk(a, b)
		return a, b, app.want("/dial").Get("CallSid")
	}
	// chime checks that a call hears the chime, not what it heard before.
	chime := func(t *testing.T, c *siptest.Call) {
		t.Helper()
		before := len(c.Media().Packets())
		heard := siptest.Samples(c.Media().WantPackets(before + 75)[before:])
		if s := siptest.Share(heard, 523.25) + siptest.Share(heard, 659.25) + siptest.Share(heard, 783.99); s < 0.5 {
			t.Errorf("the chime carries %.2f of what is heard, want half at least", s)
		}
	}
	t.Run("a document that plays", func(t *testing.T) {
		sid := p.callOut(t, "client:bob", app.url+"/stay")
		b := bob.WantCall()
		b.Answer()
		b.Media().WantPackets(5)
		p.must(t, 200, "POST", "/Calls.json/"+sid, map[string]string{"Url": app.document("/bye", `<Hangup/>`), "Method": "GET"})
		b.WantBye()
		app.want("/bye").has(t, "CallSid="+sid, "CallStatus=in-progress")
	})
	t.Run("the other leg is hung up", func(t *testing.T) {
		a, b, sid := talk(t)
		p.must(t, 200, "POST", "/Calls.json/"+sid, map[string]string{"Url": app.url + "/stay"})
		b.WantBye()
		chime(t, a)
		a.Bye()
	})
	t.Run("the other leg is moved, too", func(t *testing.T) {
		a, b, sid := talk(t)
		app.want("/stay") // of the tests above
		app.want("/stay")
		p.must(t, 200, "POST", "/Calls.json/"+sid, map[string]string{"Url": app.url + "/stay", "MoveConnectedCallLeg": "true"})
		one, two := app.want("/stay"), app.want("/stay")
		if one.Get("CallSid") == two.Get("CallSid") {
			t.Error("both requests are for the same leg")
		}
		chime(t, a)
		chime(t, b)
		a.Bye()
		b.Media().WantPackets(len(b.Media().Packets()) + 10) // she has a life of her own
		b.Bye()
	})
	t.Run("the dialled leg is redirected", func(t *testing.T) {
		a, b, _ := talk(t)
		child := b.INVITE().Header("X-RestComm-CallSid")
		p.must(t, 200, "POST", "/Calls.json/"+child, map[string]string{"Url": app.url + "/stay"})
		a.WantBye()
		chime(t, b)
		b.Bye()
	})
	t.Run("a Dial that rings", func(t *testing.T) {
		a := p.alice(t).Invite(number)
		a.WantFinal(200)
		b := bob.WantCall()
		b.Ring()
		p.must(t, 200, "POST", "/Calls.json/"+app.want("/dial").Get("CallSid"), map[string]string{"Url": app.url + "/stay"})
		b.WantCancel()
		chime(t, a)
		a.Bye()
	})
	if n := app.times("/never"); n != 0 {
		t.Errorf("the action of a Dial that was redirected was asked for %d times", n)
	}
}
