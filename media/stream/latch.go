package stream

import "net/netip"

// At most looks packets from elsewhere are looked at, and votes of them must agree.
const (
	looks = 5
	votes = 3
)

// latch decides whom a stream listens to; the rules are in the package comment. It is plain logic, without sockets.
type latch struct {
	named      netip.AddrPort // by the SDP; the zero value before there is one
	signalling netip.Addr
	private    bool           // the SDP named an address that cannot be reached from here
	locked     bool           // source is fixed
	source     netip.AddrPort // or, when not locked, the source before the last agreement, if it still counts
	learned    *learning
}

// learning is what was seen from elsewhere; it exists only while there is something to learn.
type learning struct {
	seen [looks]candidate
	n    int
}

type candidate struct {
	from netip.AddrPort
	ssrc uint32
}

// agree opens the question anew after an offer and answer.
func (l *latch) agree(named netip.AddrPort, signalling netip.Addr, private bool) {
	if named != l.named {
		l.source = netip.AddrPort{}
	}
	if signalling.IsValid() {
		l.signalling = signalling
	}
	l.named, l.private = named, private
	l.locked, l.learned = false, nil
}

// accept reports whether a packet comes from the party; it may fix the source, and then locked turns true.
func (l *latch) accept(from netip.AddrPort, ssrc uint32) bool {
	if l.locked {
		return from == l.source
	}
	if !l.named.IsValid() {
		return false // nothing was agreed yet
	}
	if from == l.named || from == l.source || l.elected(candidate{from, ssrc}) {
		l.locked, l.source, l.learned = true, from, nil
	}
	return l.locked
}

// elected looks at a packet from elsewhere.
func (l *latch) elected(c candidate) bool {
	if c.from.Addr() != l.signalling && !l.private {
		return false
	}
	if l.learned == nil {
		l.learned = new(learning)
	}
	g := l.learned
	if g.n == looks {
		return false
	}
	g.seen[g.n] = c
	g.n++
	same := 0
	for _, o := range g.seen[:g.n] {
		if o == c {
			same++
		}
	}
	return same >= votes
}
