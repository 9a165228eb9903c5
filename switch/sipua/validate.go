package sipua

import (
	"errors"
	"fmt"
	"strings"

	"tandem/switch/call"
	"tandem/switch/transport"
)

// check is one row of the table every request passes before any handler sees it.
type check struct {
	rfc  string // section it comes from
	name string
	fail func(q *incoming) *answer // nil: passed
}

// checks run in this order: first what makes the rest readable, then what a UAS
// checks in the order of RFC 3261 §8.2.
var checks = []check{
	{"3261 §7.1", "version", checkVersion},
	{"3261 §7.3.1", "readable headers", checkReadable},
	{"3261 §25.1", "control characters", checkControls},
	{"3261 §7.3.1", "duplicate headers", checkDuplicate},
	{"3261 §8.1.1", "mandatory headers", checkMandatory},
	{"3261 §8.1.1.5", "CSeq", checkCSeq},
	{"3261 §8.1.1.7", "Via", checkVia},
	{"3261 §8.1.1.3", "From and To", checkParties},
	{"3261 §18.3", "Content-Length", checkLength},
	{"3261 §8.2.1", "method", checkMethod},
	{"3261 §8.2.2.1", "Request-URI", checkTarget},
	{"3261 §16.3", "Max-Forwards", checkForwards},
	{"3261 §8.2.2.3", "Require", checkRequire},
	{"3261 §8.1.1.8", "Contact", checkContact},
	{"3261 §8.2.3", "body", checkBody},
	{"3261 §20.1", "Accept", checkAccept},
	{"3261 §12.2.2", "To tag inside a dialog", checkToTag},
}

// validate runs a request through the table. An ACK is never answered (RFC 3261 §17).
func validate(m *transport.Message, f *fields) *answer {
	q := incoming{m: m, f: f}
	q.survey()
	for i := range checks {
		if a := checks[i].fail(&q); a != nil {
			a.err = fmt.Errorf("%s (RFC %s): %w", checks[i].name, checks[i].rfc, a.err)
			a.silent = a.silent || m.Method == "ACK"
			return a
		}
	}
	return nil
}

// methods are those we know; the served ones have a handler.
var methods = map[string]struct{ served bool }{
	"INVITE": {true}, "ACK": {true}, "CANCEL": {true}, "BYE": {true}, "OPTIONS": {true}, "UPDATE": {true}, "INFO": {true},
	"REGISTER": {true}, "PRACK": {}, "REFER": {}, "SUBSCRIBE": {}, "NOTIFY": {}, "MESSAGE": {}, "PUBLISH": {},
}

// extensions are the option tags we understand. None yet: RFC 3581's rport and
// RFC 3311's UPDATE have none.
var extensions = map[string]bool{}

var allowHeader = call.Header{Name: "Allow", Value: allowed}

// bad is a 400 that says what is wrong.
func bad(reason string, err error) *answer { return &answer{code: 400, reason: reason, err: err} }

func checkVersion(q *incoming) *answer {
	line, _, _ := strings.Cut(text(q.m.Raw), "\r\n")
	version := line[strings.LastIndexByte(line, ' ')+1:]
	if strings.EqualFold(version, "SIP/2.0") {
		return nil
	}
	if len(version) > 4 && strings.EqualFold(version[:4], "SIP/") {
		return answerOf(505, fmt.Errorf("version %q", version)) // RFC 3261 §21.5.6
	}
	return bad("Malformed Request-Line", fmt.Errorf("version %q", version))
}

func checkReadable(q *incoming) *answer {
	if q.m.Err == nil {
		return nil
	}
	a := bad("Malformed Message", q.m.Err)
	if syntax, ok := errors.AsType[*transport.SyntaxError](q.m.Err); ok {
		a.code = max(syntax.Code, 400)
		if a.code != 400 {
			a.reason = ""
		} else if syntax.Header != "" {
			a.reason = "Malformed " + syntax.Header
		}
	}
	return a
}

