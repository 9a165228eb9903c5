package bench

import (
	"bytes"
	"net/netip"
	"strings"
)

// message is what a generator reads of a SIP message. It trusts the switch to
// write well-formed messages in the long header form; the switch's own parser
// is what is measured, so it is not used here.
type message struct {
	method string // of a request
	code   int    // of a response
	callID string
	cseq   string // "1 INVITE"
	raw    []byte
}

func parse(b []byte) (message, bool) {
	line, _, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok || len(line) < 12 {
		return message{}, false
	}
	m := message{raw: b, callID: header(b, "Call-ID"), cseq: header(b, "CSeq")}
	if rest, ok := bytes.CutPrefix(line, []byte("SIP/2.0 ")); ok {
		for _, d := range rest[:3] {
			m.code = m.code*10 + int(d-'0')
		}
	} else {
		method, _, _ := bytes.Cut(line, []byte(" "))
		m.method = string(method)
	}
	return m, m.callID != ""
}

// header is the value of the first header of that name, without blanks around it.
func header(b []byte, name string) string {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			return string(bytes.TrimSpace(line[len(name)+1:]))
		}
	}
	return ""
}

// headers is every line of that name, whole, each with its line end: what an answer copies.
func headers(b []byte, name string) string {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	var out strings.Builder
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			out.Write(line)
			out.WriteString("\r\n")
		}
	}
	return out.String()
}

// uri is the address between the angle brackets of a header value.
func uri(value string) string {
	_, rest, ok := strings.Cut(value, "<")
	if !ok {
		addr, _, _ := strings.Cut(value, ";")
		return addr
	}
	addr, _, _ := strings.Cut(rest, ">")
	return addr
}

// body is what stands behind the empty line.
func body(b []byte) string {
	_, rest, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	return string(rest)
}

// sdp offers or answers G.711 at addr. With mux the RTCP port is the RTP port, which spares the switch a socket.
func sdp(addr netip.AddrPort, mux bool) string {
	family := "IP4"
	if addr.Addr().Is6() {
		family = "IP6"
	}
	s := "v=0\r\no=bench 1 1 IN " + family + " " + addr.Addr().String() + "\r\ns=-\r\nc=IN " + family + " " + addr.Addr().String() +
		"\r\nt=0 0\r\nm=audio " + port(addr) + " RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
	if mux {
		s += "a=rtcp-mux\r\n"
	}
	return s
}
