package stream

import (
	"crypto/rand"
	"fmt"
	"net/netip"

	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/relay"
)

// Opener opens streams on an engine.
type Opener struct {
	engine *engine.Engine
	name   string // the CNAME all our RTCP carries: random, it names the process and nobody else
}

// New makes an opener of streams on e.
func New(e *engine.Engine) *Opener { return &Opener{engine: e, name: rand.Text()} }

// Options says where a stream is to be.
type Options struct {
	Beside     *Stream    // the stream it will be bridged with: same worker; nil for none
	Local      netip.Addr // the address to bind; zero: the first that is configured
	Signalling netip.Addr // the IP the party signals from, for learning its source behind a NAT
}

// Open binds a pair of ports and returns a silent stream on them. The error is
// ports.ErrExhausted when none is free, or the kernel's. Close gives the ports back.
func (o *Opener) Open(opt Options) (*Stream, error) {
	pair, err := o.engine.Ports.Pair(opt.Local)
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	s := &Stream{opener: o, pair: pair}
	s.rtp, s.out, s.kind = engine.Socket(pair.RTP), relay.NewOut(), noKind
	s.table = relay.NewTable(nil, nil)
	s.latch.signalling = opt.Signalling.Unmap()
	at := pair.Local()
	s.local = netip.AddrPortFrom(o.engine.Advertised(at.Addr()), at.Port())
	if opt.Beside != nil {
		s.home = opt.Beside.worker()
		o.engine.Shift(nil, s.home)
	} else {
		s.home = o.engine.Assign()
	}
	w := s.home
	s.do(func() { s.attach(w) })
	return s, nil
}

// sound reports whether a format is speech and not keys or noise.
func sound(f offer.Pair) bool { return !f.Event() && !f.Noise() }
