package codec

import "math/bits"

// PCMA is G.711 A-law: 12-bit magnitudes in seven segments, every second bit inverted on the line.
var (
	fromALaw = makeDecoder(expandALaw)
	toALaw   = makeEncoder[[1 << 12]byte](4, compressALaw)
)

func encodeALaw(dst []byte, pcm []int16) []byte {
	for _, s := range pcm {
		dst = append(dst, toALaw[uint16(s)>>4])
	}
	return dst
}

func decodeALaw(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		dst = append(dst, fromALaw[b])
	}
	return dst
}

// compressALaw is G.711 table 1a/1b by rule. Negative values are taken as one's complement, as ITU-T G.191 does.
func compressALaw(s int16) byte {
	sign := byte(0x80)
	if s < 0 {
		s, sign = ^s, 0
	}
	m := uint16(s) >> 4 // 0..2047
	code := byte(m)     // the first two segments are one straight line
	if m > 31 {
		shift := bits.Len16(m) - 5
		code = byte(shift+1)<<4 | byte(m>>shift)&0xf
	}
	return (sign | code) ^ 0x55
}

func expandALaw(b byte) int16 {
	b ^= 0x55
	m := int16(b&0xf)<<4 + 8 // the middle of the step
	if segment := b >> 4 & 7; segment > 0 {
		m = (m + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -m
	}
	return m
}
