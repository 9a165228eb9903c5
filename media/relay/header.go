package relay

import "encoding/binary"

// HeaderSize is the length of an RTP header without CSRCs and extension (RFC 3550 §5.1).
const HeaderSize = 12

// Payload finds the payload of an RTP packet: where it starts and ends. It is
// false when b is not RTP: too short, another version, or with CSRCs, an
// extension or padding that do not fit in it (RFC 3550 §5.1, §A.1).
func Payload(b []byte) (start, end int, ok bool) {
	if len(b) < HeaderSize || b[0]>>6 != 2 {
		return 0, 0, false
	}
	start, end = HeaderSize, len(b)
	if b[0]&0x3f == 0 { // no padding, extension or CSRC: nearly every packet
		return start, end, true
	}
	start += 4 * int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < start+4 {
			return 0, 0, false
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	if b[0]&0x20 != 0 {
		pad := int(b[end-1])
		if pad == 0 {
			return 0, 0, false
		}
		end -= pad
	}
	return start, end, start <= end
}

// Control reports whether b, which came to a port that RTP and RTCP share, is
// RTCP (RFC 5761 §4): the types 192 to 223, which no RTP packet of such a session has.
func Control(b []byte) bool { return len(b) >= 8 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223 }

// PayloadType is the header's payload type. This and the next three want at least HeaderSize bytes.
func PayloadType(b []byte) uint8 { return b[1] & 0x7f }

// Sequence is the header's sequence number.
func Sequence(b []byte) uint16 { return binary.BigEndian.Uint16(b[2:]) }

// Timestamp is the header's timestamp, in units of the codec's clock.
func Timestamp(b []byte) uint32 { return binary.BigEndian.Uint32(b[4:]) }

// SSRC is the header's synchronization source.
func SSRC(b []byte) uint32 { return binary.BigEndian.Uint32(b[8:]) }

// Write makes an RTP header without CSRCs or extension in b, of at least HeaderSize bytes.
func Write(b []byte, payloadType uint8, marker bool, sequence uint16, timestamp, ssrc uint32) {
	b[0], b[1] = 0x80, payloadType
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], sequence)
	binary.BigEndian.PutUint32(b[4:], timestamp)
	binary.BigEndian.PutUint32(b[8:], ssrc)
}
