package rcml

import (
	"errors"
	"math"
	"strings"

	"tandem/switch/call"
)

// maxURI is the longest SIP URI, in characters, without its headers.
const maxURI = 255

// parseSip reads <Sip> and its old name <Uri>: an address anywhere.
func parseSip(e *element) (noun, error) {
	text := e.text
	var headers []call.Header
	best := math.MaxInt
	for _, c := range e.only("Uri", "Headers", "Video") {
		switch c.name {
		case "Uri":
			// Of several addresses the one with the lowest priority number counts; the others are not tried.
			if p := c.integer("priority", math.MaxInt-1, 0, warnElement); p < best && c.text != "" {
				best, text = p, c.text
			}
		case "Video":
			text = video(e, c)
		case "Headers":
			for _, h := range c.only("Header") {
				headers = append(headers, call.Header{Name: h.str("name"), Value: h.str("value")})
			}
		}
	}
	n := noun{kind: call.TargetSIP, user: e.str("username"), password: e.str("password")}
	n.value, n.headers = split(e, text)
	n.headers = append(n.headers, checked(e, headers)...)
	if n.value == "" {
		return n, errEmptyNoun
	}
	if n.value = sipURI(n.value); len(n.value) > maxURI || strings.ContainsFunc(n.value, notURI) {
		return n, errors.New("it is no SIP URI")
	}
	return n.common(e)
}

// sipURI puts the scheme in front where it is missing.
func sipURI(s string) string {
	if i := strings.IndexByte(s, ':'); i > 0 && (strings.EqualFold(s[:i], "sip") || strings.EqualFold(s[:i], "sips")) {
		return s
	}
	return "sip:" + s
}

func notURI(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"{}|\^`, r) }
