package codec

import (
	"strconv"
	"strings"
)

// Codec is one encoding as RTP names it.
type Codec struct {
	Name        string // as IANA spells it
	ClockRate   int    // Hz, of the RTP timestamp
	Channels    int
	PayloadType uint8 // the static number of RFC 3551 §6, or a usual dynamic one (96 and up)
	SampleRate  int   // Hz, of the sound; not ClockRate for G.722 alone

	// Encode appends the payload of pcm (SampleRate, interleaved) to dst and Decode the samples of payload; nil where the switch only
	// relays the codec.
	Encode func(dst []byte, pcm []int16) []byte
	Decode func(dst []int16, payload []byte) []int16
}

// table is every codec we know by name; Playable lists those with functions in this order.
var table = []*Codec{
	{Name: "PCMU", ClockRate: 8000, Channels: 1, PayloadType: 0, SampleRate: 8000, Encode: encodeULaw, Decode: decodeULaw},
	{Name: "PCMA", ClockRate: 8000, Channels: 1, PayloadType: 8, SampleRate: 8000, Encode: encodeALaw, Decode: decodeALaw},
	{Name: "L16", ClockRate: 8000, Channels: 1, PayloadType: 96, SampleRate: 8000, Encode: encodeL16, Decode: decodeL16},
	{Name: "L16", ClockRate: 16000, Channels: 1, PayloadType: 97, SampleRate: 16000, Encode: encodeL16, Decode: decodeL16},
	{Name: "L16", ClockRate: 44100, Channels: 1, PayloadType: 11, SampleRate: 44100, Encode: encodeL16, Decode: decodeL16},
	{Name: "L16", ClockRate: 44100, Channels: 2, PayloadType: 10, SampleRate: 44100},
	{Name: "G722", ClockRate: 8000, Channels: 1, PayloadType: 9, SampleRate: 16000},
	{Name: "G729", ClockRate: 8000, Channels: 1, PayloadType: 18, SampleRate: 8000},
	{Name: "G723", ClockRate: 8000, Channels: 1, PayloadType: 4, SampleRate: 8000},
	{Name: "GSM", ClockRate: 8000, Channels: 1, PayloadType: 3, SampleRate: 8000},
	{Name: "opus", ClockRate: 48000, Channels: 2, PayloadType: 111, SampleRate: 48000},
	{Name: "iLBC", ClockRate: 8000, Channels: 1, PayloadType: 98, SampleRate: 8000},
	{Name: "AMR", ClockRate: 8000, Channels: 1, PayloadType: 102, SampleRate: 8000},
	{Name: "AMR-WB", ClockRate: 16000, Channels: 1, PayloadType: 104, SampleRate: 16000},
	{Name: "speex", ClockRate: 8000, Channels: 1, PayloadType: 110, SampleRate: 8000},
	{Name: "speex", ClockRate: 16000, Channels: 1, PayloadType: 109, SampleRate: 16000},
	{Name: "speex", ClockRate: 32000, Channels: 1, PayloadType: 108, SampleRate: 32000},
	{Name: "telephone-event", ClockRate: 8000, Channels: 1, PayloadType: 101, SampleRate: 8000},
	{Name: "telephone-event", ClockRate: 16000, Channels: 1, PayloadType: 105, SampleRate: 16000},
	{Name: "telephone-event", ClockRate: 48000, Channels: 1, PayloadType: 106, SampleRate: 48000},
	{Name: "CN", ClockRate: 8000, Channels: 1, PayloadType: 13, SampleRate: 8000},
	// Known by number alone: nobody should meet them today.
	{Name: "DVI4", ClockRate: 8000, Channels: 1, PayloadType: 5, SampleRate: 8000},
	{Name: "DVI4", ClockRate: 16000, Channels: 1, PayloadType: 6, SampleRate: 16000},
	{Name: "DVI4", ClockRate: 11025, Channels: 1, PayloadType: 16, SampleRate: 11025},
	{Name: "DVI4", ClockRate: 22050, Channels: 1, PayloadType: 17, SampleRate: 22050},
	{Name: "LPC", ClockRate: 8000, Channels: 1, PayloadType: 7, SampleRate: 8000},
	{Name: "QCELP", ClockRate: 8000, Channels: 1, PayloadType: 12, SampleRate: 8000},
	{Name: "MPA", ClockRate: 90000, Channels: 1, PayloadType: 14, SampleRate: 44100},
	{Name: "G728", ClockRate: 8000, Channels: 1, PayloadType: 15, SampleRate: 8000},
}

// statics is table by number, as RFC 3551 §6 hands them out.
var statics = func() (s [35]*Codec) {
	for _, c := range table {
		if int(c.PayloadType) < len(s) {
			s[c.PayloadType] = c
		}
	}
	return s
}()

// Lookup finds a row by what an rtpmap says; the name without regard to case.
func Lookup(name string, clockRate, channels int) (*Codec, bool) {
	for _, c := range table {
		if c.ClockRate == clockRate && c.Channels == channels && strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return nil, false
}

// Static finds the row that owns a payload type number below 96 (RFC 3551 §6).
func Static(payloadType uint8) (*Codec, bool) {
	if int(payloadType) >= len(statics) || statics[payloadType] == nil {
		return nil, false
	}
	return statics[payloadType], true
}

// Playable reports whether the switch itself can speak and hear the codec.
func (c *Codec) Playable() bool { return c.Encode != nil && c.Decode != nil }

// Key names the codec in caches: "PCMU/8000", "opus/48000/2".
func (c *Codec) Key() string {
	k := c.Name + "/" + strconv.Itoa(c.ClockRate)
	if c.Channels > 1 {
		k += "/" + strconv.Itoa(c.Channels)
	}
	return k
}

// Default is what we offer, in order, when nobody says otherwise: the narrow-band codecs every phone has and we can play in ourselves,
// and key presses. An offer on behalf of another party names that party's formats instead.
func Default() []*Codec { return defaults }

var defaults = mustLookup("PCMU", "PCMA", "telephone-event")

func mustLookup(names ...string) []*Codec {
	list := make([]*Codec, len(names))
	for i, n := range names {
		c, ok := Lookup(n, 8000, 1)
		if !ok {
			panic("codec: no row for " + n)
		}
		list[i] = c
	}
	return list
}
