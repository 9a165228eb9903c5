package sipua

import (
	"net/netip"
	"strconv"
	"strings"

	"tandem/switch/transport"
)

// Messages are built by appending to a shard's buffer: nothing of what the
// other leg sent gets in unless a line here writes it.

const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REGISTER"

// appendHeader writes one line of a trusted value.
func appendHeader(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

func appendInt(b []byte, name string, v int) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = strconv.AppendInt(b, int64(v), 10)
	return append(b, "\r\n"...)
}

// appendBody ends the headers and writes the body. The type is ignored where there is no body.
func appendBody(b []byte, contentType string, body []byte) []byte {
	if len(body) > 0 {
		b = appendHeader(b, "Content-Type", contentType)
	}
	b = appendInt(b, "Content-Length", len(body))
	b = append(b, "\r\n"...)
	return append(b, body...)
}

// appendHead writes the headers that every answer to m repeats (RFC 3261 §8.2.6.2), with the tag
// in To unless To has one already.
func appendHead(b []byte, m *transport.Message, tag string) []byte {
	first := true
	for l := linesOf(m); l.next(); {
		switch id := identify(l.name); id {
		case headerVia:
			if first {
				b, first = appendTopVia(b, l.value, m), false
				continue
			}
			b = appendHeader(b, "Via", l.value)
		case headerFrom, headerCallID, headerCSeq, headerTimestamp:
			b = appendHeader(b, headerNames[id], l.value)
		case headerTo:
			b = append(b, "To: "...)
			b = append(b, l.value...)
			if m.ToTag == "" && tag != "" {
				b = append(b, ";tag="...)
				b = append(b, tag...)
			}
			b = append(b, "\r\n"...)
		}
	}
	return b
}

// appendTopVia repeats the top Via with what we know of where it came from: received where the
// host differs (RFC 3261 §18.2.1), and received and rport where rport was asked for (RFC 3581 §4).
func appendTopVia(b []byte, value string, m *transport.Message) []byte {
	via, rest := cutList(value)
	remote := m.Flow.Remote()
	head, params, _ := strings.Cut(via, ";")
	b = append(b, "Via: "...)
	b = append(b, trim(head)...)
	asked := false
	for params != "" {
		var p string
		p, params = cutParam(params)
		name, _, _ := strings.Cut(p, "=")
		switch name = trim(name); {
		case strings.EqualFold(name, "rport"):
			asked = true
			b = append(b, ";rport="...)
			b = strconv.AppendUint(b, uint64(remote.Port()), 10)
		case strings.EqualFold(name, "received"), p == "":
		default:
			b = append(b, ';')
			b = append(b, trim(p)...)
		}
	}
	if asked || !sameHost(m.SentBy, remote.Addr()) {
		b = append(b, ";received="...)
		b = remote.Addr().AppendTo(b)
	}
	if rest != "" {
		b = append(b, ", "...)
		b = append(b, rest...)
	}
	return append(b, "\r\n"...)
}

// sameHost reports whether the host of sent-by is the address.
func sameHost(sentBy string, a netip.Addr) bool {
	if h, ok := strings.CutPrefix(sentBy, "["); ok {
		sentBy, _, _ = strings.Cut(h, "]")
	} else {
		sentBy, _, _ = strings.Cut(sentBy, ":")
	}
	host, err := netip.ParseAddr(sentBy)
	return err == nil && host.Unmap() == a
}

func appendStatus(b []byte, code int, reason string) []byte {
	if reason == "" {
		reason = statusText(code)
	}
	b = append(b, "SIP/2.0 "...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, ' ')
	b = append(b, reason...)
	return append(b, "\r\n"...)
}

// appendVia writes our own Via for a request that leaves over the flow.
func appendVia(b []byte, f transport.Flow, branch string) []byte {
	b = append(b, "Via: SIP/2.0/"...)
	b = append(b, f.Network().Via()...)
	b = append(b, ' ')
	b = f.Contact().AppendTo(b)
	b = append(b, ";branch="...)
	b = append(b, branch...)
	return append(b, ";rport\r\n"...)
}

// appendContact writes where we can be reached on the flow: the address alone, no user.
func appendContact(b []byte, f transport.Flow) []byte {
	b = append(b, "Contact: <sip:"...)
	b = f.Contact().AppendTo(b)
	if f.Network() != transport.UDP {
		b = append(b, ";transport="...)
		b = append(b, f.Network().String()...)
	}
	return append(b, ">\r\n"...)
}
