package sipua

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tandem/switch/call"
)

// clean makes a text safe to stand in a header or status line: control bytes
// become spaces and what is not UTF-8 is dropped (RFC 3261 §25.1, TEXT-UTF8char).
func clean(s string) string {
	if safeText(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return ' '
		}
		return r
	}, s)
}

// safeText tells whether a text may stand in a header as it is.
func safeText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] >= 0x7f {
			return safeUTF8(s)
		}
	}
	return true
}

func safeUTF8(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return false
		}
	}
	return true
}

// token tells whether s is a token of RFC 3261 §25.1, as methods and header names are.
func token(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-.!%*_+`'~", c) >= 0 {
			continue
		}
		return false
	}
	return s != ""
}

// ours are the headers nobody but the core sets: a plan that could would break
// the dialog or speak for somebody else. Single letters, the compact forms, are
// refused as a whole, and so is everything below Content- and Proxy-.
var ours = map[string]bool{
	"via": true, "from": true, "to": true, "call-id": true, "cseq": true, "contact": true, "route": true,
	"record-route": true, "max-forwards": true, "authorization": true, "www-authenticate": true,
	"authentication-info": true, "require": true, "supported": true, "unsupported": true, "allow": true,
	"expires": true, "min-expires": true, "session-expires": true, "min-se": true, "rseq": true, "rack": true,
	"path": true, "service-route": true, "date": true, "event": true, "replaces": true, "refer-to": true,
	"referred-by": true, "server": true, "user-agent": true, "timestamp": true, "mime-version": true,
	"p-asserted-identity": true, "p-preferred-identity": true, "identity": true, "recv-info": true, "info-package": true,
}

// settable says why a plan may not set a header, or nil if it may.
func settable(h call.Header) error {
	name := strings.ToLower(h.Name)
	switch {
	case !token(h.Name):
		return fmt.Errorf("header %q: not a name", h.Name)
	case len(name) == 1, ours[name], hasAnyPrefix(name, "content-", "proxy-"):
		return fmt.Errorf("header %s: only the switch sets it", h.Name)
	case !safeText(h.Value):
		return fmt.Errorf("header %s: the value holds a line end or control character", h.Name)
	case len(h.Name)+len(h.Value) > maxHeader:
		return fmt.Errorf("header %s: longer than %d bytes", h.Name, maxHeader)
	}
	return nil
}

// maxHeader is the longest header a plan may set, in bytes.
const maxHeader = 1024

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// settableOnly keeps the headers a plan may set; the rest is told to dropped, which may be nil.
func settableOnly(list []call.Header, dropped func(error)) []call.Header {
	var kept []call.Header
	for _, h := range list {
		if err := settable(h); err != nil {
			if dropped != nil {
				dropped(err)
			}
			continue
		}
		kept = append(kept, h)
	}
	return kept
}

// forwarded tells whether a plan sees a header of a stranger's message: those
// that begin with X-, and Diversion (language reference 1.3).
func forwarded(name string) bool {
	return len(name) > 2 && (name[0] == 'X' || name[0] == 'x') && name[1] == '-' || strings.EqualFold(name, "Diversion")
}

// diverted is the user part of a Diversion header's first address (RFC 5806); "" for none.
func diverted(value string) string {
	first, _ := cutList(value)
	_, addr, _ := cutAddress(first)
	if number, ok := cutScheme(addr, "tel"); ok {
		number, _, _ = strings.Cut(number, ";")
		return unescape(number)
	}
	u, ok := parseURI(addr)
	if !ok {
		return ""
	}
	return unescape(u.user)
}

// cutScheme takes a URI's scheme off, if it is the one named.
func cutScheme(uri, scheme string) (string, bool) {
	if len(uri) > len(scheme) && uri[len(scheme)] == ':' && strings.EqualFold(uri[:len(scheme)], scheme) {
		return uri[len(scheme)+1:], true
	}
	return "", false
}

// reasonOf is the value of the Reason header (RFC 3326) a leg ends with; "" for none.
func reasonOf(c call.Cause) string {
	switch {
	case c.Text == "" && c.Code == 0:
		return ""
	case c.Code != 0:
		return reasonValue("SIP", c.Code, c.Text)
	}
	return reasonValue("Q.850", q850(c), c.Text)
}

// q850 is the ISUP cause of a leg that ended without a SIP code.
func q850(c call.Cause) int {
	if c.By == call.ByFailure {
		return 41 // temporary failure
	}
	return 16 // normal call clearing
}

// reasonValue writes one Reason value.
func reasonValue(protocol string, cause int, text string) string {
	b := append([]byte(protocol), ";cause="...)
	b = strconv.AppendInt(b, int64(cause), 10)
	if text != "" {
		b = append(b, ";text="...)
		b = appendQuoted(b, clean(text))
	}
	return string(b)
}

// parseReason reads the first value of a Reason header: protocol, cause and
// text, each zero where it is missing or broken.
func parseReason(value string) (protocol string, cause int, text string) {
	first, _ := cutList(value)
	protocol, params, _ := strings.Cut(first, ";")
	if v, ok := param(params, "cause"); ok {
		if n, err := strconv.ParseUint(v, 10, 16); err == nil {
			cause = int(n)
		}
	}
	text, _ = param(params, "text")
	return trim(protocol), cause, clean(text)
}

// seconds reads delta-seconds (RFC 3261 §25.1). Numbers above 2^32-1 count as
// that; false for anything but digits.
func seconds(v string) (uint32, bool) {
	if v == "" {
		return 0, false
	}
	var n uint64
	for i := 0; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return 0, false
		}
		n = min(n*10+uint64(v[i]-'0'), 1<<32-1)
	}
	return uint32(n), true
}
