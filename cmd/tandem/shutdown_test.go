package main

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// interrupt asks the process to end, and returns when it has stopped being ready.
func (p *program) interrupt(t *testing.T) {
	t.Helper()
	p.signal()
	eventually(t, "the switch is not ready any more", func() error {
		res, err := http.Get(p.first.HTTP + "/readyz")
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable {
			return errors.New(res.Status)
		}
		return nil
	})
}

// TestShutdown sends SIGTERM while calls are up: no new ones, the live ones go on until the deadline, then they are hung up; nothing is lost.
func TestShutdown(t *testing.T) {
	t.Parallel()
	app := newApplication(t)
	p := serve(t, t.TempDir(), "TANDEM_DRAIN=8s")
	bob := p.registered(t, p.client(1))
	app.listener("/status")
	number := p.dialPlan(t, app.document("/dial", `<Dial><Client>bob</Client></Dial>`), "StatusCallback="+app.url+"/status")
	a := p.alice(t).Invite(number)
	b := bob.WantCall()
	b.Answer()
	a.WantFinal(200)
	ringing := p.alice(t).Invite("bob")
	bob.WantCall().Ring()
	ringing.WantProvisional(180)
	p.interrupt(t)
	began := time.Now()
	wantTalk(a, b)
	refused := p.alice(t).Invite(p.number("echo")).WantFinal(503)
	if refused.Header("Retry-After") == "" {
		t.Error("the 503 has no Retry-After")
	}
	if code, text := p.api("POST", "/Calls.json", map[string]string{"From": "1", "To": "client:bob", "Url": app.url + "/dial"}, nil); code != 503 {
		t.Errorf("a new call over REST: %d %s, want 503", code, text)
	}
	bob.Register(300) // phones need not notice
	a.WantBye()
	b.WantBye()
	if waited := time.Since(began); waited < 2*time.Second {
		t.Errorf("the call was hung up after %v, want 8 s less what the test took", waited)
	}
	if code := ringing.Final().Code(); code != 503 {
		t.Errorf("the call that rang ended with %d, want 503", code)
	}
	p.wantEnd(t, 0)
	for _, state := range []string{"ringing", "in-progress", "completed"} {
		app.want("/status").has(t, "CallStatus="+state)
	}
	p = p.again()
	for _, c := range p.calls("") {
		if c.Status != "completed" && c.To == number || c.End == "" {
			t.Errorf("a record of before: %+v", c)
		}
	}
	if n := len(p.calls("Status=completed")); n != 2 {
		t.Errorf("%d calls are recorded as completed, want 2", n)
	}
}

// TestShutdownWaitsForNobody ends at once when no calls are up, and as soon as the last one has ended.
func TestShutdownWaitsForNobody(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "TANDEM_DRAIN=10m")
	if code := p.terminate(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	p = p.again("TANDEM_DRAIN=10m")
	c := p.alice(t).Invite(p.number("echo"))
	c.WantFinal(200)
	p.interrupt(t)
	defer c.Media().Tone(440)()
	c.Media().WantTone(440, hearing)
	c.Bye()
	p.wantEnd(t, 0)
}

// TestKilledSwitch kills the process while calls are up: what was talking and what was ringing has a record that says so after the next start.
func TestKilledSwitch(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	bob := p.phone(t, p.client(1))
	bob.Register(300)
	a := p.alice(t).Invite("bob")
	b := bob.WantCall()
	b.Answer()
	a.WantFinal(200)
	p.alice(t).Invite("bob")
	bob.WantCall().Ring()
	eventually(t, "all four calls are listed", func() error {
		if n := len(p.calls("Status=ringing")); n != 2 {
			return fmt.Errorf("%d ring", n)
		}
		if n := len(p.calls("Status=in-progress")); n != 2 {
			return fmt.Errorf("%d are in progress", n)
		}
		return nil
	})
	before := p.calls("")
	p.onDisk(t, "SELECT count(*) FROM calls WHERE ended = 0", 4)
	p.kill()
	p = p.again()
	for i, c := range p.calls("") {
		if c.SID != before[i].SID || c.Status != "failed" || c.End == "" {
			t.Errorf("the record is %+v, it was %+v; want it failed and ended", c, before[i])
		}
	}
	p.onDisk(t, "SELECT count(*) FROM calls WHERE cause LIKE 'The switch died%'", 4)
	p.works(t)
}
