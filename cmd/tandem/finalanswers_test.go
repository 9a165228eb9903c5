package main

import (
	"testing"

	"tandem/switch/sipua/siptest"
)

// TestFinalAnswers is a plain call that the callee's phone refuses: what it says of the callee reaches the caller, what it says
// of the switch's own request does not (RFC 7092, RFC 3261 §16.7).
func TestFinalAnswers(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	phone := func(n int) *siptest.Phone {
		c := p.client(n)
		return siptest.New(t, siptest.Options{Server: p.sip(), Login: c.Login, Password: c.Password})
	}
	alice, bob := phone(0), phone(1)
	bob.Register(300)
	for _, c := range []struct {
		callee, caller int
		why            string
	}{
		{486, 486, "busy"},
		{480, 480, "unavailable"},
		{603, 603, "declined"},
		{600, 600, "busy everywhere"},
		{606, 606, "not acceptable anywhere"},
		{404, 404, "unknown"},
		{410, 410, "gone"},
		{408, 408, "no answer in time"},
		{488, 488, "no codec in common"},
		{415, 488, "its way of saying that it cannot take the body"},
		{487, 480, "ended, though nobody had cancelled"},
		{503, 500, "it is overloaded, the switch is not"},
		{500, 500, "its own trouble"},
		{401, 403, "the challenge was for the switch"},
		{407, 403, "the challenge was for the switch"},
		{481, 480, "a transaction of the switch's"},
		{302, 480, "a redirection nobody follows"},
	} {
		out := alice.Invite(p.client(1).Login)
		bob.WantCall().Refuse(c.callee)
		if m := out.Final(); m.Code() != c.caller {
			t.Errorf("the callee said %d (%s): the caller heard %d, want %d", c.callee, c.why, m.Code(), c.caller)
		}
	}
}
