package sipua_test

import (
	"testing"
	"time"

	"tandem/switch/call"
	"tandem/switch/sipua"
)

// A party that vanished without a BYE is asked once no RTP has come for keep_alive; here five minutes.
func TestPartyVanishes(t *testing.T) {
	for _, tt := range []struct {
		name string
		code int // of its answer to OPTIONS; 0: none
		ends bool
	}{
		{"there", 200, false},
		{"on hold and knows no OPTIONS", 405, false},
		{"wants a password", 401, false},
		{"silent", 0, true},
		{"started anew", 481, true},
		{"its proxy lost it", 408, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				bob := r.phone()
				l, _, _ := bob.taken()
				time.Sleep(4*time.Minute + 59*time.Second)
				bob.wantNone()
				r.media.last().received.Store(1)
				time.Sleep(5 * time.Minute) // packets came: heard
				bob.wantNone()
				time.Sleep(2 * time.Second)
				ping := bob.want("OPTIONS sip:bob@")
				if tt.code != 0 {
					bob.send(reply(ping, tt.code, "", nil, ""))
				} else {
					time.Sleep(33 * time.Second)
				}
				if !tt.ends {
					r.noEvent(l)
					time.Sleep(5*time.Minute + time.Second)
					for m := bob.want("OPTIONS "); m != ""; m = bob.get(0) {
						bob.send(reply(m, tt.code, "", nil, ""))
					}
					l.Hangup(call.CauseNormal)
					bob.want("BYE ")
					return
				}
				if e := r.ended(l); e.Cause.By != call.ByFailure || e.Cause.Code != 408 {
					t.Errorf("got %+v", e)
				}
				for m := bob.get(0); m != ""; m = bob.get(0) {
					if m[:4] == "BYE " {
						return
					}
				}
				t.Error("got no BYE")
			})
		})
	}
}

func TestKeepAliveCanBeOff(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		_, _, l := alice.up("off")
		time.Sleep(time.Hour)
		alice.wantNone()
		r.noEvent(l)
	}, func(c *sipua.Config, _ *sipua.Deps) { c.KeepAlive = 0 })
}