// checkControls refuses every byte below a space but tabs and whole line ends,
// escaped ones in quoted strings included: none has a use, and each is a risk
// to whatever reads the header behind us.
func checkControls(q *incoming) *answer {
	head := q.m.Raw[:len(q.m.Raw)-len(rawBody(q.m))]
	for i := 0; i < len(head); i++ {
		switch c := head[i]; {
		case c >= ' ' && c != 0x7f || c == '\t':
		case c == '\r' && i+1 < len(head) && head[i+1] == '\n':
			i++
		default:
			return bad("Control Character In Header", fmt.Errorf("byte %#02x at %d", c, i))
		}
	}
	return nil
}

// rawBody is what follows the headers, whatever Content-Length says.
func rawBody(m *transport.Message) []byte {
	if m.Body <= 0 || m.Body > len(m.Raw) {
		return nil
	}
	return m.Raw[m.Body:]
}

func checkDuplicate(q *incoming) *answer {
	name := q.m.Duplicate
	if name == "" {
		name = q.twice
	}
	if name == "" {
		return nil
	}
	return bad("Duplicate "+name, fmt.Errorf("%s stands twice", name))
}

func checkMandatory(q *incoming) *answer {
	for _, id := range [...]headerID{headerVia, headerFrom, headerTo, headerCallID, headerCSeq} {
		if q.f[id] == "" {
			return bad("Missing "+headerNames[id], fmt.Errorf("%s is missing or empty", headerNames[id]))
		}
	}
	if strings.ContainsAny(q.f[headerCallID], " \t,") || len(q.f[headerCallID]) > 256 {
		return bad("Malformed Call-ID", fmt.Errorf("Call-ID %q", q.f[headerCallID]))
	}
	return nil
}

func checkCSeq(q *incoming) *answer {
	number, method, _ := strings.Cut(q.f[headerCSeq], " ")
	n, ok := seconds(trim(number))
	if !ok || n >= 1<<31 { // RFC 3261 §8.1.1.5
		return bad("CSeq Out Of Range", fmt.Errorf("CSeq %q", q.f[headerCSeq]))
	}
	if trim(method) != q.m.Method { // methods mind case, §7.1
		return bad("CSeq Method Differs", fmt.Errorf("CSeq %q in a %s", q.f[headerCSeq], q.m.Method))
	}
	return nil
}

func checkVia(q *incoming) *answer {
	top, _ := cutList(q.f[headerVia])
	protocol, rest, ok := strings.Cut(top, "/")
	version, rest, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || !strings.EqualFold(trim(protocol), "SIP") {
		return bad("Malformed Via", fmt.Errorf("top Via %q", top))
	}
	if trim(version) != "2.0" {
		return answerOf(505, fmt.Errorf("top Via %q", top))
	}
	rest, _, _ = strings.Cut(trim(rest), ";")
	transportName, host, _ := strings.Cut(strings.ReplaceAll(rest, "\t", " "), " ")
	if !token(transportName) || !hostPort(trim(host)) {
		return bad("Malformed Via", fmt.Errorf("top Via %q", top))
	}
	return nil
}

// hostPort tells whether s is a host with an optional port, as sent-by has it.
func hostPort(s string) bool {
	u, ok := parseURI("sip:" + strings.ReplaceAll(s, " ", ""))
	if !ok || strings.ContainsAny(s, "@;?<>\"") {
		return false
	}
	if strings.HasPrefix(s, "[") {
		_, ok = u.addr()
		return ok
	}
	return token(strings.ReplaceAll(u.host, "_", "-"))
}

