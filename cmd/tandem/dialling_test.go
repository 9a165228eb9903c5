package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/switch/sipua/siptest"
)

// TestDialling runs documents with Dial against registered phones, and reads what their applications are told.
func TestDialling(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	app.document("/after", "")
	bob := p.registered(t, p.client(1))
	// dials has alice's phone call a number whose document is a Dial with these attributes and nouns, and returns her call.
	dials := func(t *testing.T, attributes, nouns string) (*siptest.Call, string) {
		t.Helper()
		c := p.alice(t).Invite(p.dialPlan(t, app.document("/dial", "<Dial "+attributes+">"+nouns+"</Dial>")))
		return c, app.want("/dial").Get("CallSid")
	}
	t.Run("action", func(t *testing.T) {
		a, sid := dials(t, `action="after" callerId="5551234"`, `<Client>bob</Client>`)
		a.WantFinal(200)
		b := bob.WantCall()
		if from := b.INVITE().Header("From"); !strings.Contains(from, "sip:5551234@") {
			t.Errorf("bob is called by %s, want 5551234", from)
		}
		b.Ring()
		b.Answer()
		wantTalk(a, b)
		b.Bye()
		after := app.want("/after")
		after.has(t, "CallSid="+sid, "DialCallStatus=completed", "DialBridged=true", "CallStatus=in-progress", "DialCallDuration=*",
			"DialCallSid="+b.INVITE().Header("X-RestComm-CallSid"))
		a.WantBye() // the action's document is empty
		wantRecords(t, p, "completed")
	})
	t.Run("the caller hangs up", func(t *testing.T) {
		a, _ := dials(t, `action="after"`, `<Client>bob</Client>`)
		a.WantFinal(200)
		b := bob.WantCall()
		b.Answer()
		wantTalk(a, b)
		a.Bye()
		b.WantBye()
		app.want("/after").has(t, "DialCallStatus=completed", "CallStatus=completed")
	})
	t.Run("busy", func(t *testing.T) {
		a, _ := dials(t, `action="after"`, `<Client>bob</Client>`)
		a.WantFinal(200)
		bob.WantCall().Busy()
		app.want("/after").has(t, "DialCallStatus=busy", "DialBridged=false", "DialCallDuration=0", "CallStatus=in-progress")
		a.WantBye()
	})
	t.Run("timeout", func(t *testing.T) {
		a, _ := dials(t, `action="after" timeout="1"`, `<Client>bob</Client>`)
		a.WantFinal(200)
		b := bob.WantCall()
		b.Ring()
		b.WantCancel()
		app.want("/after").has(t, "DialCallStatus=no-answer", "DialBridged=false")
		a.WantBye()
	})
	t.Run("the caller gives up", func(t *testing.T) {
		a, _ := dials(t, `action="after"`, `<Client>bob</Client>`)
		a.WantFinal(200)
		b := bob.WantCall()
		b.Ring()
		wantRingback(t, a)
		a.Bye()
		b.WantCancel()
		app.want("/after").has(t, "DialCallStatus=canceled", "CallStatus=completed")
	})
	t.Run("nobody is registered", func(t *testing.T) {
		p.newClient(t, "nobody")
		a, _ := dials(t, `action="after"`, `<Client>nobody</Client>`)
		a.WantFinal(200)
		app.want("/after").has(t, "DialCallStatus=failed", "DialCallSid=", "DialCallDuration=0")
		a.WantBye()
	})
	t.Run("answer on bridge", func(t *testing.T) {
		a, _ := dials(t, `answerOnBridge="true"`, `<Client>bob</Client>`)
		b := bob.WantCall()
		b.Ring()
		a.WantProvisional(180)
		b.Answer()
		a.WantFinal(200)
		wantTalk(a, b)
		b.Bye()
		a.WantBye()
		a, _ = dials(t, `answerOnBridge="true"`, `<Client>bob</Client>`)
		bob.WantCall().Busy()
		a.WantFinal(486)
	})
	t.Run("time limit", func(t *testing.T) {
		a, _ := dials(t, `timeLimit="1" action="after"`, `<Client>bob</Client>`)
		a.WantFinal(200)
		b := bob.WantCall()
		answered := b.Answer()
		if talked := b.WantBye().At.Sub(answered.At); talked < 900*time.Millisecond {
			t.Errorf("the callee was hung up after %v, want a second", talked)
		}
		app.want("/after").has(t, "DialCallStatus=completed")
		a.WantBye()
	})
}

