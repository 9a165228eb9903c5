package sipua

import (
	"strings"
	"unsafe"

	"tandem/switch/transport"
)

// A header the core reads, by its number in fields.
type headerID uint8

const (
	headerOther headerID = iota
	headerVia
	headerFrom
	headerTo
	headerCallID
	headerCSeq
	headerContact
	headerRecordRoute
	headerRoute
	headerMaxForwards
	headerRequire
	headerContentType
	headerReason
	headerTimestamp
	headerUserAgent
	headerServer
	headerRetryAfter
	headerWWWAuthenticate
	headerProxyAuthenticate
	headerDiversion
	headerInfoPackage
	headerCount
)

var headerNames = [headerCount]string{
	headerVia: "Via", headerFrom: "From", headerTo: "To", headerCallID: "Call-ID", headerCSeq: "CSeq",
	headerContact: "Contact", headerRecordRoute: "Record-Route", headerRoute: "Route",
	headerMaxForwards: "Max-Forwards", headerRequire: "Require", headerContentType: "Content-Type",
	headerReason: "Reason", headerTimestamp: "Timestamp", headerUserAgent: "User-Agent", headerServer: "Server",
	headerRetryAfter: "Retry-After", headerWWWAuthenticate: "WWW-Authenticate",
	headerProxyAuthenticate: "Proxy-Authenticate", headerDiversion: "Diversion", headerInfoPackage: "Info-Package",
}

// byLength lists the headers by the length of their name, so that most names need one comparison.
var byLength = func() (table [32][]headerID) {
	for id := headerVia; id < headerCount; id++ {
		n := len(headerNames[id])
		table[n] = append(table[n], id)
	}
	return table
}()

// identify finds a header by its name or its compact form (RFC 3261 §7.3.3).
func identify(name string) headerID {
	if len(name) == 1 {
		switch name[0] | 0x20 {
		case 'v':
			return headerVia
		case 'f':
			return headerFrom
		case 't':
			return headerTo
		case 'i':
			return headerCallID
		case 'm':
			return headerContact
		case 'c':
			return headerContentType
		}
		return headerOther
	}
	if len(name) < len(byLength) {
		for _, id := range byLength[len(name)] {
			if strings.EqualFold(name, headerNames[id]) {
				return id
			}
		}
	}
	return headerOther
}

// fields are the first values of the headers the core reads, found in one
// pass over a message without allocating: views into it.
type fields [headerCount]string

// scan reads the headers of m.
func (f *fields) scan(m *transport.Message) {
	*f = fields{}
	for l := linesOf(m); l.next(); {
		if id := identify(l.name); f[id] == "" {
			f[id] = l.value
		}
	}
	f[headerOther] = ""
}

// text is a message's bytes as a string, not copied: a message is never written again.
func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// body is what stands behind the headers.
func body(m *transport.Message) []byte {
	if m.Body <= 0 || m.Body > len(m.Raw) {
		return nil
	}
	b := m.Raw[m.Body:]
	if m.ContentLength >= 0 && m.ContentLength < len(b) {
		b = b[:m.ContentLength] // RFC 3261 §18.3: what follows in the datagram is discarded
	}
	return b
}

// lines walks over the headers of a message in their order.
type lines struct {
	rest        string
	name, value string
}

func linesOf(m *transport.Message) lines {
	head := m.Raw
	if m.Body > 0 && m.Body <= len(head) {
		head = head[:m.Body]
	}
	_, rest, _ := strings.Cut(text(head), "\n")
	return lines{rest: rest}
}

// next moves to the next header; false behind the last.
func (l *lines) next() bool {
	for l.rest != "" {
		line := l.take()
		if line == "" {
			return false // the empty line before the body
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue // not a header: the full parse of what matters refuses it
		}
		l.name, l.value = strings.TrimRight(name, " \t"), trim(value)
		return true
	}
	return false
}

// take cuts one header off, with its continuation lines joined (RFC 3261 §7.3.1).
func (l *lines) take() string {
	end := strings.IndexByte(l.rest, '\n')
	if end < 0 {
		end = len(l.rest) - 1
	}
	next := end + 1
	if next >= len(l.rest) || l.rest[next] != ' ' && l.rest[next] != '\t' {
		line := l.rest[:next]
		l.rest = l.rest[next:]
		return trim(line)
	}
	parts := []string{trim(l.rest[:next])}
	l.rest = l.rest[next:]
	for l.rest != "" && (l.rest[0] == ' ' || l.rest[0] == '\t') {
		part, rest, _ := strings.Cut(l.rest, "\n")
		parts = append(parts, trim(part))
		l.rest = rest
	}
	return strings.Join(parts, " ")
}

// trim takes white space and line ends off both sides.
func trim(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// cutList takes the first element of a comma separated list, minding quotes and angle brackets.
func cutList(v string) (first, rest string) {
	quoted, depth := false, 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			depth++
		case c == '>':
			depth--
		case c == ',' && depth <= 0:
			return trim(v[:i]), trim(v[i+1:])
		}
	}
	return trim(v), ""
}

// cutAddress splits a name-addr or addr-spec as it stands in From, To, Contact and Route
// (RFC 3261 §20.10): without angle brackets every parameter belongs to the header.
func cutAddress(v string) (display, uri, params string) {
	quoted := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '<' && !quoted:
			end := strings.IndexByte(v[i:], '>')
			if end < 0 {
				return unquote(trim(v[:i])), trim(v[i+1:]), ""
			}
			return unquote(trim(v[:i])), trim(v[i+1 : i+end]), trim(v[i+end+1:])
		}
	}
	uri, params, _ = strings.Cut(v, ";")
	return "", trim(uri), params
}

// unquote takes the quotes and escapes off a display name.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// param finds one of the parameters of a header or URI, written ;name=value.
func param(params, name string) (string, bool) {
	for params != "" {
		var p string
		p, params = cutParam(params)
		n, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(trim(n), name) {
			return strings.Trim(trim(v), `"`), true
		}
	}
	return "", false
}

// cutParam takes the first of a list of parameters, minding quotes.
func cutParam(params string) (first, rest string) {
	params = strings.TrimLeft(params, "; \t")
	quoted := false
	for i := 0; i < len(params); i++ {
		switch c := params[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			return params[:i], params[i+1:]
		}
	}
	return params, ""
}