func checkParties(q *incoming) *answer {
	for _, id := range [...]headerID{headerFrom, headerTo} {
		if err := wellFormed(q.f[id]); err != nil {
			return bad("Malformed "+headerNames[id], err)
		}
	}
	if q.m.FromTag == "" {
		return bad("Missing From Tag", errors.New("no tag in From"))
	}
	if !token(q.m.FromTag) || q.m.ToTag != "" && !token(q.m.ToTag) {
		return bad("Malformed Tag", fmt.Errorf("tags %q and %q", q.m.FromTag, q.m.ToTag))
	}
	return nil
}

// wellFormed checks a name-addr or addr-spec (RFC 3261 §25.1): display names of
// tokens or in quotes, brackets and quotes that close, a URI with a scheme.
func wellFormed(v string) error {
	if first, rest := cutList(v); rest != "" || first != v {
		return fmt.Errorf("%q: more than one address", v)
	}
	if open := strings.IndexByte(v, '<'); open >= 0 && v[0] != '"' {
		for word := range strings.FieldsSeq(v[:open]) {
			if !token(word) {
				return fmt.Errorf("%q: display name", v)
			}
		}
	}
	if unclosed(v) {
		return fmt.Errorf("%q: quotes or brackets", v)
	}
	_, addr, _ := cutAddress(v)
	scheme, rest, ok := strings.Cut(addr, ":")
	if !ok || rest == "" || !token(scheme) || strings.ContainsAny(addr, " \t\"<>") {
		return fmt.Errorf("%q: no URI", v)
	}
	if _, ok := parseURI(addr); !ok && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")) {
		return fmt.Errorf("%q: broken SIP URI", v)
	}
	return nil
}

// unclosed tells whether a quote or an angle bracket has no end.
func unclosed(v string) bool {
	quoted, open := false, false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !open:
			quoted = !quoted
		case quoted:
		case c == '<':
			if open {
				return true
			}
			open = true
		case c == '>':
			if !open {
				return true
			}
			open = false
		}
	}
	return quoted || open
}

// checkLength refuses a body shorter than announced; what is longer is cut (RFC 3261 §18.3).
func checkLength(q *incoming) *answer {
	if have := len(rawBody(q.m)); q.m.ContentLength > have {
		return bad("Content-Length Too Large", fmt.Errorf("%d bytes announced, %d came", q.m.ContentLength, have))
	}
	return nil
}

func checkMethod(q *incoming) *answer {
	row, known := methods[q.m.Method]
	switch {
	case !known:
		return answerOf(501, fmt.Errorf("method %q", clean(q.m.Method)), allowHeader) // RFC 3261 §21.5.2
	case !row.served:
		return answerOf(405, fmt.Errorf("method %s", q.m.Method), allowHeader)
	}
	return nil
}

func checkTarget(q *incoming) *answer {
	scheme, rest, ok := strings.Cut(q.m.URI, ":")
	if !ok || !token(scheme) || rest == "" || strings.ContainsAny(q.m.URI, "<> \t\"") {
		return bad("Malformed Request-URI", fmt.Errorf("Request-URI %q", q.m.URI))
	}
	if !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") {
		return answerOf(416, fmt.Errorf("scheme %q", scheme))
	}
	if _, ok := parseURI(q.m.URI); !ok {
		return bad("Malformed Request-URI", fmt.Errorf("Request-URI %q", q.m.URI))
	}
	if len(scheme) == len("sips") && !q.m.Flow.Network().Secure() {
		return answerOf(416, errors.New("sips over a transport that is not secure")) // RFC 5630 §5.3
	}
	if strings.Contains(q.m.URI, "?") { // RFC 3261 §19.1.1 table 1: headers do not stand in a Request-URI
		return bad("Headers In Request-URI", fmt.Errorf("Request-URI %q", q.m.URI))
	}
	return nil
}

