package sipua_test

import (
	"runtime"
	"strings"
	"testing"
	"weak"

	"tandem/switch/call"
	"tandem/switch/sipua"
)

// For half a minute behind the end of a call a 2xx may come again, and another
// one for the first time. That does not hold on to the leg.
func TestEndedLegIsLetGo(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		ok, leg := upAndDown(r, bob)
		runtime.GC()
		runtime.GC()
		if leg.Value() != nil {
			t.Error("a leg that has ended is still in memory")
		}
		bob.send(ok)
		bob.want("ACK sip:bob@")
		bob.send(strings.Replace(ok, "tag=bob", "tag=fork", 1))
		bob.want("ACK sip:bob@")
		bye := bob.want("BYE sip:bob@")
		wantHeader(t, bye, "Call-ID", header(ok, "Call-ID"))
		if tagOf(header(bye, "To")) != "fork" || header(bye, "From") != header(ok, "From") {
			t.Errorf("the fork is not ended in its own dialog:\n%s", bye)
		}
	})
}

// upAndDown calls bob and ends the call. It returns bob's 2xx and the leg, which only others keep alive.
func upAndDown(r *rig, bob *phone) (string, weak.Pointer[sipua.Leg]) {
	l, m := bob.place()
	ok := reply(m, 200, "bob", []string{bob.contact()}, sdp(""))
	bob.send(ok)
	bob.want("ACK ")
	r.event(l, call.Answered)
	l.Hangup(call.CauseNormal)
	bob.send(reply(bob.want("BYE "), 200, "", nil, ""))
	r.ended(l)
	return ok, weak.Make(l.(*sipua.Leg))
}
