package rcml

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tandem/switch/call"
)

// noun is one target of a Dial, as its document names it.
type noun struct {
	kind           call.TargetKind
	value          string
	headers        []call.Header
	user, password string
	screen         link
	screenMethod   string
	screenLimit    time.Duration
	status         link
	statusMethod   string
	events         string
}

// nouns may stand inside Dial and name a target. A noun is a row here and a file of its own.
var nouns = map[string]func(e *element) (noun, error){
	"Number": parseNumber,
	"Client": parseClient,
	"Sip":    parseSip,
	"Uri":    parseSip,
}

// notBuilt are nouns that this switch knows but cannot dial.
var notBuilt = []string{"Conference", "Queue", "Sim", "WhatsApp", "Application"}

var errEmptyNoun = errors.New("it names no target")

// screenLimit is how long a screening document may take.
const screenLimit = 60 * time.Second

// common reads what all nouns have: n is what the noun itself brought.
func (n noun) common(e *element) (noun, error) {
	n.screen, n.screenMethod = e.link("url"), e.method("method", warnDialMethod)
	n.screenLimit = e.seconds("timeout", screenLimit, warnDialTime)
	n.status, n.statusMethod = e.link("statusCallback"), e.method("statusCallbackMethod", warnDialMethod)
	n.events = e.str("statusCallbackEvent")
	if e.has("machineDetection") {
		e.warn(warnNotBuilt, "machineDetection is not available")
	}
	if n.value == "" {
		return n, errEmptyNoun
	}
	return n, nil
}

// split parts a noun's text into the target and its header pairs.
func split(e *element, text string) (string, []call.Header) {
	target, query, _ := strings.Cut(text, "?")
	var headers []call.Header
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		headers = append(headers, call.Header{Name: unescape(name), Value: unescape(value)})
	}
	return strings.TrimSpace(target), checked(e, headers)
}

// unescape decodes percent-encoding; what is none stays as it is.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// maxHeaders is how many bytes of headers a noun may set.
const maxHeaders = 1024

// checked is the headers that may go into an INVITE, under the names they get there.
func checked(e *element, headers []call.Header) []call.Header {
	var out []call.Header
	size := 0
	for _, h := range headers {
		name, err := headerName(h.Name)
		size += len(h.Name) + len(h.Value)
		switch {
		case err == nil && strings.ContainsFunc(h.Value, isControl):
			err = errors.New("its value holds a control character")
		case err == nil && size > maxHeaders:
			err = fmt.Errorf("more than %d bytes of headers", maxHeaders)
		}
		if err != nil {
			e.warn(warnHeader, "header %q is left out: %v", h.Name, err)
			continue
		}
		out = append(out, call.Header{Name: name, Value: strings.TrimSpace(h.Value)})
	}
	return out
}

// reserved are headers that SIP itself needs.
var reserved = []string{
	"via", "from", "to", "call-id", "cseq", "contact", "route", "record-route", "max-forwards", "authorization",
}

// plainHeaders may be set without the prefix.
var plainHeaders = []string{"diversion", "user-to-user", "subject"}

// headerName is the name under which a document's header goes out.
func headerName(name string) (string, error) {
	lower := strings.ToLower(name)
	switch {
	case name == "" || strings.ContainsFunc(name, notToken):
		return "", errors.New("it is no header name")
	case slices.Contains(reserved, lower), strings.HasPrefix(lower, "content-"), strings.HasPrefix(lower, "proxy-"):
		return "", errors.New("it belongs to SIP")
	case slices.Contains(plainHeaders, lower), isCustom(name):
		return name, nil
	}
	return "X-" + name, nil
}

// notToken is everything that RFC 3261 §25.1 does not allow in a token.
func notToken(r rune) bool {
	return r > '~' || r <= ' ' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// video checks a Video child, which is read and not shown, and returns the target that its noun names then.
func video(e, v *element) string {
	for _, a := range [...]struct {
		name   string
		code   int
		values []string
	}{
		{"mode", 15001, []string{"", "mcu", "sfu"}},
		{"resolution", 15002, []string{"", "CIF", "4CIF", "16CIF", "QCIF", "VGA", "720p"}},
		{"layout", 15003, []string{"", "tile", "linear"}},
	} {
		if got := v.str(a.name); !slices.Contains(a.values, got) {
			v.warn(a.code, "%s=%q is unknown", a.name, got)
		}
	}
	if e.text != "" {
		return e.text
	}
	return e.str("name")
}
