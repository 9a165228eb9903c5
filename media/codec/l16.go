package codec

import "encoding/binary"

// encodeL16 writes samples in network byte order (RFC 3551 §4.5.11).
func encodeL16(dst []byte, pcm []int16) []byte {
	for _, s := range pcm {
		dst = binary.BigEndian.AppendUint16(dst, uint16(s))
	}
	return dst
}

// decodeL16 ignores half a sample at the end of a broken payload.
func decodeL16(dst []int16, payload []byte) []int16 {
	for ; len(payload) >= 2; payload = payload[2:] {
		dst = append(dst, int16(binary.BigEndian.Uint16(payload)))
	}
	return dst
}
