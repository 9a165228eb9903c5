package sipua

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tandem/switch/call"
	"tandem/switch/registrar"
	"tandem/switch/transport"
)

// register serves a REGISTER (RFC 3261 §10.3): authentication, then whose AOR
// it is, then its contacts. The answer is always one to send.
func (e *edge) register(m *transport.Message, f *fields) *answer {
	if e.registrar == nil {
		return answerOf(405, errors.New("no registrar"), allowHeader)
	}
	client, refused := e.authenticate(m, f)
	if refused != nil {
		return refused
	}
	if err := ownAOR(f[headerTo], client.Login); err != nil {
		return answerOf(403, err)
	}
	q, err := registration(m)
	if err != nil {
		return &answer{code: 400, reason: err.Error(), err: err}
	}
	q.AOR, q.UserAgent = client.Login, clean(f[headerUserAgent])
	q.Path = pathBack(m.Flow)
	now := time.Now()
	result, err := e.registrar.Register(now, q)
	if err != nil {
		return notRegistered(err)
	}
	return registered(now, result)
}

// ownAOR refuses a registration for somebody else (RFC 3261 §10.3 step 3 and 5).
// The host part is not looked at: the switch serves one domain.
func ownAOR(to, login string) error {
	_, addr, _ := cutAddress(to)
	u, ok := parseURI(addr)
	if !ok || unescape(u.user) != login {
		return fmt.Errorf("%s may not register %q", login, clean(addr))
	}
	return nil
}

// pathBack is how calls reach a phone: over the flow its REGISTER came on.
func pathBack(f transport.Flow) call.Path {
	return call.Path{
		Flow:   f.ID(),
		Source: f.String(),
		Local:  transport.Listen{Network: f.Network(), Addr: f.Local()}.String(),
	}
}

// What may be wrong with the contacts of a REGISTER; the text is the answer's reason phrase.
var (
	errWildcard     = errors.New("Wildcard Contact Needs Expires 0 And Nothing Else") //nolint:staticcheck // a SIP reason phrase
	errContact      = errors.New("Malformed Contact")                                 //nolint:staticcheck // a SIP reason phrase
	errManyContacts = errors.New("Too Many Contacts In One REGISTER")                 //nolint:staticcheck // a SIP reason phrase
)

// maxRegistered is how many contacts one REGISTER may carry.
const maxRegistered = 20

// registration reads Call-ID, CSeq and contacts of a REGISTER.
func registration(m *transport.Message) (registrar.Request, error) {
	q := registrar.Request{CallID: strings.Clone(m.CallID), CSeq: m.CSeq}
	expires, given := expiresHeader(m)
	wildcard := false
	for l := linesOf(m); l.next(); {
		if identify(l.name) != headerContact {
			continue
		}
		for rest := l.value; rest != ""; {
			var v string
			if v, rest = cutList(rest); v == "*" {
				wildcard = true
				continue
			}
			c, err := contactOf(v, expires, given)
			if err != nil {
				return q, err
			}
			if q.Contacts = append(q.Contacts, c); len(q.Contacts) > maxRegistered {
				return q, errManyContacts
			}
		}
	}
	if wildcard && (len(q.Contacts) > 0 || !given || expires != 0) { // RFC 3261 §10.2.2
		return q, errWildcard
	}
	q.All = wildcard
	return q, nil
}

// expiresHeader is the Expires header; a malformed one counts as an hour (RFC 3261 §20.19).
func expiresHeader(m *transport.Message) (d time.Duration, given bool) {
	for l := linesOf(m); l.next(); {
		if strings.EqualFold(l.name, "Expires") {
			return expiry(l.value), true
		}
	}
	return 0, false
}

func expiry(v string) time.Duration {
	n, ok := seconds(v)
	if !ok {
		return time.Hour // RFC 3261 §20.10 and §20.19
	}
	return time.Duration(n) * time.Second
}

// contactOf reads one contact. Its own expires parameter beats the header (RFC 3261 §10.2.1.1).
func contactOf(v string, expires time.Duration, given bool) (registrar.Contact, error) {
	_, addr, params := cutAddress(v)
	if !strings.Contains(v, "<") && strings.ContainsAny(addr, "?,") {
		return registrar.Contact{}, errContact // RFC 3261 §20: such a URI stands in angle brackets
	}
	key, err := registrar.Key(addr)
	if err != nil {
		return registrar.Contact{}, errContact
	}
	c := registrar.Contact{URI: strings.Clone(addr), Key: key, Q: 1000, Expires: expires, Default: !given}
	var kept []string
	for params != "" {
		var p string
		p, params = cutParam(params)
		name, value, _ := strings.Cut(p, "=")
		switch name, value = trim(name), trim(value); {
		case name == "":
		case strings.EqualFold(name, "expires"):
			c.Expires, c.Default = expiry(value), false
		case strings.EqualFold(name, "q"):
			if c.Q, err = thousandths(value); err != nil {
				return c, errContact
			}
		case token(name) && safeText(value):
			kept = append(kept, p)
		default:
			return c, errContact
		}
	}
	c.Params = strings.Join(kept, ";")
	return c, nil
}

// thousandths reads a q value: 0 to 1 with at most three decimals (RFC 3261 §25.1).
func thousandths(v string) (int, error) {
	whole, part, _ := strings.Cut(v, ".")
	if whole != "0" && whole != "1" && (whole != "" || part == "") || len(part) > 3 {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseUint("0"+whole+(part + "000")[:3], 10, 16)
	if err != nil || n > 1000 {
		return 0, strconv.ErrSyntax
	}
	return int(n), nil
}

// notRegistered is the answer to a registration the registrar refused.
func notRegistered(err error) *answer {
	if brief, ok := errors.AsType[*registrar.BriefError](err); ok { // RFC 3261 §10.2.8
		n := int((brief.Min + time.Second - 1) / time.Second)
		return answerOf(423, err, call.Header{Name: "Min-Expires", Value: strconv.Itoa(n)})
	}
	switch {
	case errors.Is(err, registrar.ErrTooMany):
		return &answer{code: 403, reason: "Too Many Contacts", err: err}
	case errors.Is(err, registrar.ErrFull):
		return answerOf(503, err, retryAfter(60))
	case errors.Is(err, registrar.ErrOutOfOrder):
		return &answer{code: 500, reason: "CSeq Out Of Order", err: err}
	}
	return answerOf(500, err)
}

// registered is the 200: every contact of the AOR with the time it has left, and the date (RFC 3261 §10.3 step 8).
func registered(now time.Time, result registrar.Answer) *answer {
	a := &answer{code: 200, headers: make([]call.Header, 0, len(result.Bindings)+1)}
	for _, b := range result.Bindings {
		a.headers = append(a.headers, call.Header{Name: "Contact", Value: contactValue(now, b)})
	}
	date := now.UTC().Format(http.TimeFormat) // RFC 3261 §20.17 has HTTP's form
	a.headers = append(a.headers, call.Header{Name: "Date", Value: date})
	return a
}

func contactValue(now time.Time, b registrar.Binding) string {
	v := append(make([]byte, 0, 128), '<')
	v = append(v, b.Contact...)
	v = append(v, ">;expires="...)
	v = strconv.AppendInt(v, int64(b.Remaining(now)), 10)
	if b.Q < 1000 {
		v = append(v, ";q="...)
		v = strconv.AppendFloat(v, float64(b.Q)/1000, 'f', -1, 64)
	}
	if b.Params != "" {
		v = append(v, ';')
		v = append(v, b.Params...)
	}
	return string(v)
}
