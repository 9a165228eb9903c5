package stream

import (
	"net/netip"
	"slices"
	"time"

	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/relay"
)

// Params is what an offer and its answer have agreed on.
type Params struct {
	Remote     netip.AddrPort  // where the SDP says the party listens; zero or port 0: nowhere
	RemoteRTCP netip.AddrPort  // zero: the port above Remote's
	Mux        bool            // RTP and RTCP share a port (RFC 5761)
	Private    bool            // the SDP named a private address
	Signalling netip.Addr      // the IP the party signals from; zero: as in Options
	Formats    []offer.Pair    // offer.Agreed's; kept, not copied
	Direction  offer.Direction // ours: what we send and want
	Ptime      time.Duration   // of packets we make; 0: 20 ms
	Early      bool            // before the 2xx: silence is no fault yet
}

// Apply puts an agreement into force: where to send, what to expect, in which direction.
func (s *Stream) Apply(p Params) {
	p.Remote = netip.AddrPortFrom(p.Remote.Addr().Unmap(), p.Remote.Port())
	p.RemoteRTCP = netip.AddrPortFrom(p.RemoteRTCP.Addr().Unmap(), p.RemoteRTCP.Port())
	p.Signalling = p.Signalling.Unmap()
	s.mu.Lock()
	prompt := s.prompt
	s.mu.Unlock()
	again := speech(prompt, p.Formats) // what plays goes on in the new encoding
	s.mu.Lock()
	if s.gone {
		s.mu.Unlock()
		return
	}
	if s.prompt != prompt { // Play came in between; it does not happen twice
		again = speech(s.prompt, p.Formats)
	}
	s.agreed = p.Formats
	w := s.home
	w.Post(s, func() { s.apply(&p, again) })
	s.mu.Unlock()
	w.Wake()
}

func (s *Stream) apply(p *Params, again *voice) {
	if s.closed {
		return
	}
	s.aim(p)
	if p.Mux && !s.mux {
		s.w.Forget(engine.Socket(s.pair.RTCP), s.ctrl)
		s.pair.CloseRTCP()
	}
	s.mux = s.mux || p.Mux // a port once given up does not come back
	s.formats = p.Formats
	s.deaf, s.dumb = !p.Direction.Receives(), !p.Direction.Sends()
	s.ptime = p.Ptime
	if s.ptime < 10*time.Millisecond || s.ptime > 200*time.Millisecond {
		s.ptime = 20 * time.Millisecond
	}
	s.in.hz = 8000
	s.keyTypes = [2]uint64{}
	for _, f := range slices.Backward(p.Formats) {
		if f.Event() {
			s.keyTypes[f.Receive>>6&1] |= 1 << (f.Receive & 63)
		} else if sound(f) && f.ClockRate > 0 {
			s.in.hz = uint32(f.ClockRate) // the first one's, in the end
		}
	}
	s.out.SetClock(int(s.in.hz))
	s.revoice(again)
	s.translate()
	if s.peer != nil {
		s.peer.translate()
	}
	s.early = p.Early
	s.observe()
}

// aim points the stream at the address the SDP names and opens the question of the source again.
func (s *Stream) aim(p *Params) {
	named := s.latch.named
	if p.Remote.Port() == 0 || !p.Remote.IsValid() {
		p.Remote = netip.AddrPort{}
	}
	s.latch.agree(p.Remote, p.Signalling, p.Private)
	s.other.fresh = true
	if s.connected {
		s.rtp.Disconnect()
		s.connected = false
	}
	// An unspecified address is the old way to say hold (RFC 3264 §8.4): nothing is sent there.
	switch usable := p.Remote.IsValid() && !p.Remote.Addr().IsUnspecified() && s.sameFamily(p.Remote.Addr()); {
	case !usable:
		s.to, s.toCtrl, s.ctrlFrom = engine.Address{}, engine.Address{}, netip.AddrPort{}
		return
	case p.Remote == named && s.latch.source.IsValid():
		// The party refreshed what was agreed: it is still where it was found.
	default:
		s.to = engine.AddressOf(p.Remote)
	}
	s.ctrlFrom = p.RemoteRTCP
	if !s.ctrlFrom.IsValid() || s.ctrlFrom.Port() == 0 || !s.sameFamily(s.ctrlFrom.Addr()) {
		s.ctrlFrom = netip.AddrPortFrom(p.Remote.Addr(), p.Remote.Port()+1)
	}
	s.toCtrl = engine.AddressOf(s.ctrlFrom)
}

func (s *Stream) sameFamily(a netip.Addr) bool { return a.Is4() == s.pair.Local().Addr().Is4() }

// translate makes the table of payload types after either side's formats changed.
func (s *Stream) translate() {
	var to []offer.Pair
	if s.peer != nil {
		to = s.peer.formats
	}
	s.table = relay.NewTable(s.formats, to)
	s.kind = noKind
	s.decide()
}
