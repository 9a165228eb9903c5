package offer

import (
	"hash/maphash"
	"net/netip"
	"strconv"
	"time"
)

var seed = maphash.MakeSeed()

// write makes our description: the session's m= lines with the audio one filled in, or refused where formats is nil. m is the line of the
// party's that is being answered, nil in an offer. The version goes up only when something else changed (RFC 3264 §8).
func (n *Negotiation) write(m *Media, formats []Format, d Direction) []byte {
	var scratch [1024]byte
	body := n.appendBody(scratch[:0], m, formats, d)
	if sum := maphash.Bytes(seed, body); sum != n.body || n.version == 0 {
		n.body = sum
		n.version++
	}
	out := make([]byte, 0, 96+len(body))
	out = append(out, "v=0\r\no=- "...)
	out = strconv.AppendUint(out, n.local.Session, 10)
	out = append(out, ' ')
	out = strconv.AppendUint(out, n.version, 10)
	out = append(out, " IN "...)
	out = appendAddr(out, n.local.Addr)
	out = append(out, "\r\n"...)
	return append(out, body...)
}

func (n *Negotiation) appendBody(b []byte, m *Media, formats []Format, d Direction) []byte {
	b = append(b, "s=-\r\nc=IN "...)
	b = appendAddr(b, n.local.Addr)
	b = append(b, "\r\nt=0 0\r\n"...)
	for i, l := range n.lines {
		if i == n.audio && formats != nil {
			b = n.appendAudio(b, l.protocol, m, formats, d)
			continue
		}
		b = append(append(b, "m="...), l.kind...)
		b = append(append(b, " 0 "...), l.protocol...)
		b = append(append(append(b, ' '), l.numbers...), "\r\n"...)
	}
	return b
}

func (n *Negotiation) appendAudio(b []byte, protocol string, m *Media, formats []Format, d Direction) []byte {
	b = append(b, "m=audio "...)
	b = strconv.AppendInt(b, int64(n.local.Port), 10)
	b = append(append(b, ' '), protocol...)
	for _, f := range formats {
		b = strconv.AppendUint(append(b, ' '), uint64(f.PayloadType), 10)
	}
	b = append(b, "\r\n"...)
	for _, f := range formats {
		b = appendFormat(b, f)
	}
	if m != nil { // what the party asked for holds both ways: packets are passed on as they come
		b = appendTime(b, "ptime", m.Ptime)
		b = appendTime(b, "maxptime", m.MaxPtime)
	}
	if m == nil || m.Mux {
		b = append(b, "a=rtcp-mux\r\n"...)
	}
	if rtcp := n.local.RTCPPort; (m == nil || !m.Mux) && rtcp != 0 && rtcp != n.local.Port+1 {
		b = append(strconv.AppendInt(append(b, "a=rtcp:"...), int64(rtcp), 10), "\r\n"...)
	}
	return append(append(append(b, "a="...), d.String()...), "\r\n"...)
}

// appendFormat writes rtpmap, also for static numbers, which is the clearer way (RFC 3264 §5.1), and fmtp.
func appendFormat(b []byte, f Format) []byte {
	b = strconv.AppendUint(append(b, "a=rtpmap:"...), uint64(f.PayloadType), 10)
	b = append(append(b, ' '), f.Name...)
	b = strconv.AppendInt(append(b, '/'), int64(f.ClockRate), 10)
	if f.Channels > 1 {
		b = strconv.AppendInt(append(b, '/'), int64(f.Channels), 10)
	}
	b = append(b, "\r\n"...)
	if f.Fmtp == "" {
		return b
	}
	b = strconv.AppendUint(append(b, "a=fmtp:"...), uint64(f.PayloadType), 10)
	return append(append(append(b, ' '), f.Fmtp...), "\r\n"...)
}

func appendTime(b []byte, key string, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	b = append(append(append(b, "a="...), key...), ':')
	b = strconv.AppendFloat(b, float64(d)/float64(time.Millisecond), 'f', -1, 64)
	return append(b, "\r\n"...)
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if a = a.Unmap(); a.Is6() {
		return a.AppendTo(append(b, "IP6 "...))
	}
	return a.AppendTo(append(b, "IP4 "...))
}