// checkForwards refuses what may not go on. Only an INVITE goes on from here:
// anything else has arrived (RFC 3261 §16.3 step 3, RFC 4475 §3.3.11).
func checkForwards(q *incoming) *answer {
	v := q.f[headerMaxForwards]
	if v == "" {
		return nil // RFC 2543 had none; §16.6 step 3 adds it
	}
	n, ok := seconds(v)
	if !ok || n > 255 {
		return bad("Malformed Max-Forwards", fmt.Errorf("Max-Forwards %q", v))
	}
	if n == 0 && q.m.Method == "INVITE" && q.m.ToTag == "" {
		return answerOf(483, errors.New("Max-Forwards 0"))
	}
	return nil
}

// checkRequire refuses extensions we do not understand; not in ACK and CANCEL (RFC 3261 §8.2.2.3).
func checkRequire(q *incoming) *answer {
	if q.f[headerRequire] == "" || q.m.Method == "ACK" || q.m.Method == "CANCEL" {
		return nil
	}
	var missing []string
	for l := linesOf(q.m); l.next(); {
		if identify(l.name) != headerRequire {
			continue
		}
		for rest := l.value; rest != ""; {
			var tag string
			if tag, rest = cutList(rest); tag != "" && !extensions[strings.ToLower(tag)] {
				missing = append(missing, clean(tag))
			}
		}
	}
	if missing == nil {
		return nil
	}
	list := strings.Join(missing, ", ")
	return answerOf(420, fmt.Errorf("extensions %s", list), call.Header{Name: "Unsupported", Value: list})
}

// checkContact wants the one contact that makes a dialog (RFC 3261 §8.1.1.8, RFC 3311 §5.1).
func checkContact(q *incoming) *answer {
	if q.m.Method != "INVITE" && q.m.Method != "UPDATE" {
		return nil
	}
	if q.contacts == 0 {
		return bad("Missing Contact", errors.New("no Contact"))
	}
	v := q.f[headerContact]
	if err := wellFormed(v); err != nil || q.contacts > 1 {
		return bad("Malformed Contact", fmt.Errorf("%d contacts, first %q: %w", q.contacts, v, err))
	}
	_, addr, _ := cutAddress(v)
	if _, ok := parseURI(addr); !ok {
		return bad("Contact Is No SIP URI", fmt.Errorf("no SIP URI in Contact %q", v))
	}
	return nil
}

// checkBody refuses bodies we cannot read where they matter: an offer or
// answer (RFC 3261 §8.2.3). Elsewhere a handler looks, or nobody.
func checkBody(q *incoming) *answer {
	if len(body(q.m)) == 0 || q.m.Method != "INVITE" && q.m.Method != "UPDATE" && q.m.Method != "INFO" {
		return nil
	}
	if q.encoding != "" && !strings.EqualFold(q.encoding, "identity") {
		return answerOf(415, fmt.Errorf("encoding %q", q.encoding), call.Header{Name: "Accept-Encoding", Value: "identity"})
	}
	media, _, _ := strings.Cut(q.f[headerContentType], ";")
	if media = trim(media); media == "" {
		return bad("Missing Content-Type", errors.New("a body without Content-Type")) // RFC 3261 §20.15
	}
	if q.m.Method != "INFO" && !strings.EqualFold(media, "application/sdp") {
		return answerOf(415, fmt.Errorf("body of type %q", media), call.Header{Name: "Accept", Value: "application/sdp"})
	}
	return nil
}

// checkAccept refuses an INVITE whose sender cannot read SDP (RFC 4475 §3.3.15).
func checkAccept(q *incoming) *answer {
	if q.m.Method == "INVITE" && q.accepts == acceptsOther {
		return answerOf(406, errors.New("the sender accepts no SDP"))
	}
	return nil
}

// checkToTag answers what can only stand in a dialog and names none.
func checkToTag(q *incoming) *answer {
	switch q.m.Method {
	case "BYE", "UPDATE", "INFO":
		if q.m.ToTag == "" {
			return answerOf(481, errors.New("no To tag"))
		}
	case "ACK":
		if q.m.ToTag == "" {
			return silence(errors.New("no To tag"))
		}
	}
	return nil
}