// TestNouns dials what a document can name, alone and together.
func TestNouns(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	bob := p.registered(t, p.client(1))
	stranger := p.phone(t, seededClient{Login: "stranger"}) // registered nowhere
	uri := "sip:stranger@" + stranger.Addr().String()
	t.Run("all at once", func(t *testing.T) {
		carol := p.registered(t, p.newClient(t, "carol"), overTCP)
		a := p.alice(t).Invite(p.dialPlan(t, app.document("/all", `<Dial><Client>bob</Client><Client>carol</Client><Sip>`+uri+`</Sip></Dial>`)))
		a.WantFinal(200)
		b, c, d := bob.WantCall(), carol.WantCall(), stranger.WantCall()
		for _, leg := range []*siptest.Call{b, c, d} {
			leg.Ring()
		}
		c.Answer()
		for _, loser := range []*siptest.Call{b, d} {
			loser.WantCancel()
			if r := loser.Reason(); !strings.Contains(r, "SIP;cause=200") || !strings.Contains(r, "Call completed elsewhere") {
				t.Errorf("the Reason of the CANCEL is %q", r)
			}
		}
		wantTalk(a, c)
		a.Bye()
		c.WantBye()
	})
	t.Run("a SIP address with headers", func(t *testing.T) {
		a := p.alice(t).Invite(p.dialPlan(t, app.document("/sip", `<Dial action="sipped"><Sip>`+uri+`?X-Order=17&amp;Colour=red%20wine</Sip></Dial>`)))
		a.WantFinal(200)
		b := stranger.WantCall()
		for name, want := range map[string]string{"X-Order": "17", "X-Colour": "red wine"} {
			if got := b.INVITE().Header(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		app.document("/sipped", "")
		b.Refuse(488, "X-Why: no codec")
		app.want("/sipped").has(t, "DialCallStatus=failed", "DialSipResponseCode=488", "DialSipCallId="+b.ID(), "DialSipHeader_X-Why=no codec")
		a.WantBye()
	})
	t.Run("a number of our own", func(t *testing.T) {
		app.sound("/chime.wav", "demo/chime.wav")
		inner := p.dialPlan(t, app.document("/inner", `<Play>chime.wav</Play>`))
		a := p.alice(t).Invite(p.dialPlan(t, app.document("/outer", `<Dial><Number>`+inner+`</Number></Dial>`)))
		a.WantFinal(200)
		app.want("/inner").has(t, "To="+inner, "From=alice")
		a.WantBye()
		heard := siptest.Samples(a.Media().Packets())
		if last := heard[max(0, len(heard)-8000):]; siptest.Share(last, 783.99) < 0.3 {
			t.Errorf("783.99 Hz carries %.2f of the last second, want the chime's last note", siptest.Share(last, 783.99))
		}
	})
	t.Run("a callback for each step of the leg", func(t *testing.T) {
		events := `statusCallbackEvent="initiated ringing answered completed" statusCallback="leg"`
		app.listener("/leg")
		a := p.alice(t).Invite(p.dialPlan(t, app.document("/watched", `<Dial><Client `+events+`>bob</Client></Dial>`)))
		a.WantFinal(200)
		b := bob.WantCall()
		b.Ring()
		b.Answer()
		b.Bye()
		a.WantBye()
		child, parent := b.INVITE().Header("X-RestComm-CallSid"), app.want("/watched").Get("CallSid")
		for i, status := range []string{"initiated", "ringing", "in-progress", "completed"} {
			app.want("/leg").has(t, "CallStatus="+status, "SequenceNumber="+strconv.Itoa(i), "CallSid="+child, "ParentCallSid="+parent, "Direction=outbound-dial")
		}
	})
	t.Run("screening", func(t *testing.T) {
		app.sound("/chime.wav", "demo/chime.wav")
		app.document("/screen", `<Play>chime.wav</Play>`)
		a := p.alice(t).Invite(p.dialPlan(t, app.document("/screened", `<Dial><Client url="screen">bob</Client></Dial>`)))
		a.WantFinal(200)
		b := bob.WantCall()
		b.Ring()
		b.Answer()
		app.want("/screen").has(t, "CallSid="+b.INVITE().Header("X-RestComm-CallSid"), "CallStatus=in-progress",
			"Direction=outbound-dial", "ParentCallSid="+app.want("/screened").Get("CallSid"))
		b.Media().WantPackets(70) // the chime; then they are joined
		wantTalk(a, b)
		b.Bye()
		a.WantBye()
	})
}
