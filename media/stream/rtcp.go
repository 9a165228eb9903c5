package stream

import (
	"encoding/binary"
	"net/netip"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/relay"
)

func (s *Stream) ctrlSocket() engine.Socket { return engine.Socket(s.pair.RTCP) }

// receiveControl reads one packet of the RTCP socket.
func (s *Stream) receiveControl() {
	var from engine.Address
	b := s.w.Buffer[:]
	n, e := s.ctrlSocket().ReceiveFrom(b, &from)
	if e != 0 {
		return
	}
	b = b[:n]
	if !relay.Valid(b) {
		s.drop(media.DropMalformed)
		return
	}
	source := from.AddrPort()
	if source != s.ctrlFrom && !s.controlMoved(b, source) {
		s.drop(media.DropStranger)
		return
	}
	s.control(b)
}

// controlMoved learns where RTCP comes from behind a NAT: from the address that
// RTP was found at, in the name of RTP's SSRC.
func (s *Stream) controlMoved(b []byte, source netip.AddrPort) bool {
	if !s.latch.locked || source.Addr() != s.latch.source.Addr() ||
		!s.in.any || binary.BigEndian.Uint32(b[4:]) != s.in.ssrc {
		return false
	}
	s.ctrlFrom, s.toCtrl = source, engine.AddressOf(source)
	return true
}

// muxed takes RTCP from a shared port that is not connected yet. It fixes no source.
func (s *Stream) muxed(b []byte, source netip.AddrPort) {
	l := &s.latch
	if source != l.named && (source != l.source || !l.source.IsValid()) || !l.named.IsValid() {
		s.drop(media.DropStranger)
		return
	}
	s.control(b)
}

// control forwards the party's reports to its peer, in the names the peer knows.
func (s *Stream) control(b []byte) {
	if !relay.Valid(b) {
		s.drop(media.DropMalformed)
		return
	}
	s.w.Count.ReceivedRTCP++
	p := s.peer
	if p == nil {
		return
	}
	r := relay.Reports{
		Out: p.out.SSRC, Timestamp: s.path.Offset(), Mapped: s.path.On() && s.open,
		About: s.out.SSRC, Peer: p.in.ssrc, Sequence: p.path.Shift(), Highest: p.in.highest(),
		PeerMapped: p.path.On() && p.open, CanonicalName: s.opener.name,
	}
	if s.in.any {
		r.Source = s.in.ssrc
	}
	if made := r.Rewrite(s.w.Scratch[:0], b); len(made) > 0 {
		p.sendControl(made)
	}
}
