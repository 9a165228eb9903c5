package relay

import "encoding/binary"

// RTCP packet types (RFC 3550 §12.1).
const (
	typeSR   = 200
	typeRR   = 201
	typeSDES = 202
)

// Reports rewrites the RTCP of party A for its peer B. All fields are plain numbers, so that it can be made per packet.
type Reports struct {
	Source    uint32 // A's SSRC, 0 when A has sent no RTP yet
	Out       uint32 // the SSRC B gets from us
	Timestamp uint32 // what was added to A's timestamps on the way to B
	Mapped    bool   // Timestamp is known

	About         uint32 // the SSRC A gets from us, which its reports are about
	Peer          uint32 // the SSRC B sends with, which B expects reports about
	Sequence      uint16 // what was added to B's sequence numbers on the way to A
	Highest       uint32 // the extended highest sequence number we got from B
	PeerMapped    bool   // Peer and Sequence are known
	CanonicalName string // the CNAME B gets from us
}

// Valid reports whether b is a compound RTCP packet as RFC 3550 §A.2 checks it.
func Valid(b []byte) bool {
	if len(b) < 8 || len(b)%4 != 0 || b[0]>>6 != 2 || b[0]&0x20 != 0 || b[1] != typeSR && b[1] != typeRR {
		return false
	}
	for len(b) > 0 {
		n := packetSize(b)
		if n == 0 || b[0]>>6 != 2 {
			return false
		}
		b = b[n:]
	}
	return true
}

// packetSize is the length of the RTCP packet at the start of b, 0 when it does not fit in it.
func packetSize(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	n := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
	if n > len(b) {
		return 0
	}
	return n
}

// Rewrite appends to dst, without growing it, what B may read of b, a Valid
// compound packet of A's: its reports, under the names B knows, and a CNAME of
// ours. The result is empty when nothing could be mapped.
func (r *Reports) Rewrite(dst, b []byte) []byte {
	for len(b) > 0 {
		n := packetSize(b)
		if n == 0 {
			break
		}
		if b[1] == typeSR || b[1] == typeRR {
			dst = r.report(dst, b[:n])
		}
		b = b[n:]
	}
	if len(dst) == 0 {
		return dst
	}
	return r.names(dst)
}

const (
	senderInfo  = 20 // bytes of an SR between its SSRC and the first block (RFC 3550 §6.4.1)
	reportBlock = 24
)

func (r *Reports) report(dst, b []byte) []byte {
	head := 8
	if b[1] == typeSR {
		head += senderInfo
	}
	count := int(b[0] & 0x1f)
	if len(b) < head+count*reportBlock || cap(dst)-len(dst) < len(b) {
		return dst
	}
	if r.Source != 0 && binary.BigEndian.Uint32(b[4:]) != r.Source {
		return dst
	}
	start := len(dst)
	kind := byte(typeRR)
	dst = append(dst, 0x80, kind, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, r.Out)
	if b[1] == typeSR && r.Mapped {
		kind = typeSR
		dst = append(dst, b[8:8+senderInfo]...)
		stamp := dst[start+16:]
		binary.BigEndian.PutUint32(stamp, binary.BigEndian.Uint32(stamp)+r.Timestamp)
	}
	var blocks byte
	for i := range count {
		block := b[head+i*reportBlock:][:reportBlock]
		if r.PeerMapped && binary.BigEndian.Uint32(block) == r.About {
			dst = r.block(dst, block)
			blocks++
		}
	}
	if kind == typeRR && blocks == 0 {
		return dst[:start] // nothing left worth a packet
	}
	dst[start] |= blocks
	dst[start+1] = kind
	binary.BigEndian.PutUint16(dst[start+2:], uint16((len(dst)-start)/4-1))
	return dst
}

// block appends a report block about our stream to A as one about B's stream to us.
func (r *Reports) block(dst, b []byte) []byte {
	at := len(dst)
	dst = append(dst, b...)
	binary.BigEndian.PutUint32(dst[at:], r.Peer)
	low := uint16(binary.BigEndian.Uint32(dst[at+8:])) - r.Sequence
	binary.BigEndian.PutUint32(dst[at+8:], extend(r.Highest, low))
	return dst
}

// extend is the 32-bit sequence number next to highest whose lower half is low.
func extend(highest uint32, low uint16) uint32 {
	return highest + uint32(int32(int16(low-uint16(highest))))
}

// names appends an SDES packet with our CNAME, which every compound packet has to have (RFC 3550 §6.1).
func (r *Reports) names(dst []byte) []byte {
	text := r.CanonicalName[:min(len(r.CanonicalName), 255)]
	size := (8+2+len(text))&^3 + 4 // at least one zero byte ends the chunk (RFC 3550 §6.5)
	if cap(dst)-len(dst) < size {
		return dst[:0]
	}
	at := len(dst)
	dst = append(dst, 0x81, typeSDES, 0, byte(size/4-1))
	dst = binary.BigEndian.AppendUint32(dst, r.Out)
	dst = append(dst, 1, byte(len(text)))
	dst = append(dst, text...)
	for len(dst) < at+size {
		dst = append(dst, 0)
	}
	return dst
}
