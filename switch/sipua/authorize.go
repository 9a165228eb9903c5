package sipua

import (
	"net/http"

	"github.com/icholy/digest"

	"tandem/switch/transport"
)

// authorize answers a 401 or 407 to the INVITE of a call, once (RFC 3261 §22.2, RFC 8760).
func (p *placing) authorize(m *transport.Message) bool {
	if p.tried || p.o.Username == "" {
		return false
	}
	p.tried = true
	line, ok := p.l.s.credentials(m, "INVITE", p.uri, p.o.Username, p.o.Password)
	p.auth = line
	return ok
}

// authorize answers a challenge to a re-INVITE with the credentials the call was placed with.
func (r *reinvite) authorize(m *transport.Message) bool {
	if r.tried || r.l.username == "" {
		return false
	}
	r.tried = true
	var ok bool
	r.auth, ok = r.l.s.credentials(m, "INVITE", r.l.dlg.requestURI(), r.l.username, r.l.password)
	return ok
}

// challenged answers a challenge to another request within the dialog, unless auth says that it has been answered
// before. Not ok: the code is the outcome.
func (l *Leg) challenged(method, auth string, code int, m *transport.Message) (line string, ok bool) {
	if m == nil || auth != "" || l.username == "" || code != 401 && code != 407 {
		return "", false
	}
	return l.s.credentials(m, method, l.dlg.requestURI(), l.username, l.password)
}

// credentials answers the first challenge of m that we can: the order is the
// server's preference (RFC 8760 §2.4).
func (s *shard) credentials(m *transport.Message, method, uri, user, password string) (string, bool) {
	header, id := "Authorization", headerWWWAuthenticate
	if m.Code == 407 {
		header, id = "Proxy-Authorization", headerProxyAuthenticate
	}
	challenges := http.Header{}
	for l := linesOf(m); l.next(); {
		if identify(l.name) == id {
			challenges.Add("WWW-Authenticate", l.value)
		}
	}
	c, err := digest.FindChallenge(challenges)
	if err != nil {
		s.u.log.Warn("challenge not understood", "sip_call_id", m.CallID, "err", err)
		return "", false
	}
	answer, err := digest.Digest(c, digest.Options{Method: method, URI: uri, Username: user, Password: password, Count: 1})
	if err != nil {
		s.u.log.Warn("challenge not answered", "sip_call_id", m.CallID, "err", err)
		return "", false
	}
	line := answer.String()
	if !safeText(line) {
		return "", false
	}
	return header + ": " + line + "\r\n", true
}
