package stream

import (
	"time"

	"tandem/media/relay"
)

// incoming follows the numbers of what a party sends (RFC 3550 §A.1, §A.8).
type incoming struct {
	ssrc     uint32
	sequence uint16 // highest
	cycles   uint16 // how often sequence wrapped
	transit  uint32 // of the last packet, in timestamp units
	jitter   uint32 // times 16
	hz       uint32 // of the timestamps
	any      bool   // something came
	timed    bool   // transit is set
}

// other is what speaks against the numbers we follow: another SSRC, or a leap.
type other struct {
	ssrc  uint32
	next  uint16
	any   bool // ssrc and next are set
	fresh bool // after an agreement: the next SSRC is believed at once
}

// Limits of RFC 3550 §A.1: what is further off is another count.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// follows notes a packet if it is the very next one; false leaves it to believe.
func (in *incoming) follows(b []byte) bool {
	sequence := relay.Sequence(b)
	if sequence-in.sequence != 1 || sequence == 0 || relay.SSRC(b) != in.ssrc {
		return false
	}
	in.sequence = sequence
	return true
}

// believe takes any packet's source and number; false means that it is not believed, at least not yet.
func (s *Stream) believe(ssrc uint32, sequence uint16) bool {
	in := &s.in
	ahead := sequence - in.sequence
	switch {
	case ssrc != in.ssrc || !in.any || ahead >= maxDropout && ahead < -maxMisorder&0xffff:
		return s.change(ssrc, sequence)
	case ahead == 0: // a copy
	case ahead < maxDropout:
		if sequence < in.sequence {
			in.cycles++
		}
		in.sequence = sequence
		s.counts.Lost += uint64(ahead - 1)
	case s.counts.Lost > 0: // one of those that were missed
		s.counts.Lost--
	}
	s.other.any = false
	return true
}

// change is a packet of another SSRC, or far from the last number: the first one
// after an agreement is believed, else the second in a row.
func (s *Stream) change(ssrc uint32, sequence uint16) bool {
	o := &s.other
	if s.in.any && !o.fresh && (!o.any || ssrc != o.ssrc || sequence-o.next >= maxMisorder) {
		*o = other{any: true, ssrc: ssrc, next: sequence + 1}
		s.kind = noKind // so that a packet of the old count in between is noticed
		return false
	}
	*o = other{}
	s.in = incoming{ssrc: ssrc, sequence: sequence, any: true, jitter: s.in.jitter, hz: s.in.hz}
	s.keys.Reset()
	s.path.Reset()
	return true
}

// arrived measures jitter (RFC 3550 §A.8).
func (in *incoming) arrived(timestamp uint32, now time.Duration) {
	transit := uint32(uint64(now.Microseconds())*uint64(in.hz)/1e6) - timestamp
	if in.timed {
		d := int32(transit - in.transit)
		if d < 0 {
			d = -d
		}
		if uint32(d) < in.hz { // more than a second is a new talk spurt on a broken clock, not jitter
			in.jitter += uint32(d) - (in.jitter+8)>>4
		}
	}
	in.transit, in.timed = transit, true
}

// spread is the jitter as a time.
func (in *incoming) spread() time.Duration {
	if in.hz == 0 {
		return 0
	}
	return time.Duration(uint64(in.jitter>>4) * uint64(time.Second) / uint64(in.hz))
}

// highest is the extended highest sequence number (RFC 3550 §6.4.1).
func (in *incoming) highest() uint32 { return uint32(in.cycles)<<16 | uint32(in.sequence) }
