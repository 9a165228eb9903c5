package sipua_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/registrar"
	"tandem/switch/sipua"
)

// RFC 3261 §13.3.1.1: a call that rings for long says so every minute, or proxies on the way give it up after three.
func TestRingsForLong(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("long")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		if err := l.Ring(context.Background()); err != nil {
			t.Fatal(err)
		}
		ringing := alice.want("SIP/2.0 180")
		for range 4 {
			time.Sleep(time.Minute)
			if again := alice.want("SIP/2.0 180"); again != ringing {
				t.Errorf("got %s", again)
			}
		}
		l.Hangup(call.CauseNormal)
		alice.want("SIP/2.0 480")
		alice.send(q.within(ringing, "ACK", 1).String())
		time.Sleep(3 * time.Minute)
		for m := alice.get(0); m != ""; m = alice.get(0) {
			if !strings.HasPrefix(m, "SIP/2.0 480") {
				t.Errorf("got %s", m)
			}
		}
	})
}

// A phone that has changed networks re-INVITEs from its new address: later requests go there.
func TestPhoneMoves(t *testing.T) {
	bubble(t, func(r *rig) {
		alice, moved := r.phone(), r.phoneAt("127.0.0.2")
		q, ok, l := alice.up("moves")
		re := q.reinvite(ok, 2, "sendrecv")
		re.via, re.contact = moved.addr.String(), "<sip:alice@"+moved.addr.String()+">"
		moved.send(re.String())
		answer := moved.want("SIP/2.0 200")
		moved.send(q.within(answer, "ACK", 2).String())
		if got := r.media.last().source(); got != moved.addr.Addr() {
			t.Errorf("audio is expected from %v, want %v", got, moved.addr.Addr())
		}
		l.Hangup(call.CauseNormal)
		moved.want("BYE ")
	})
}

// Two parties that hear each other keep the codec they share, whatever one of them would like better.
func TestCodecOfABridgeStays(t *testing.T) {
	bubble(t, func(r *rig) {
		alice, bob := r.phone(), r.phone()
		q, ok, a := alice.up("codec")
		b, _, _ := bob.taken()
		if err := a.Media().Bridge(b.Media()); err != nil {
			t.Fatal(err)
		}
		pcmu := func(cseq int) string {
			re := q.reinvite(ok, cseq, "sendrecv")
			re.body = strings.Replace(re.body, "8 0 101", "0 101", 1)
			return re.String()
		}
		alice.send(pcmu(2))
		no := alice.want("SIP/2.0 488")
		alice.send(q.within(no, "ACK", 2).String())
		if agreed, _ := r.media.streams[0].agreement(); agreed.Formats[0].Name != "PCMA" {
			t.Errorf("got %+v", agreed.Formats)
		}
		b.Media().Close()
		alice.send(pcmu(3))
		alice.want("SIP/2.0 200")
	})
}

// moving is a registrar that knows one binding.
type moving struct{ b *registrar.Binding }

func (moving) Register(time.Time, registrar.Request) (registrar.Answer, error) {
	return registrar.Answer{}, nil
}
func (m moving) Contacts(string) []registrar.Binding { return []registrar.Binding{*m.b} }
func (moving) FlowClosed(uint64)                     {}

// A NAT that gave a phone another port during a call: the phone's next REGISTER says so, and the BYE that nobody
// answered goes there.
func TestClientIsReboundByItsNAT(t *testing.T) {
	b := &registrar.Binding{Contact: "sip:bob@192.168.77.1:5062"}
	bubble(t, func(r *rig) {
		before, after := r.phone(), r.phone()
		b.Path = call.Path{Source: "udp:" + before.addr.String(), Local: "udp:" + r.local.String()}
		l, m := before.place(func(o *call.Outgoing) { o.To, o.User, o.Path = b.Contact, "bob", b.Path })
		before.send(reply(m, 200, "bob", []string{"Contact: <" + b.Contact + ">"}, sdp("")))
		before.want("ACK ")
		r.event(l, call.Answered)
		b.Path.Source = "udp:" + after.addr.String()
		l.Hangup(call.CauseNormal)
		before.want("BYE ")
		time.Sleep(33 * time.Second)
		for m := after.want("BYE " + b.Contact); m != ""; m = after.get(0) {
			after.send(reply(m, 200, "", nil, ""))
		}
		time.Sleep(33 * time.Second)
		after.wantNone()
	}, func(_ *sipua.Config, d *sipua.Deps) { d.Registrar = moving{b} })
}

// A re-INVITE that gets nothing but provisional answers is taken back in the end, or the party could never offer again.
func TestReinviteIsNeverAnswered(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("stuck")
		held := later(func() error { return l.Reinvite(r.t.Context(), offer.SendOnly) })
		m := alice.want("INVITE ")
		alice.send(reply(m, 180, "", nil, ""))
		time.Sleep(34 * time.Second)
		cancel := alice.want("CANCEL ")
		wantHeader(t, cancel, "Via", header(m, "Via"))
		for alice.get(0) != "" { // retransmissions
		}
		if refused, is := errors.AsType[*call.Refusal](<-held); !is || refused.Code != 408 {
			t.Errorf("got %v", refused)
		}
		alice.send(reply(cancel, 200, "", nil, ""))
		alice.send(reply(m, 487, "", nil, ""))
		alice.want("ACK ")
		alice.send(q.reinvite(ok, 2, "sendrecv").String())
		alice.want("SIP/2.0 200")
		r.noEvent(l)
	})
}
