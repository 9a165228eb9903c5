package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/switch/sipua/siptest"
)

// callView is a call's record as the API shows it; what a test does not care for is left out.
type callView struct {
	SID       string `json:"sid"`
	Parent    string `json:"parent_call_sid"`
	From      string `json:"from"`
	To        string `json:"to"`
	Direction string `json:"direction"`
	Status    string `json:"status"`
	Number    string `json:"phone_number_sid"`
	Start     string `json:"start_time"`
	End       string `json:"end_time"`
	Duration  *int   `json:"duration"`
	Ring      *int   `json:"ring_duration"`
}

// records are all calls the API lists, oldest first.
func (p *program) records() []callView {
	p.t.Helper()
	var list struct{ Calls []callView }
	if code, text := p.api("GET", "/Calls.json?PageSize=1000", nil, &list); code != http.StatusOK {
		p.t.Fatalf("list of calls: %d %s", code, text)
	}
	return list.Calls
}

// wantPair waits until the newest two records are a caller's and a callee's of that status, and returns them.
func (p *program) wantPair(t *testing.T, status string) (caller, callee callView) {
	t.Helper()
	eventually(t, "both records say "+status, func() error {
		all := p.records()
		if len(all) < 2 {
			return fmt.Errorf("%d records", len(all))
		}
		caller, callee = all[len(all)-2], all[len(all)-1]
		if caller.Parent != "" {
			caller, callee = callee, caller
		}
		if caller.Status != status || callee.Status != status {
			return fmt.Errorf("%+v and %+v", caller, callee)
		}
		return nil
	})
	return caller, callee
}

func (c callView) want(t *testing.T, from, to, direction, parent string) {
	t.Helper()
	if c.From != from || c.To != to || c.Direction != direction || c.Parent != parent {
		t.Errorf("got %+v, want a call from %s to %s, %s, of %q", c, from, to, direction, parent)
	}
}

// lasted checks the durations of a call that is over.
func (c callView) lasted(t *testing.T, low, high int) {
	t.Helper()
	if c.Duration == nil || *c.Duration < low || *c.Duration > high || c.End == "" || c.Ring == nil {
		t.Errorf("got %+v, want an end and a duration from %d to %d s", c, low, high)
	}
}

func TestRecordsOfCalls(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	alice, bob := p.alice(t), p.bob(t)

	t.Run("plain", func(t *testing.T) {
		c := alice.Invite("bob")
		b := bob.WantCall()
		b.Ring()
		c.WantProvisional(180)
		caller, callee := p.wantPair(t, "ringing") // listed from the first INVITE on
		caller.want(t, "alice", "bob", "inbound", "")
		callee.want(t, "alice", "bob", "outbound-dial", caller.SID)
		if caller.Duration != nil || caller.End != "" {
			t.Errorf("got %+v, want neither end nor duration of a live call", caller)
		}
		b.Answer()
		c.WantFinal(200)
		p.wantPair(t, "in-progress")
		time.Sleep(1100 * time.Millisecond)
		c.Bye()
		b.WantBye()
		caller, callee = p.wantPair(t, "completed")
		caller.want(t, "alice", "bob", "inbound", "")
		callee.want(t, "alice", "bob", "outbound-dial", caller.SID)
		caller.lasted(t, 1, 5)
		callee.lasted(t, 1, 5)
	})
	t.Run("document", func(t *testing.T) {
		number := p.number("bob")
		c := alice.Invite(number)
		c.WantFinal(200)
		b := bob.WantCall()
		b.Answer()
		p.wantPair(t, "in-progress")
		b.Bye()
		c.WantBye()
		caller, callee := p.wantPair(t, "completed")
		caller.want(t, "alice", number, "inbound", "")
		callee.want(t, "alice", "bob", "outbound-dial", caller.SID)
		if caller.Number == "" || callee.Number != "" {
			t.Errorf("got numbers %q and %q, want the caller's alone", caller.Number, callee.Number)
		}
	})
	t.Run("canceled", func(t *testing.T) {
		c := alice.Invite("bob")
		b := bob.WantCall()
		b.Ring()
		c.WantProvisional(180)
		c.Cancel()
		b.WantCancel()
		caller, callee := p.wantPair(t, "canceled")
		callee.want(t, "alice", "bob", "outbound-dial", caller.SID)
		caller.lasted(t, 0, 0)
		callee.lasted(t, 0, 0)
	})
	t.Run("busy", func(t *testing.T) {
		c := alice.Invite("bob")
		bob.WantCall().Busy()
		c.WantFinal(486)
		caller, callee := p.wantPair(t, "busy")
		callee.want(t, "alice", "bob", "outbound-dial", caller.SID)
		caller.lasted(t, 0, 0)
	})
	t.Run("nobody", func(t *testing.T) {
		alice.Invite("ghost").WantFinal(404)
		eventually(t, "the record says not-found", func() error {
			if all := p.records(); all[len(all)-1].Status != "not-found" || all[len(all)-1].To != "ghost" {
				return fmt.Errorf("%+v", all[len(all)-1])
			}
			return nil
		})
	})
}

