package stream

import (
	"errors"
	"net/netip"

	"tandem/media/offer"
	"tandem/media/ports"
)

// Cable opens two streams that are each other's party: what one sends, the
// other receives. They are bound to a loopback address where the engine's
// addresses allow it. Both are silent until Connect; both must be closed. The
// error is that of Open.
func (o *Opener) Cable() (a, b *Stream, err error) {
	var at netip.Addr
	for _, at = range []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback(), {}} {
		if a, err = o.Open(Options{Local: at}); err == nil || errors.Is(err, ports.ErrExhausted) {
			break
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if b, err = o.Open(Options{Local: at, Beside: a}); err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

// Connect has the ends of a cable send each other formats, under the numbers that these have.
func Connect(a, b *Stream, formats []offer.Format) {
	pairs := make([]offer.Pair, len(formats))
	for i, f := range formats {
		pairs[i] = offer.Pair{Format: f, Send: f.PayloadType, Receive: f.PayloadType}
	}
	for _, end := range [2][2]*Stream{{a, b}, {b, a}} {
		to := end[1].pair.Local() // not s.local, which may be the address outside a NAT
		end[0].Apply(Params{
			Remote: to, RemoteRTCP: netip.AddrPortFrom(to.Addr(), to.Port()+1), Signalling: to.Addr(),
			Formats: pairs, Early: true, // nobody promised to speak: silence is no fault
		})
	}
}
