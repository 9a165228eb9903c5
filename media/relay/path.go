package relay

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// Out is the one RTP stream a party gets from us.
type Out struct {
	SSRC      uint32
	timestamp uint32        // of the packet highest in sequence
	at        time.Duration // when that was sent, on the worker's clock
	clock     uint32        // Hz, of the timestamps
	sequence  uint16        // the highest sent
}

// NewOut starts a stream at random numbers, as RFC 3550 §5.1 asks for.
func NewOut() Out {
	return Out{SSRC: rand.Uint32(), sequence: uint16(rand.Uint32()) >> 1, timestamp: rand.Uint32(), clock: 8000}
}

// SetClock says what a second is in timestamps from the next source on, in Hz.
func (o *Out) SetClock(hz int) { o.clock = uint32(hz) }

// next is where a new source begins: the number behind the last one, and the time that has passed since.
func (o *Out) next(now time.Duration) (uint16, uint32) {
	passed := max(now-o.at, 20*time.Millisecond)
	if o.at == 0 {
		passed = 0 // nothing was sent yet
	}
	return o.sequence + 1, o.timestamp + uint32(uint64(passed)*uint64(o.clock)/uint64(time.Second))
}

// sent notes a packet; an earlier one that comes late changes nothing.
func (o *Out) sent(sequence uint16, timestamp uint32, now time.Duration) {
	if int16(sequence-o.sequence) > 0 {
		o.sequence, o.timestamp, o.at = sequence, timestamp, now
	}
}

// Append gives a packet made by ourselves its place in the stream. first says
// that it begins a talk spurt: its timestamp follows the clock, and it is marked
// (RFC 3551 §4.1). Otherwise step, in units of the clock, is added to the last one.
func (o *Out) Append(b []byte, payloadType uint8, first bool, step uint32, now time.Duration) {
	sequence, timestamp := o.next(now)
	if !first {
		timestamp = o.timestamp + step
	}
	Write(b, payloadType, first, sequence, timestamp, o.SSRC)
	o.sent(sequence, timestamp, now)
}

// Path is the way of one source into an Out. The zero Path begins with the first packet.
type Path struct {
	addSequence  uint16
	addTimestamp uint32
	base         uint16 // the first sequence number as the source had it
	young        uint8  // how many more packets to compare with base
	on           bool
}

// leap is how far a timestamp may be from the last one, either way, to be of the
// same count; two minutes at 8 kHz, 20 seconds at 48 kHz.
const leap = 1 << 20

// youth is how many packets are compared with the first one: what is older belongs
// before it, where our stream had another source, and would repeat its numbers.
const youth = 100

// Reset makes the next packet begin anew: a new source, or one that was cut off for a while.
func (p *Path) Reset() { p.on = false }

// On reports whether a packet has passed since the last Reset, so that offsets are known.
func (p *Path) On() bool { return p.on }

// Rewrite turns b, a checked RTP packet, into one of o's with the given payload
// type. It is false for a packet that comes too late to have a place there.
func (p *Path) Rewrite(b []byte, payloadType uint8, o *Out, now time.Duration) bool {
	sequence, timestamp := Sequence(b), Timestamp(b)
	marker := b[1] & 0x80
	if p.on && timestamp+p.addTimestamp-o.timestamp+leap > 2*leap {
		p.on = false // the source began another count without a new SSRC, or was silent for long
	}
	if !p.on || p.young > 0 {
		if !p.begin(sequence, timestamp, o, now, &marker) {
			return false
		}
	}
	sequence += p.addSequence
	timestamp += p.addTimestamp
	o.sent(sequence, timestamp, now)
	b[1] = payloadType | marker
	binary.BigEndian.PutUint16(b[2:], sequence)
	binary.BigEndian.PutUint32(b[4:], timestamp)
	binary.BigEndian.PutUint32(b[8:], o.SSRC)
	return true
}

func (p *Path) begin(sequence uint16, timestamp uint32, o *Out, now time.Duration, marker *byte) bool {
	if p.on {
		p.young--
		return int16(sequence-p.base) >= 0
	}
	nextSequence, nextTimestamp := o.next(now)
	*p = Path{on: true, young: youth, base: sequence, addSequence: nextSequence - sequence, addTimestamp: nextTimestamp - timestamp}
	*marker = 0x80
	return true
}

// Offset is what is added to the source's timestamps.
func (p *Path) Offset() uint32 { return p.addTimestamp }

// Shift is what is added to the source's sequence numbers.
func (p *Path) Shift() uint16 { return p.addSequence }
