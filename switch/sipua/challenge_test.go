package sipua_test

import (
	"context"
	"errors"
	"testing"

	"tandem/switch/call"
)

const challenge = `WWW-Authenticate: Digest realm="far", nonce="n", algorithm=MD5, qop="auth"`

// upWithPassword brings a call up that was placed with credentials nobody has asked for yet.
func (p *phone) upWithPassword() call.Leg {
	p.r.t.Helper()
	l, m := p.place(func(o *call.Outgoing) { o.Username, o.Password = "us", "secret" })
	p.send(reply(m, 200, "bob", []string{p.contact()}, sdp("")))
	p.want("ACK ")
	p.r.event(l, call.Answered)
	return l
}

// A challenge to a request within the dialog is answered once; the leg ends whatever becomes of its BYE.
func TestByeIsChallenged(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l := bob.upWithPassword()
		l.Hangup(call.CauseNormal)
		r.ended(l)
		bye := bob.want("BYE ")
		bob.send(reply(bye, 401, "", []string{challenge}, ""))
		again := bob.want("BYE ")
		wantHeader(t, again, "CSeq", "3 BYE")
		wantHeader(t, again, "Reason", header(bye, "Reason"))
		if header(again, "Authorization") == "" || header(again, "Via") == header(bye, "Via") {
			t.Errorf("got %s", again)
		}
		bob.send(reply(again, 401, "", []string{challenge}, ""))
		bob.wantNone()
		if n := r.counters()[`tandem_sip_held{shard="0",what="dialog"}`] + r.counters()[`tandem_sip_held{shard="1",what="dialog"}`]; n != 0 {
			t.Errorf("%v dialogs are left", n)
		}
	})
}

func TestByeIsChallengedWithoutPassword(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, _, _ := bob.taken()
		l.Hangup(call.CauseNormal)
		r.ended(l)
		bob.send(reply(bob.want("BYE "), 407, "", []string{"Proxy-" + challenge[4:]}, ""))
		bob.wantNone()
	})
}

func TestInfoIsChallenged(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l := bob.upWithPassword()
		sent := later(func() error { return l.Info(context.Background(), "text/plain", []byte("hello")) })
		bob.send(reply(bob.want("INFO "), 401, "", []string{challenge}, ""))
		again := bob.want("INFO ")
		if header(again, "Authorization") == "" || bodyOf(again) != "hello" {
			t.Errorf("got %s", again)
		}
		bob.send(reply(again, 200, "", nil, ""))
		if err := <-sent; err != nil {
			t.Error(err)
		}
		sent = later(func() error { return l.Info(context.Background(), "text/plain", []byte("hello")) })
		bob.send(reply(bob.want("INFO "), 401, "", []string{challenge}, ""))
		bob.send(reply(bob.want("INFO "), 401, "", []string{challenge}, ""))
		if refused, ok := errors.AsType[*call.Refusal](<-sent); !ok || refused.Code != 401 {
			t.Errorf("got %v", refused)
		}
	})
}