// place asks REST for a call to a target that runs a document when answered.
func (p *program) place(t *testing.T, to, url string) callView {
	t.Helper()
	var made callView
	if code, text := p.api("POST", "/Calls.json", map[string]string{"From": "5000", "To": to, "Url": url}, &made); code != http.StatusOK {
		t.Fatalf("a call to %s: %d %s", to, code, text)
	}
	return made
}

func TestCallsOverREST(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir)
	bob := p.bob(t)
	dialAlice := filepath.Join(dir, "data", documentsFolder, "alice.xml")
	if err := os.WriteFile(dialAlice, []byte("<Response><Dial><Client>alice</Client></Dial></Response>"), 0o600); err != nil {
		t.Fatal(err)
	}

	t.Run("to a client", func(t *testing.T) {
		made := p.place(t, "client:bob", "/greeting.xml")
		made.want(t, "5000", "bob", "outbound-api", "")
		b := bob.WantCall()
		b.Answer()
		wantPrompt(t, b, prompt(t, "demo/greeting.wav"), 1)
		p.wantCall(t, made.SID, "completed").want(t, "5000", "bob", "outbound-api", "")
	})
	t.Run("to a number here that plays", func(t *testing.T) {
		number := p.number("greeting") // plays to the placed call, which lets bob hear it
		made := p.place(t, number, "/bob.xml")
		made.want(t, "5000", number, "outbound-api", "")
		b := bob.WantCall()
		b.Answer()
		heard := siptest.Samples(b.Media().WantPackets(100))
		loud := 0
		for _, s := range heard {
			if s > 500 || s < -500 {
				loud++
			}
		}
		if loud == 0 {
			t.Error("bob hears nothing of the number's greeting")
		}
		b.WantBye() // the number's document is over
		p.wantCall(t, made.SID, "completed")
		var inbound, dialled bool
		for _, c := range p.records() {
			if c.To == number && c.Direction == "inbound" && c.Status == "completed" && c.Number != "" {
				inbound = true
			}
			if c.Parent == made.SID {
				c.want(t, number, "bob", "outbound-dial", made.SID)
				dialled = true
			}
		}
		if !inbound || !dialled {
			t.Errorf("got %+v, want the number's own call and the one to bob", p.records())
		}
	})
	t.Run("to a number here, talking", func(t *testing.T) {
		// The number dials bob, the placed call's document dials alice: they talk through the switch.
		alice := p.registered(t, p.client(0))
		p.place(t, p.number("bob"), "/alice.xml")
		b := bob.WantCall()
		b.Answer()
		a := alice.WantCall()
		a.Answer()
		wantTalk(a, b)
		a.Bye()
		b.WantBye()
	})
	t.Run("to the echo", func(t *testing.T) {
		made := p.place(t, p.number("echo"), "/greeting.xml")
		p.wantCall(t, made.SID, "completed")
	})
	for to, want := range map[string]string{"client:ghost": "not-found", "+15550149999": "not-found", "sip:x@:5060": "failed"} {
		t.Run("to "+to, func(t *testing.T) {
			made := p.place(t, to, "/greeting.xml")
			p.wantCall(t, made.SID, want).lasted(t, 0, 0)
		})
	}
	eventually(t, "all ports are back", func() error {
		if n := p.metric("tandem_media_ports_in_use"); n != 0 {
			return fmt.Errorf("%v in use", n)
		}
		return nil
	})
	p.works(t)
}

// wantCall waits until a call's record has the status and returns it.
func (p *program) wantCall(t *testing.T, sid, status string) (c callView) {
	t.Helper()
	eventually(t, "the call is "+status, func() error {
		c = callView{}
		if code, text := p.api("GET", "/Calls/"+sid+".json", nil, &c); code != http.StatusOK || c.Status != status {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
	return c
}

func TestKilledSwitchKeepsTheAnswer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir)
	c := p.alice(t).Invite(p.number("echo"))
	c.WantFinal(200)
	var up callView
	eventually(t, "the call is listed", func() error {
		for _, up = range p.records() {
			if up.Status == "in-progress" {
				return nil
			}
		}
		return fmt.Errorf("%+v", p.records())
	})
	time.Sleep(6 * time.Second) // past the next sign of life
	p.kill()
	p = serve(t, dir)
	got := p.wantCall(t, up.SID, "failed")
	got.want(t, "alice", up.To, "inbound", "")
	got.lasted(t, 1, 10)
}
