package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tandem/switch/sipua/siptest"
)

// TestRegistrationsSurviveARestart stops the switch, starts it again on the same state, and calls a phone that did not register anew.
func TestRegistrationsSurviveARestart(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	bob := p.phone(t, p.client(1))
	bob.Register(300)
	if code := p.terminate(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	p = p.again()
	a := p.alice(t).Invite("bob")
	b := bob.WantCall()
	b.Answer()
	a.WantFinal(200)
	wantTalk(a, b)
	p.kill() // a crash: what was registered is on disk already
	p = p.again()
	a = p.alice(t).Invite("bob")
	b = bob.WantCall()
	b.Busy()
	a.WantFinal(486)
	bob.Unregister()
	p.terminate()
	p = p.again()
	p.alice(t).Invite("bob").WantFinal(480)
}

func TestRegistrar(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	bindings := func(t *testing.T, want float64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%v bindings are kept", want), func() error {
			if n := p.metric("tandem_registrar_bindings"); n != want {
				return fmt.Errorf("%v are", n)
			}
			return nil
		})
	}
	t.Run("a stranger learns nothing", func(t *testing.T) {
		wrong, unknown := p.client(0), seededClient{Login: "nobody", Password: "guess"}
		wrong.Password = "guess"
		one, two := refusal(t, p, wrong), refusal(t, p, unknown)
		if one != two {
			t.Errorf("a wrong password hears\n%s\nan unknown user\n%s", one, two)
		}
	})
	t.Run("too short", func(t *testing.T) {
		m := p.phone(t, p.client(1)).TryRegister(10)
		if m.Code() != 423 || m.Header("Min-Expires") != "60" {
			t.Errorf("got %d with Min-Expires %q, want 423 with 60", m.Code(), m.Header("Min-Expires"))
		}
		bindings(t, 0)
	})
	t.Run("several contacts, and * for all", func(t *testing.T) {
		one, two := p.phone(t, p.client(1)), p.phone(t, p.client(1))
		one.Register(300)
		if all := two.Register(300).Headers("Contact"); len(all) != 2 {
			t.Errorf("the answer lists %v, want both contacts", all)
		}
		a := p.alice(t).Invite("bob")
		b, c := one.WantCall(), two.WantCall()
		b.Ring()
		c.Ring()
		c.Answer()
		a.WantFinal(200)
		b.WantCancel()
		if r := b.Reason(); !strings.Contains(r, "Call completed elsewhere") {
			t.Errorf("the Reason of the CANCEL is %q", r)
		}
		wantTalk(a, c)
		a.Bye()
		c.WantBye()
		if all := one.Register(0, "Contact: *").Headers("Contact"); len(all) != 0 {
			t.Errorf("the answer lists %v, want none", all)
		}
		bindings(t, 0)
		p.alice(t).Invite("bob").WantFinal(480)
	})
	t.Run("TCP", func(t *testing.T) {
		bob := p.phone(t, p.client(1), overTCP)
		bob.Register(300)
		a := p.phone(t, p.client(0), overTCP).Invite("bob")
		b := bob.WantCall() // over the only connection it has
		b.Answer()
		a.WantFinal(200)
		wantTalk(a, b)
		a.Bye()
		b.WantBye()
		bob.Close()
		bindings(t, 0)
		p.alice(t).Invite("bob").WantFinal(480)
	})
	t.Run("one who guesses locks nobody out", func(t *testing.T) {
		guesser := p.client(1)
		guesser.Password = "guess"
		bad := p.phone(t, guesser, from("127.0.0.5"))
		var last *siptest.Message
		for range 30 {
			if last = bad.TryRegister(300); last.Code() != 401 {
				break
			}
		}
		if last.Code() != 503 || last.Header("Retry-After") == "" {
			t.Errorf("after 30 wrong passwords the answer is %d with Retry-After %q, want 503", last.Code(), last.Header("Retry-After"))
		}
		if code := p.phone(t, p.client(1), from("127.0.0.5")).TryRegister(300).Code(); code != 503 {
			t.Errorf("the right password from the same address: %d, want 503", code)
		}
		for _, addr := range []string{"127.0.0.1", "127.0.0.6"} {
			phone := p.phone(t, p.client(1), from(addr))
			phone.Register(300)
			phone.Unregister()
		}
	})
	p.works(t)
}

// secret is what differs from challenge to challenge by design.
var secret = regexp.MustCompile(`nonce="[^"]*"|tag=\S+|branch=\S+|rport=\d+|127\.0\.0\.1:\d+|Call-ID: \S+`)

// refusal is the answer to a REGISTER with credentials, without what differs by design.
func refusal(t *testing.T, p *program, c seededClient) string {
	t.Helper()
	m := p.phone(t, c).TryRegister(300)
	if m.Code() != 401 {
		t.Fatalf("got %d, want 401", m.Code())
	}
	return secret.ReplaceAllString(strings.ReplaceAll(string(m.Raw), c.Login, "login"), "…")
}
