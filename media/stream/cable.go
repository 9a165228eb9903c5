package stream

import (
	"net/netip"

	"tandem/media/offer"
)

// Cable opens two streams that are each other's party: what one sends, the
// other receives. They are bound to the loopback device where the engine's
// addresses allow it. Both are silent until Connect; both must be closed.
func (o *Opener) Cable() (a, b *Stream, err error) {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if a, err = o.Open(Options{Local: loopback}); err != nil {
		loopback = netip.Addr{}
		if a, err = o.Open(Options{}); err != nil {
			return nil, nil, err
		}
	}
	if b, err = o.Open(Options{Local: loopback, Beside: a}); err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

// Connect has the ends of a cable send each other formats, under the numbers
// that these have; early says that nobody has answered yet.
func Connect(a, b *Stream, formats []offer.Format, early bool) {
	pairs := make([]offer.Pair, len(formats))
	for i, f := range formats {
		pairs[i] = offer.Pair{Format: f, Send: f.PayloadType, Receive: f.PayloadType}
	}
	for _, end := range [2][2]*Stream{{a, b}, {b, a}} {
		to := end[1].bound
		end[0].Apply(Params{
			Remote: to, RemoteRTCP: netip.AddrPortFrom(to.Addr(), to.Port()+1), Signalling: to.Addr(),
			Formats: pairs, Early: early,
		})
	}
}
