package offer

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Bounds on what a stranger may send. A browser's offer with video has some 300 lines in 10 KB.
const (
	maxBody    = 64 << 10
	maxMedia   = 32
	maxFormats = 64
)

// Parse reads a description. Line ends may be CRLF or LF, the last may be missing, lines that audio does not need may be anything:
// phones in the field write all of that. The error is a *SyntaxError.
func Parse(body []byte) (*Description, error) {
	if len(body) > maxBody {
		return nil, &SyntaxError{Problem: "longer than " + strconv.Itoa(maxBody) + " bytes"}
	}
	p := parser{d: new(Description)}
	for rest := string(body); rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		p.number++
		p.line = strings.TrimRight(line, "\r \t")
		if problem := p.read(); problem != "" {
			return nil, &SyntaxError{Line: p.number, Text: p.line, Problem: problem}
		}
	}
	if !p.begun {
		return nil, &SyntaxError{Problem: "empty"}
	}
	if m := p.finish(); m != nil {
		return nil, &SyntaxError{Line: m.Line, Text: "m=" + m.Kind, Problem: "no c= line gives its address"}
	}
	return p.d, nil
}

// parser is a description half read. Its methods return what is wrong with the line, or nothing. All strings are parts of the
// body; what is kept is cloned, so that a dialog does not hold on to whole messages.
type parser struct {
	d       *Description
	number  int
	line    string
	begun   bool  // v= is in
	session Media // what the session level says
}

func (p *parser) read() string {
	if p.line == "" {
		return ""
	}
	if hasControl(p.line) {
		return "control character"
	}
	if len(p.line) < 2 || p.line[1] != '=' {
		return "not of the form x=value"
	}
	value := p.line[2:]
	if !p.begun {
		if p.line[0] != 'v' || value != "0" {
			return "a description begins with v=0"
		}
		p.begun = true
		return ""
	}
	switch p.line[0] {
	case 'm':
		return p.media(value)
	case 'c':
		return p.connection(value)
	case 'a':
		return p.attribute(value)
	}
	return "" // o=, s=, t=, b=, k=, i= …: nothing in them changes what we send where
}

// scope is the m= line that attributes now belong to, or the session.
func (p *parser) scope() *Media {
	if n := len(p.d.Media); n > 0 {
		return &p.d.Media[n-1]
	}
	return &p.session
}

// media reads "<kind> <port>[/<count>] <protocol> <format> …" (RFC 8866 §5.14).
func (p *parser) media(value string) string {
	if len(p.d.Media) == maxMedia {
		return "more than " + strconv.Itoa(maxMedia) + " media lines"
	}
	kind, rest, _ := strings.Cut(value, " ")
	port, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	protocol, numbers, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	numbers = strings.TrimSpace(numbers)
	if kind == "" || protocol == "" || numbers == "" {
		return "not of the form m=<media> <port> <protocol> <formats>"
	}
	port, _, _ = strings.Cut(port, "/") // layered streams: only the first port is ours to know
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "port is not a number up to 65535"
	}
	m := p.session
	m.Kind, m.Port, m.Line = intern(kind), uint16(n), p.number
	m.Protocol, m.Numbers = intern(protocol), intern(numbers)
	var problem string
	if m.Kind == "audio" && m.plain() {
		m.Formats, problem = formatList(numbers)
	}
	p.d.Media = append(p.d.Media, m)
	return problem
}

func formatList(numbers string) ([]Format, string) {
	list := make([]Format, 0, 1+strings.Count(numbers, " "))
	for number := range strings.FieldsSeq(numbers) {
		pt, err := strconv.ParseUint(number, 10, 8)
		if err != nil || pt > 127 {
			return nil, "payload type is not a number up to 127"
		}
		if find(list, uint8(pt)) == nil {
			list = append(list, Format{PayloadType: uint8(pt)})
		}
		if len(list) > maxFormats {
			return nil, "more than " + strconv.Itoa(maxFormats) + " formats"
		}
	}
	return list, ""
}

// connection reads "IN IP4 <address>[/ttl[/count]]" (RFC 8866 §5.7).
func (p *parser) connection(value string) string {
	m := p.scope()
	if m != &p.session && len(m.Formats) == 0 {
		return ""
	}
	network, rest, _ := strings.Cut(value, " ")
	family, host, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	host, _, _ = strings.Cut(strings.TrimSpace(host), "/")
	if !strings.EqualFold(network, "IN") || !strings.EqualFold(family, "IP4") && !strings.EqualFold(family, "IP6") || host == "" {
		return "not of the form c=IN IP4|IP6 <address>"
	}
	m.Addr = address(host) // the zero Addr is a host name: an error only for the line we would take
	m.Host = ""
	if !m.Addr.IsValid() {
		m.Host = strings.Clone(host)
	}
	return ""
}

func address(host string) netip.Addr {
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}

// attribute reads an a= line. Those of other media, and those audio has no use for (ICE, DTLS, BUNDLE, SSRC …), are passed over.
func (p *parser) attribute(value string) string {
	m := p.scope()
	if m != &p.session && len(m.Formats) == 0 {
		return ""
	}
	key, value, _ := strings.Cut(value, ":")
	value = strings.TrimSpace(value)
	switch key {
	case "rtpmap":
		return m.rtpmap(value)
	case "fmtp":
		return m.fmtp(value)
	case "sendrecv":
		m.Direction = SendRecv
	case "sendonly":
		m.Direction = SendOnly
	case "recvonly":
		m.Direction = RecvOnly
	case "inactive":
		m.Direction = Inactive
	case "rtcp-mux":
		m.Mux = true
	case "rtcp":
		return m.rtcp(value)
	case "ptime":
		m.Ptime = milliseconds(value)
	case "maxptime":
		m.MaxPtime = milliseconds(value)
	}
	return ""
}

// milliseconds reads a packet time; what cannot be one (also minus, zero, more than 200 ms) is as good as not said.
func milliseconds(value string) time.Duration {
	ms, err := strconv.ParseFloat(value, 64)
	if err != nil || !(ms >= 1 && ms <= 200) {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// finish settles what needed the whole description and returns a line that wants an address and has none.
func (p *parser) finish() *Media {
	for i := range p.d.Media {
		m := &p.d.Media[i]
		for j := range m.Formats {
			m.Formats[j].settle()
		}
		if m.Audio() && !m.Addr.IsValid() && m.Host == "" {
			return m
		}
		if m.held() {
			m.Direction = m.Direction.And(SendOnly)
		}
	}
	return nil
}

// hasControl reports bytes that have no place in a line; a tab may stand.
func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
