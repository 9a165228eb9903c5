package stream

import (
	"net/netip"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/relay"
)

// Roles of a stream's sockets on its worker.
const (
	roleRTP uint8 = iota
	roleRTCP
)

// Receive is called by the worker when a socket has a packet; it reads one.
func (s *Stream) Receive(role uint8) {
	if role == roleRTCP {
		s.receiveControl()
		return
	}
	if !s.connected {
		s.receiveFrom()
		return
	}
	w := s.w
	b := w.Buffer[:]
	n, e := s.rtp.Receive(b)
	if e != 0 {
		return // most often ECONNREFUSED: the party closed its port before its BYE was here
	}
	b = b[:n]
	if n < relay.HeaderSize || b[0] != 0x80 || b[1] != s.kind || !s.in.follows(b) {
		s.packet(b)
		return
	}
	// The next packet of a stream that flows, as nearly all are: what packet and
	// audio would do, in few instructions. kind is set only while all is open.
	s.in.arrived(relay.Timestamp(b), w.Now())
	s.received++
	s.receivedBytes += uint64(n - relay.HeaderSize)
	s.good++
	w.Count.Received++
	s.forward(b, s.kindTo, n-relay.HeaderSize)
}

// receiveFrom reads from a socket that is open to everybody. Once the source is
// fixed it empties the socket: what is left in it came before the kernel knew whom to drop.
func (s *Stream) receiveFrom() {
	var from engine.Address
	for fixed := false; ; {
		b := s.w.Buffer[:]
		n, e := s.rtp.ReceiveFrom(b, &from)
		if e != 0 {
			return
		}
		b = b[:n]
		switch source := from.AddrPort(); {
		case relay.Control(b):
			s.muxed(b, source)
		case n < relay.HeaderSize || b[0]>>6 != 2:
			s.drop(media.DropMalformed)
		default:
			fixed = s.from(b, source) || fixed
		}
		if !fixed || s.closed {
			return
		}
	}
}

// from takes an RTP packet of an open socket; it reports whether that fixed the source.
func (s *Stream) from(b []byte, source netip.AddrPort) bool {
	was := s.latch.locked
	if !s.latch.accept(source, relay.SSRC(b)) {
		s.health.strangers++
		s.drop(media.DropStranger)
		return false
	}
	if !was {
		s.to = engine.AddressOf(source)
		s.connected = s.rtp.Connect(&s.to) == 0
		s.decide()
	}
	s.audio(b)
	s.other.fresh = false
	return !was
}

// packet takes what came to a connected socket.
func (s *Stream) packet(b []byte) {
	if relay.Control(b) {
		s.control(b)
		return
	}
	s.audio(b)
}

// audio takes an RTP packet of the party: checks, counts, looks for keys, forwards.
func (s *Stream) audio(b []byte) {
	start, end, ok := relay.Payload(b)
	if !ok {
		s.drop(media.DropMalformed)
		return
	}
	if !s.believe(relay.SSRC(b), relay.Sequence(b)) {
		s.drop(media.DropSSRC)
		return
	}
	s.received++
	s.receivedBytes += uint64(end - start)
	s.w.Count.Received++
	if s.deaf {
		s.drop(media.DropHeld)
		return
	}
	kind := relay.PayloadType(b)
	to := s.table[kind]
	key := s.keyTypes[kind>>6]>>(kind&63)&1 != 0
	switch {
	case key:
		s.key(b[start:end], relay.Timestamp(b))
	case to == relay.Unknown:
		s.health.foreign++
		s.drop(media.DropPayload)
		return
	default:
		s.in.arrived(relay.Timestamp(b), s.w.Now())
	}
	s.good++
	if !s.open && (s.blocked != media.DropMuted || !key) {
		s.drop(s.blocked)
		return
	}
	if to == relay.Unwanted {
		s.drop(media.DropPayload)
		return
	}
	if s.open && !key {
		s.kind, s.kindTo = kind, to
	}
	s.forward(b, to, end-start)
}

// forward sends a checked packet to the peer as payload type to; size is its payload's, in bytes.
func (s *Stream) forward(b []byte, to uint8, size int) {
	p := s.peer
	if !s.path.Rewrite(b, to, &p.out, s.w.Now()) {
		s.drop(media.DropSSRC)
		return
	}
	p.send(b, size)
}

func (s *Stream) key(payload []byte, timestamp uint32) {
	if key, ok := s.keys.Packet(payload, timestamp); ok {
		s.w.Count.Digits++
		s.tell(Event{Kind: Digit, Digit: key})
	}
}
