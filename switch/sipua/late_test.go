package sipua_test

import (
	"strings"
	"testing"
	"time"

	"tandem/switch/call"
)

// What comes behind the end of a client INVITE: whoever sent a 2xx believes in a call, and one who rings rings in vain.

func TestAnswerComesTooLate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before func(r *rig, p *phone, l call.Leg, m string)
		reason string
	}{
		{"behind timer B", func(r *rig, p *phone, l call.Leg, _ string) {
			time.Sleep(11 * time.Second)
			if e := r.ended(l); e.Code != 408 {
				r.t.Errorf("got %+v", e)
			}
			for p.get(0) != "" { // retransmissions
			}
		}, `SIP;cause=408;text="Request timeout"`},
		{"behind CANCEL and 64*T1", func(r *rig, p *phone, l call.Leg, m string) {
			p.send(reply(m, 180, "bob", nil, ""))
			r.event(l, call.Ringing)
			l.Hangup(call.CauseElsewhere)
			p.send(reply(p.want("CANCEL "), 200, "bob", nil, ""))
			time.Sleep(33 * time.Second)
			r.ended(l)
		}, `SIP;cause=200;text="Call completed elsewhere"`},
		{"behind a refusal", func(r *rig, p *phone, l call.Leg, m string) {
			p.send(reply(m, 486, "other", nil, ""))
			p.want("ACK ")
			r.ended(l)
		}, `SIP;cause=408;text="Request timeout"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				bob := r.phone()
				l, m := bob.place()
				tt.before(r, bob, l, m)
				ok := reply(m, 200, "bob", []string{bob.contact()}, sdp(""))
				bob.send(ok)
				ack := bob.want("ACK sip:bob@")
				bye := bob.want("BYE sip:bob@")
				wantHeader(t, bye, "To", header(ok, "To"))
				wantHeader(t, bye, "Reason", tt.reason)
				bob.send(reply(bye, 200, "", nil, ""))
				bob.send(ok)
				if again := bob.want("ACK "); again != ack {
					t.Errorf("another ACK: %s", again)
				}
				bob.wantNone()
				time.Sleep(70 * time.Second)
				for name, n := range r.counters() {
					if strings.HasPrefix(name, "tandem_sip_held") && n != 0 {
						t.Errorf("%s is %v in the end", name, n)
					}
				}
			})
		})
	}
}

func TestRingsTooLate(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		time.Sleep(11 * time.Second)
		r.ended(l)
		for bob.get(0) != "" { // retransmissions
		}
		bob.send(reply(m, 180, "bob", nil, ""))
		cancel := bob.want("CANCEL ")
		wantHeader(t, cancel, "Via", header(m, "Via"))
		bob.send(reply(cancel, 200, "bob", nil, ""))
		bob.send(reply(m, 180, "bob", nil, ""))
		bob.wantNone() // once
	})
}
