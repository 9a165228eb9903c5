package stream

import (
	"net/netip"
	"time"

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
	b := s.w.Buffer[:]
	n, e := s.rtp.Receive(b)
	if e != 0 {
		return // most often ECONNREFUSED: the party closed its port before its BYE was here
	}
	s.packet(b[:n])
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
	s.in.fresh = false
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
	if !s.in.next(relay.SSRC(b), relay.Sequence(b), s) {
		s.drop(media.DropSSRC)
		return
	}
	c := &s.counts
	c.receivedBytes.Add(uint64(end - start))
	received := c.received.Add(1)
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
		s.health.good++
		s.key(b[start:end], relay.Timestamp(b))
	case to == relay.Unknown:
		s.health.foreign++
		s.drop(media.DropPayload)
		return
	default:
		s.health.good++
		s.in.arrived(relay.Timestamp(b), s.w.Now(), s.hz)
		if received&15 == 0 {
			c.jitter.Store(int64(s.in.spread(s.hz)))
		}
	}
	if !s.open && (s.blocked != media.DropMuted || !key) {
		s.drop(s.blocked)
		return
	}
	if to == relay.Unwanted {
		s.drop(media.DropPayload)
		return
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

// newSource is called when another source speaks for the party.
func (s *Stream) newSource() {
	s.keys.Reset()
	s.path.Reset()
}

// incoming follows the numbers of what a party sends (RFC 3550 §A.1, §A.8).
type incoming struct {
	ssrc      uint32
	sequence  uint16 // highest
	cycles    uint16 // how often sequence wrapped
	any       bool   // something came
	fresh     bool   // after an agreement: the next SSRC is believed at once
	strange   bool   // otherSSRC and otherNext are set
	otherSSRC uint32
	otherNext uint16
	transit   uint32 // of the last packet, in timestamp units
	timed     bool   // transit is set
	jitter    uint32 // times 16
}

// Limits of RFC 3550 §A.1: what is further off is another count.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// next takes a packet's source and number; false means that it is not (yet) believed.
func (in *incoming) next(ssrc uint32, sequence uint16, s *Stream) bool {
	ahead := sequence - in.sequence
	if ssrc != in.ssrc || !in.any || ahead >= maxDropout && ahead < -maxMisorder&0xffff {
		return in.other(ssrc, sequence, s)
	}
	in.strange = false
	if ahead == 1 {
		if sequence == 0 {
			in.cycles++
		}
		in.sequence = sequence
		return true
	}
	in.gap(sequence, ahead, &s.counts)
	return true
}

// gap counts a packet that is not the next one: some before it are missing, or it is one of the missing.
func (in *incoming) gap(sequence, ahead uint16, c *counts) {
	switch {
	case ahead == 0: // a copy
	case ahead < maxDropout:
		if sequence < in.sequence {
			in.cycles++
		}
		in.sequence = sequence
		c.lost.Add(uint64(ahead - 1))
	case c.lost.Load() > 0:
		c.lost.Add(^uint64(0))
	}
}

// other is a packet of another SSRC, or far from the last number: the first one
// after an agreement is believed, else the second in a row.
func (in *incoming) other(ssrc uint32, sequence uint16, s *Stream) bool {
	if in.any && !in.fresh && (!in.strange || ssrc != in.otherSSRC || sequence-in.otherNext >= maxMisorder) {
		in.strange, in.otherSSRC, in.otherNext = true, ssrc, sequence+1
		return false
	}
	*in = incoming{ssrc: ssrc, sequence: sequence, any: true, jitter: in.jitter}
	s.newSource()
	return true
}

// arrived measures jitter (RFC 3550 §A.8).
func (in *incoming) arrived(timestamp uint32, now time.Duration, hz uint32) {
	transit := uint32(uint64(now.Microseconds())*uint64(hz)/1e6) - timestamp
	if in.timed {
		d := int32(transit - in.transit)
		if d < 0 {
			d = -d
		}
		if uint32(d) < hz { // more than a second is a new talk spurt on a broken clock, not jitter
			in.jitter += uint32(d) - (in.jitter+8)>>4
		}
	}
	in.transit, in.timed = transit, true
}

// spread is the jitter as a time.
func (in *incoming) spread(hz uint32) time.Duration {
	return time.Duration(uint64(in.jitter>>4) * uint64(time.Second) / uint64(hz))
}

// highest is the extended highest sequence number (RFC 3550 §6.4.1).
func (in *incoming) highest() uint32 { return uint32(in.cycles)<<16 | uint32(in.sequence) }
