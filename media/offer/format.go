package offer

import (
	"slices"
	"strings"
)

// Format is one encoding of an m= line: its rtpmap, its fmtp and its number there (RFC 8866 §6.6, §6.15).
type Format struct {
	PayloadType uint8  // on the side it was read from; a wish on the side it goes to
	Name        string // as the peer spelled it; compared without regard to case
	ClockRate   int
	Channels    int    // 1 where rtpmap names none
	Fmtp        string // the parameters behind a=fmtp:<pt>, untouched
}

// Same reports whether two formats are the same encoding, whatever their numbers.
func (f Format) Same(o Format) bool {
	return strings.EqualFold(f.Name, o.Name) && f.ClockRate == o.ClockRate && f.Channels == o.Channels
}

// Event reports whether the format carries DTMF events (RFC 4733) and not sound.
func (f Format) Event() bool { return strings.EqualFold(f.Name, "telephone-event") }

// Noise reports whether the format is comfort noise (RFC 3389).
func (f Format) Noise() bool { return strings.EqualFold(f.Name, "CN") }

// Redundant reports whether the format repeats or repairs other formats, naming them by number in its parameters
// (RFC 2198 red, RFC 4588 rtx, RFC 5109 ulpfec): it is never chosen and never offered.
func (f Format) Redundant() bool {
	return slices.ContainsFunc([]string{"red", "rtx", "ulpfec", "flexfec-03", "parityfec"}, func(n string) bool { return strings.EqualFold(n, f.Name) })
}

// Sound reports whether the format alone carries a conversation: it has a name and is no event, noise or repair.
func (f Format) Sound() bool { return f.Name != "" && !f.Event() && !f.Noise() && !f.Redundant() }

// Direction is the media direction of a description, seen from who wrote it (RFC 3264 §5.1).
type Direction uint8

// The four directions; the zero value is what a description that says nothing means.
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

var directionNames = [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}

// String is the SDP attribute's name.
func (d Direction) String() string { return directionNames[d] }

// Reverse is the direction as the other side sees it.
func (d Direction) Reverse() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// And is what both directions allow, seen from the same side.
func (d Direction) And(o Direction) Direction {
	return direction(d.Sends() && o.Sends(), d.Receives() && o.Receives())
}

func direction(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return SendRecv
	case sends:
		return SendOnly
	case receives:
		return RecvOnly
	}
	return Inactive
}

// Sends reports whether who wrote d sends media.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives reports whether who wrote d wants media.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }
