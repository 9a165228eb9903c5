package codec

import "math/bits"

// PCMU is G.711 mu-law: 14-bit magnitudes in eight segments, every bit inverted on the line.
var (
	fromULaw = makeDecoder(expandULaw)
	toULaw   = makeEncoder[[1 << 14]byte](2, compressULaw)
)

func encodeULaw(dst []byte, pcm []int16) []byte {
	for _, s := range pcm {
		dst = append(dst, toULaw[uint16(s)>>2])
	}
	return dst
}

func decodeULaw(dst []int16, payload []byte) []int16 {
	for _, b := range payload {
		dst = append(dst, fromULaw[b])
	}
	return dst
}

// compressULaw is G.711 table 2a/2b by rule. Negative values are taken as one's complement, as ITU-T G.191 does.
func compressULaw(s int16) byte {
	sign := byte(0)
	if s < 0 {
		s, sign = ^s, 0x80
	}
	m := min(uint16(s)>>2+33, 0x1fff)  // the bias makes the leading one mark the segment
	segment := bits.Len16(m) - 6       // 0..7
	step := byte(m>>(segment+1)) & 0xf // four bits behind the leading one
	return ^(sign | byte(segment)<<4 | step)
}

func expandULaw(b byte) int16 {
	b = ^b
	m := (int16(b&0xf)<<1+33)<<(b>>4&7) - 33
	if b&0x80 != 0 {
		return -m << 2
	}
	return m << 2
}
