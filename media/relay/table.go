package relay

import (
	"slices"

	"tandem/media/offer"
)

// Table says for every payload type a party may send what it is called on the other side.
type Table [128]uint8

// Entries of a Table that are not payload types.
const (
	// Unknown: the party did not agree to send this.
	Unknown uint8 = 0xff
	// Unwanted: agreed with the party, but the other side has no such format, or there is no other side.
	Unwanted uint8 = 0xfe
)

// NewTable maps what the one side sends to what the other wants to get. Formats
// are the same when name, clock and channels are; where a side has several of
// them, one with the same parameters is preferred. to may be empty: all is Unwanted then.
func NewTable(from, to []offer.Pair) Table {
	var t Table
	for i := range t {
		t[i] = Unknown
	}
	for _, f := range slices.Backward(from) { // a number used twice means the first
		t[f.Receive&0x7f] = match(f.Format, to)
	}
	return t
}

func match(f offer.Format, to []offer.Pair) uint8 {
	found := Unwanted
	for _, o := range to {
		if !f.Same(o.Format) {
			continue
		}
		if f.Fmtp == o.Fmtp {
			return o.Send & 0x7f
		}
		if found == Unwanted {
			found = o.Send & 0x7f
		}
	}
	return found
}

// Common reports whether the two sides share an encoding of sound, and not just key presses or noise.
func Common(a, b []offer.Pair) bool {
	for _, f := range a {
		if !f.Event() && !f.Noise() && match(f.Format, b) != Unwanted {
			return true
		}
	}
	return false
}
