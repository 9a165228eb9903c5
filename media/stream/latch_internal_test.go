package stream

import (
	"net/netip"
	"testing"
)

// step is one packet and what the latch says to it.
type step struct {
	from string
	ssrc uint32
	want bool
}

func repeat(n int, s step) []step {
	var l []step
	for range n {
		l = append(l, s)
	}
	return l
}

func TestLatch(t *testing.T) {
	const (
		sdp    = "192.0.2.1:4000"
		nat    = "198.51.100.7:9000" // the address the party signals from
		nat2   = "198.51.100.7:9002"
		other  = "203.0.113.5:6666"
		other2 = "203.0.113.6:6666"
	)
	join := func(l ...[]step) (all []step) {
		for _, s := range l {
			all = append(all, s...)
		}
		return all
	}
	one := func(from string, ssrc uint32, want bool) []step { return []step{{from, ssrc, want}} }
	for name, c := range map[string]struct {
		private bool
		steps   []step
		locked  string
	}{
		"the SDP's address at once":        {false, one(sdp, 1, true), sdp},
		"a stranger never":                 {false, repeat(20, step{other, 1, false}), ""},
		"a stranger, then the SDP's":       {false, join(repeat(9, step{other, 1, false}), one(sdp, 2, true)), sdp},
		"signalling address, third packet": {false, join(repeat(2, step{nat, 1, false}), one(nat, 1, true)), nat},
		"locked to the port":               {false, join(one(sdp, 1, true), one("192.0.2.1:4002", 1, false), one(sdp, 1, true)), sdp},
		"locked, others stay out":          {false, join(repeat(2, step{nat, 1, false}), one(nat, 1, true), one(nat2, 1, false), one(sdp, 1, false)), nat},
		"the SDP's while learning":         {false, join(repeat(2, step{nat, 1, false}), one(sdp, 1, true), one(nat, 1, false)), sdp},
		"three of five": {
			false, join(one(nat, 1, false), one(nat2, 2, false), one(nat, 1, false), one(nat2, 2, false), one(nat, 1, true)), nat,
		},
		"no more than five": {
			false, join(one(nat, 1, false), one(nat, 2, false), one(nat, 3, false), one(nat, 1, false), one(nat, 2, false), repeat(9, step{nat, 1, false})), "",
		},
		"strangers do not use up the five": {false, join(repeat(50, step{other, 9, false}), repeat(2, step{nat, 1, false}), one(nat, 1, true)), nat},
		"private SDP, any address":         {true, join(repeat(2, step{other, 1, false}), one(other, 1, true)), other},
		"private SDP, a quarrel":           {true, join(one(other, 1, false), one(other2, 1, false), one(other, 1, false), one(other2, 1, false), one(other2, 1, true)), other2},
		"another SSRC is another source":   {true, join(one(other, 1, false), one(other, 2, false), one(other, 1, false), one(other, 1, true)), other},
	} {
		t.Run(name, func(t *testing.T) {
			var l latch
			if l.accept(netip.MustParseAddrPort(sdp), 1) {
				t.Error("accepted a packet before anything was agreed")
			}
			l.agree(netip.MustParseAddrPort(sdp), netip.MustParseAddrPort(nat).Addr(), c.private)
			for i, s := range c.steps {
				if got := l.accept(netip.MustParseAddrPort(s.from), s.ssrc); got != s.want {
					t.Errorf("packet %d from %s: got %v, want %v", i, s.from, got, s.want)
				}
			}
			if l.locked != (c.locked != "") || l.locked && l.source.String() != c.locked {
				t.Errorf("got source %s (locked %v), want %q", l.source, l.locked, c.locked)
			}
		})
	}
}

func TestLatchAfterNewAgreement(t *testing.T) {
	ap := netip.MustParseAddrPort
	sdp, nat := ap("10.0.0.5:4000"), ap("198.51.100.7:9000")
	fixed := func() *latch {
		l := &latch{}
		l.agree(sdp, nat.Addr(), true)
		for range votes {
			l.accept(nat, 1)
		}
		if !l.locked {
			t.Fatal("not locked")
		}
		return l
	}
	t.Run("same address: the source so far is good at once", func(t *testing.T) {
		l := fixed()
		l.agree(sdp, nat.Addr(), true)
		if l.locked || !l.accept(nat, 7) {
			t.Errorf("got locked %v and a refusal, want an open question and the old source accepted", l.locked)
		}
	})
	t.Run("same address: a new port can be learned", func(t *testing.T) {
		l, moved := fixed(), ap("198.51.100.7:9999")
		l.agree(sdp, nat.Addr(), true)
		for i := range votes {
			if got, want := l.accept(moved, 1), i == votes-1; got != want {
				t.Errorf("packet %d from the new port: got %v, want %v", i, got, want)
			}
		}
	})
	t.Run("another address: the old source is a stranger", func(t *testing.T) {
		l := fixed()
		l.agree(ap("192.0.2.9:5000"), netip.Addr{}, false)
		if l.accept(ap("203.0.113.1:1"), 1) || l.accept(nat, 1) {
			t.Error("accepted a packet that nothing speaks for")
		}
		if !l.accept(ap("192.0.2.9:5000"), 1) {
			t.Error("refused the SDP's address")
		}
	})
}
