package audio

import (
	"encoding/binary"
	"math"

	"tandem/media/codec"
)

// kind is how one sample is written: format tag and width in bits.
type kind struct{ tag, bits int }

// samples reads the first sample of a slice, for every kind we know.
var samples = map[kind]func([]byte) int16{
	{tagPCM, 8}:  func(b []byte) int16 { return (int16(b[0]) - 128) << 8 }, // the only width without sign
	{tagPCM, 16}: func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b)) },
	{tagPCM, 24}: func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b[1:])) },
	{tagPCM, 32}: func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b[2:])) },
	{tagFloat, 32}: func(b []byte) int16 {
		return clip(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) * 32768)
	},
	{tagFloat, 64}: func(b []byte) int16 { return clip(math.Float64frombits(binary.LittleEndian.Uint64(b)) * 32768) },
	{tagALaw, 8}:   companded("PCMA"),
	{tagMuLaw, 8}:  companded("PCMU"),
}

// companded reads G.711 by a table made of its codec.
func companded(name string) func([]byte) int16 {
	var table [256]int16
	c, ok := codec.Lookup(name, 8000, 1)
	if !ok {
		panic("audio: no codec " + name)
	}
	for i := range table {
		c.Decode(table[i:i], []byte{byte(i)})
	}
	return func(b []byte) int16 { return table[b[0]] }
}

// clip rounds to a sample; what is no number is silence.
func clip(x float64) int16 {
	switch {
	case x != x:
		return 0
	case x >= math.MaxInt16:
		return math.MaxInt16
	case x <= math.MinInt16:
		return math.MinInt16
	}
	return int16(math.RoundToEven(x))
}
