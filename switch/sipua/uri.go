package sipua

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"tandem/switch/transport"
)

// uri is a SIP URI taken apart, as views into it (RFC 3261 §19.1).
type uri struct {
	secure bool // sips
	user   string
	host   string // without the brackets of IPv6
	port   int    // 0: none named
	params string
}

// parseURI takes a sip or sips URI apart; false for any other scheme and for what is none.
func parseURI(s string) (uri, bool) {
	scheme, rest, ok := strings.Cut(s, ":")
	u := uri{secure: strings.EqualFold(scheme, "sips")}
	if !ok || !u.secure && !strings.EqualFold(scheme, "sip") {
		return uri{}, false
	}
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		u.user, _, _ = strings.Cut(rest[:at], ":")
		rest = rest[at+1:]
	}
	rest, u.params, _ = strings.Cut(rest, ";")
	if u.host, ok = strings.CutPrefix(rest, "["); ok {
		if u.host, rest, ok = strings.Cut(u.host, "]"); !ok {
			return uri{}, false
		}
		rest, ok = strings.CutPrefix(rest, ":")
	} else {
		u.host, rest, ok = strings.Cut(rest, ":")
	}
	if ok {
		port, err := strconv.ParseUint(rest, 10, 16)
		if err != nil {
			return uri{}, false
		}
		u.port = int(port)
	}
	return u, u.host != ""
}

var errNoSIPURI = errors.New("not a SIP URI")

// parseTarget takes a URI apart that a plan wants called, and gives it as it stands in a Request-URI: without headers
// (RFC 3261 §19.1.5). It comes once a call and from people, so sipgo's parser reads it and what its and ours understand
// differently is refused.
func parseTarget(s string) (u uri, request string, err error) {
	if strings.ContainsAny(s, " \t\r\n\x00<>\"") {
		return uri{}, "", errNoSIPURI
	}
	var parsed sip.Uri
	if err := sip.ParseUri(s, &parsed); err != nil {
		return uri{}, "", fmt.Errorf("%w: %w", errNoSIPURI, err)
	}
	request, _, _ = strings.Cut(s, "?")
	u, ok := parseURI(request)
	if !ok || strings.Trim(parsed.Host, "[]") != u.host || parsed.Port != u.port || parsed.User != u.user {
		return uri{}, "", errNoSIPURI
	}
	return u, request, nil
}

// addr is the host as an address, if it is one.
func (u uri) addr() (netip.Addr, bool) {
	a, err := netip.ParseAddr(u.host)
	return a.Unmap(), err == nil
}

// defaultPort is the port to use where the URI names none (RFC 3261 §19.1.2).
func (u uri) defaultPort() uint16 {
	switch {
	case u.port != 0:
		return uint16(u.port)
	case u.secure:
		return 5061
	}
	return 5060
}

// network is the transport parameter; false where there is none or it names one we do not have.
func (u uri) network() (transport.Network, bool) {
	v, _ := param(u.params, "transport")
	switch {
	case strings.EqualFold(v, "udp"):
		return transport.UDP, true
	case strings.EqualFold(v, "tcp"):
		return transport.TCP, true
	}
	return 0, false
}

// appendEscaped writes a user part, with what may not stand in one as %HH (RFC 3261 §19.1.2).
func appendEscaped(b []byte, user string) []byte {
	const plain = "-_.!~*'()&=+$,;?/#%" // "#" as phones send it, "%" because it was escaped before
	for i := 0; i < len(user); i++ {
		c := user[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(plain, c) >= 0 {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

const hexDigits = "0123456789ABCDEF"

// unescape undoes %HH in a user part.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(v))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// appendQuoted writes a display name as a quoted string. Line ends and NUL become spaces: nothing gets out of its header.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
