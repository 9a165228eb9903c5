package sipua

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/icholy/digest"

	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/transport"
)

// Digest authentication of requests: RFC 3261 §22 with RFC 8760, which brings
// SHA-256. Nothing is kept for a stranger but bounded counters, see guard.go
// and nonce.go.
//
// A source that guesses passwords is told to wait with 503 and Retry-After, and
// hears nothing any more when it does not. Accounts are never locked: the same
// login works from any other source meanwhile.

// Why a request was not let in; for the log, never for the wire.
var (
	errNoCredentials = errors.New("no credentials")
	errWrongDigest   = errors.New("wrong login or password")
	errStaleNonce    = errors.New("nonce too old, used before or not ours")
	errGuessing      = errors.New("too many wrong passwords from this source")
	errStranger      = errors.New("too many requests without credentials from this source")
	errScanner       = errors.New("a scanner's name")
	errDisabled      = errors.New("the client or its account is switched off")
)

// algorithms are what can be offered; Config.Digest says what is, and in which order.
var algorithms = map[string]func(*directory.Client) string{
	"MD5":     func(c *directory.Client) string { return c.HA1MD5 },
	"SHA-256": func(c *directory.Client) string { return c.HA1SHA256 },
}

// authenticator checks digests.
type authenticator struct {
	realm   string
	offer   []string // keys of algorithms
	md5Only []string // see Config
	users   Users
	nonces  *nonces
	guard   *guard
	dummy   directory.Client // stands in for logins that do not exist, so that they cost the same
}

func newAuthenticator(cfg Config, users Users) *authenticator {
	a := &authenticator{realm: cfg.Realm, offer: cfg.Digest, md5Only: cfg.MD5Only, users: users, nonces: newNonces(cfg.Nonce), guard: newGuard(cfg.MaxGuesses, cfg.GuessWindow)}
	a.dummy.SetPassword(cfg.Realm, randomText())
	return a
}

// authenticate is edge.authenticate for a given time and source.
func (a *authenticator) authenticate(now time.Time, from netip.Addr, m *transport.Message, f *fields) (directory.Client, *answer) {
	if scanner(f[headerUserAgent]) {
		return directory.Client{}, silence(errScanner)
	}
	source := a.guard.source(from)
	cred := a.credentials(m)
	if cred == nil {
		if m.Method != "REGISTER" && !source.stranger(now) {
			return directory.Client{}, silence(errStranger)
		}
		return directory.Client{}, a.challenge(now, from, m.Method, f[headerUserAgent], false, errNoCredentials)
	}
	if wait := source.wait(now); wait > 0 {
		if !source.tell(now) {
			return directory.Client{}, silence(errGuessing)
		}
		return directory.Client{}, answerOf(503, errGuessing, retryAfter(int(wait/time.Second)+1))
	}
	if !sameTarget(cred.uri, m.URI) { // RFC 7616 §3.4.6
		return directory.Client{}, &answer{code: 400, reason: "Digest URI Differs From Request-URI", err: fmt.Errorf("digest for %q", clean(cred.uri))}
	}
	client, ok := a.verify(m.Method, cred)
	if !ok {
		source.wrong(now)
		err := fmt.Errorf("%w of %q", errWrongDigest, clean(cred.username))
		return directory.Client{}, a.challenge(now, from, m.Method, f[headerUserAgent], false, err)
	}
	if !a.nonces.use(now, from, cred.nonce, cred.nc) {
		return directory.Client{}, a.challenge(now, from, m.Method, f[headerUserAgent], true, errStaleNonce)
	}
	if !client.Enabled { // only who knows the password learns that there is such a client
		return directory.Client{}, answerOf(403, errDisabled)
	}
	source.right(now)
	return client, nil
}

// verify computes the response that the credentials should carry. An unknown
// login takes the same way with a password nobody knows.
func (a *authenticator) verify(method string, cred *credentials) (directory.Client, bool) {
	client, known := a.users.Client(cred.username)
	if !known {
		client = a.dummy
	}
	ha1 := ""
	if slices.Contains(a.offer, cred.algorithm) {
		ha1 = algorithms[cred.algorithm](&client)
	}
	var room [2 * sha256.Size]byte
	want := cred.digest(room[:0], ha1, method)
	same := subtle.ConstantTimeCompare(want, []byte(strings.ToLower(cred.response))) == 1
	return client, same && known && ha1 != ""
}

// credentials finds the credentials for our realm; nil where there are none that can be checked.
func (a *authenticator) credentials(m *transport.Message) *credentials {
	name := "Proxy-Authorization"
	if m.Method == "REGISTER" {
		name = "Authorization"
	}
	for l := linesOf(m); l.next(); {
		if !strings.EqualFold(l.name, name) {
			continue
		}
		if c := parseCredentials(l.value); c != nil && c.realm == a.realm {
			return c
		}
	}
	return nil
}

// challenge asks for credentials: once per algorithm, with one nonce.
func (a *authenticator) challenge(now time.Time, from netip.Addr, method, userAgent string, stale bool, err error) *answer {
	code, name := 407, "Proxy-Authenticate"
	if method == "REGISTER" {
		code, name = 401, "WWW-Authenticate"
	}
	nonce := a.nonces.make(now, from)
	offer := a.offer
	if slices.ContainsFunc(a.md5Only, func(name string) bool { return strings.HasPrefix(userAgent, name) }) {
		offer = []string{"MD5"}
	}
	headers := make([]call.Header, 0, len(offer))
	for _, algorithm := range offer {
		c := digest.Challenge{Realm: a.realm, Nonce: nonce, Stale: stale, Algorithm: algorithm, QOP: []string{"auth"}}
		headers = append(headers, call.Header{Name: name, Value: c.String()})
	}
	return answerOf(code, err, headers...)
}

// sameTarget tells whether the digest's URI means the request's. Proxies add
// parameters and some clients leave the user out, so host and port must agree,
// and the user where the digest names one.
func sameTarget(digested, requested string) bool {
	if digested == requested {
		return true
	}
	d, ok1 := parseURI(digested)
	r, ok2 := parseURI(requested)
	return ok1 && ok2 && strings.EqualFold(d.host, r.host) && d.defaultPort() == r.defaultPort() &&
		(d.user == "" || d.user == r.user)
}

// scanners are programs that look for open switches; they announce themselves.
var scanners = []string{
	"friendly-scanner", "friendly-request", "sipvicious", "sipcli", "sip-scan", "sipscan", "sundayddr", "iwar",
	"pplsip", "smap", "siparmyknife", "vaxsipuseragent", "nm@p", "test agent", "gulp", "sipptk",
}

// scanner tells whether a User-Agent is one of a scanner.
func scanner(userAgent string) bool {
	if userAgent == "" {
		return false
	}
	ua := strings.ToLower(userAgent)
	for _, s := range scanners {
		if strings.Contains(ua, s) {
			return true
		}
	}
	return false
}

// sourceOf is the unit that is throttled: an IPv4 address, or the network of an IPv6 one.
func sourceOf(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}
