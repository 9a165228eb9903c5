package sipua

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/transport"
)

// book is Users in a map.
type book map[string]directory.Client

func (b book) Client(login string) (directory.Client, bool) {
	c, ok := b[login]
	return c, ok
}

func newBook() book {
	b := book{}
	for _, login := range []string{"alice", "bob", "gone"} {
		c := directory.Client{Login: login, Enabled: login != "gone"}
		c.SetPassword("tandem", "secret-"+login)
		b[login] = c
	}
	return b
}

var (
	home  = netip.MustParseAddr("192.0.2.1")
	other = netip.MustParseAddr("192.0.2.2")
)

// client is a phone that authenticates from an address.
type client struct {
	tb    testing.TB
	a     *authenticator
	now   time.Time
	from  netip.Addr
	login string
	pass  string
}

func newClient(tb testing.TB, change func(*Config)) *client {
	tb.Helper()
	cfg := Default()
	if change != nil {
		change(&cfg)
	}
	return &client{tb: tb, a: newAuthenticator(cfg, newBook()), now: time.Now(), from: home, login: "alice", pass: "secret-alice"}
}

// send authenticates one request.
func (c *client) send(method string, edits ...string) (directory.Client, *answer) {
	c.tb.Helper()
	m, err := transport.Index([]byte(request(method, edits...)))
	if err != nil {
		c.tb.Fatal(err)
	}
	var f fields
	f.scan(&m)
	return c.a.authenticate(c.now, c.from, &m, &f)
}

const uriOfRequest = "sip:bob@127.0.0.1:5060"

// digest answers a challenge; edit changes the credentials before they are written.
func (c *client) digest(method string, a *answer, algorithm string, edit func(*digest.Options)) string {
	c.tb.Helper()
	for _, h := range a.headers {
		chal, err := digest.ParseChallenge(h.Value)
		if err != nil || chal.Algorithm != algorithm {
			continue
		}
		o := digest.Options{Method: method, URI: uriOfRequest, Username: c.login, Password: c.pass, Count: 1}
		if edit != nil {
			edit(&o)
		}
		cred, err := digest.Digest(chal, o)
		if err != nil {
			c.tb.Fatal(err)
		}
		name := map[int]string{401: "Authorization", 407: "Proxy-Authorization"}[a.code]
		return name + ": " + cred.String()
	}
	c.tb.Fatalf("no %s challenge in %v", algorithm, a)
	return ""
}

func code(a *answer) int {
	if a == nil {
		return 0
	}
	return a.code
}

func TestChallengeThenRight(t *testing.T) {
	for _, method := range []string{"REGISTER", "INVITE"} {
		for _, algorithm := range []string{"SHA-256", "MD5"} {
			t.Run(method+" "+algorithm, func(t *testing.T) {
				c := newClient(t, nil)
				_, a := c.send(method)
				if want := map[string]int{"REGISTER": 401, "INVITE": 407}[method]; code(a) != want {
					t.Fatalf("got %v, want %d", a, want)
				}
				if !strings.Contains(a.headers[0].Value, "algorithm=MD5") || !strings.Contains(a.headers[1].Value, "algorithm=SHA-256") {
					t.Errorf("got %q, want MD5 before SHA-256, as configured", headerLines(a.headers))
				}
				who, a := c.send(method, c.digest(method, a, algorithm, nil))
				if a != nil || who.Login != "alice" {
					t.Errorf("got %q, %v, want alice", who.Login, a)
				}
			})
		}
	}
}

func TestOfferedDigests(t *testing.T) {
	for _, offer := range [][]string{{"SHA-256"}, {"MD5"}, {"SHA-256", "MD5"}, {"MD5", "SHA-256"}} {
		c := newClient(t, func(cfg *Config) { cfg.Digest = offer })
		_, a := c.send("INVITE")
		var got []string
		for _, h := range a.headers {
			chal, err := digest.ParseChallenge(h.Value)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, chal.Algorithm)
		}
		if !slices.Equal(got, offer) {
			t.Errorf("got %v, want %v", got, offer)
		}
	}
	c := newClient(t, func(cfg *Config) { cfg.Digest = []string{"SHA-256"} })
	_, a := c.send("INVITE")
	for i := range a.headers {
		a.headers[i].Value = strings.Replace(a.headers[i].Value, "SHA-256", "MD5", 1)
	}
	if _, a := c.send("INVITE", c.digest("INVITE", a, "MD5", nil)); code(a) != 407 {
		t.Errorf("MD5 where it is not offered: got %v, want 407", a)
	}
}

func TestWrongCredentials(t *testing.T) {
	fresh := func(c *client) *answer { _, a := c.send("REGISTER"); return a }
	for _, row := range []struct {
		name  string
		auth  func(c *client) string
		code  int
		stale bool
	}{
		{"wrong password", func(c *client) string { c.pass = "guess"; return c.digest("REGISTER", fresh(c), "MD5", nil) }, 401, false},
		{"unknown user", func(c *client) string { c.login = "mallory"; return c.digest("REGISTER", fresh(c), "MD5", nil) }, 401, false},
		{"disabled user", func(c *client) string {
			c.login, c.pass = "gone", "secret-gone"
			return c.digest("REGISTER", fresh(c), "SHA-256", nil)
		}, 403, false},
		{"disabled user, wrong password", func(c *client) string {
			c.login, c.pass = "gone", "guess"
			return c.digest("REGISTER", fresh(c), "SHA-256", nil)
		}, 401, false},
		{"digest of another method", func(c *client) string {
			return c.digest("REGISTER", fresh(c), "MD5", func(o *digest.Options) { o.Method = "INVITE" })
		}, 401, false},
		{"URI of another host", func(c *client) string {
			return c.digest("REGISTER", fresh(c), "MD5", func(o *digest.Options) { o.URI = "sip:other.example" })
		}, 400, false},
		{"URI of another user", func(c *client) string {
			return c.digest("REGISTER", fresh(c), "MD5", func(o *digest.Options) { o.URI = "sip:carol@127.0.0.1" })
		}, 400, false},
		{"URI without user and with default port", func(c *client) string {
			return c.digest("REGISTER", fresh(c), "MD5", func(o *digest.Options) { o.URI = "sip:127.0.0.1" })
		}, 0, false},
		{"nonce expired", func(c *client) string {
			a := fresh(c)
			c.now = c.now.Add(Default().Nonce + time.Second)
			return c.digest("REGISTER", a, "MD5", nil)
		}, 401, true},
		{"nonce of another source", func(c *client) string {
			a := fresh(c)
			c.from = other
			return c.digest("REGISTER", a, "MD5", nil)
		}, 401, true},
		{"nonce made up, right password", func(c *client) string {
			return c.digest("REGISTER", &answer{code: 401, headers: challengeWith("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")}, "MD5", nil)
		}, 401, true},
		{"nonce made up, wrong password", func(c *client) string {
			c.pass = "guess"
			return c.digest("REGISTER", &answer{code: 401, headers: challengeWith("short")}, "MD5", nil)
		}, 401, false},
		{"another realm", func(c *client) string {
			return strings.Replace(c.digest("REGISTER", fresh(c), "MD5", nil), `realm="tandem"`, `realm="other"`, 1)
		}, 401, false},
		{"no qop", func(c *client) string {
			return strings.Replace(c.digest("REGISTER", fresh(c), "MD5", nil), "qop=auth", "qop=none", 1)
		}, 401, false},
		{"an algorithm not offered", func(c *client) string {
			return strings.Replace(c.digest("REGISTER", fresh(c), "MD5", nil), "algorithm=MD5", "algorithm=SHA-512", 1)
		}, 401, false},
		{"MD5 of a SHA-256 digest", func(c *client) string {
			return strings.Replace(c.digest("REGISTER", fresh(c), "SHA-256", nil), "SHA-256", "MD5", 1)
		}, 401, false},
		{"not digest", func(*client) string { return "Authorization: Basic YWxpY2U6eA==" }, 401, false},
		{"garbage", func(*client) string { return `Authorization: Digest username="` }, 401, false},
		{"credentials in the wrong header", func(c *client) string {
			return "Proxy-" + c.digest("REGISTER", fresh(c), "MD5", nil)
		}, 401, false},
		{"ours behind those of another realm", func(c *client) string {
			a := c.digest("REGISTER", fresh(c), "MD5", nil)
			return strings.Replace(a, "tandem", "other", 1) + "\r\n" + a
		}, 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, nil)
			_, a := c.send("REGISTER", row.auth(c))
			if code(a) != row.code {
				t.Fatalf("got %v, want %d", a, row.code)
			}
			if row.code == 401 {
				if got := strings.Contains(a.headers[0].Value, "stale=true"); got != row.stale {
					t.Errorf("stale: got %v, want %v", got, row.stale)
				}
			}
		})
	}
}

func challengeWith(nonce string) []call.Header {
	c := digest.Challenge{Realm: "tandem", Nonce: nonce, Algorithm: "MD5", QOP: []string{"auth"}}
	return []call.Header{{Name: "WWW-Authenticate", Value: c.String()}}
}

func TestUnknownUserAndWrongPasswordLookTheSame(t *testing.T) {
	answers := map[string]string{}
	for _, login := range []string{"alice", "mallory"} {
		c := newClient(t, nil)
		c.login, c.pass = login, "guess"
		_, a := c.send("INVITE")
		_, a = c.send("INVITE", c.digest("INVITE", a, "SHA-256", nil))
		text := fmt.Sprint(a.code, a.phrase())
		for _, h := range a.headers {
			chal, err := digest.ParseChallenge(h.Value)
			if err != nil {
				t.Fatal(err)
			}
			chal.Nonce = ""
			text += "\n" + h.Name + chal.String()
		}
		answers[login] = text
	}
	if answers["alice"] != answers["mallory"] {
		t.Errorf("got %q and %q, want the same", answers["alice"], answers["mallory"])
	}
}

func TestCountsAreUsedOnce(t *testing.T) {
	c := newClient(t, nil)
	_, a := c.send("REGISTER")
	use := func(n int) *answer {
		_, got := c.send("REGISTER", c.digest("REGISTER", a, "MD5", func(o *digest.Options) { o.Count = n }))
		return got
	}
	for _, step := range []struct {
		nc int
		ok bool
	}{{1, true}, {1, false}, {2, true}, {5, true}, {4, true}, {4, false}, {3, true}, {100, true}, {30, false}, {99, true}, {100, false}} {
		if got := use(step.nc); (got == nil) != step.ok {
			t.Errorf("nc=%d: got %v, want right: %v", step.nc, got, step.ok)
		} else if !step.ok && !strings.Contains(got.headers[0].Value, "stale=true") {
			t.Errorf("nc=%d: got %v, want stale", step.nc, got)
		}
	}
}

func TestForgottenNoncesAreStale(t *testing.T) {
	n := newNonces(time.Hour)
	now := time.Now()
	first := n.make(now, home)
	if !n.use(now, home, first, 1) {
		t.Fatal("a fresh nonce was refused")
	}
	for i := range 2*usedNonces + 2 {
		at := now.Add(time.Duration(i+1) * time.Microsecond)
		if nonce := n.make(at, home); !n.use(at, home, nonce, 1) {
			t.Fatalf("nonce %d was refused", i)
		}
	}
	if kept := len(n.young) + len(n.old); kept > 2*usedNonces {
		t.Errorf("got %d kept, want at most %d", kept, 2*usedNonces)
	}
	if n.use(now.Add(time.Second), home, first, 1) {
		t.Error("a forgotten nonce could be replayed")
	}
}

func TestNonceCannotBeChanged(t *testing.T) {
	n := newNonces(time.Hour)
	now := time.Now()
	good := n.make(now, home)
	for i := range good {
		b := []byte(good)
		if b[i] = 'A'; good[i] == 'A' {
			b[i] = 'Q'
		}
		if n.use(now, home, string(b), 1) {
			t.Errorf("a nonce with byte %d changed was taken", i)
		}
	}
	if n.use(now, netip.MustParseAddr("::ffff:192.0.2.1"), good, 1) != true {
		t.Error("an IPv4 address in IPv6 form is another source")
	}
}

func TestGuessingIsThrottledPerSource(t *testing.T) {
	c := newClient(t, func(cfg *Config) { cfg.MaxGuesses, cfg.GuessWindow = 3, time.Minute })
	attempt := func(pass string) *answer {
		c.pass = pass
		_, a := c.send("REGISTER")
		_, a = c.send("REGISTER", c.digest("REGISTER", a, "MD5", nil))
		return a
	}
	for i := range 3 {
		if a := attempt(hex.EncodeToString([]byte{byte(i)})); code(a) != 401 {
			t.Fatalf("guess %d: got %v, want 401", i, a)
		}
	}
	a := attempt("secret-alice")
	if code(a) != 503 || !strings.Contains(headerLines(a.headers), "Retry-After: 2") {
		t.Fatalf("got %v %v, want 503 with Retry-After of some 20 s", a, headerLines(a.headers))
	}
	c.from = other
	if a := attempt("secret-alice"); a != nil {
		t.Errorf("the same account from elsewhere: got %v, want it let in", a)
	}
	c.from = home
	for range tellBurst {
		a = attempt("secret-alice")
	}
	if a == nil || !a.silent {
		t.Errorf("got %v for one who does not wait, want silence", a)
	}
	c.now = c.now.Add(21 * time.Second)
	if a := attempt("secret-alice"); a != nil {
		t.Errorf("after the wait: got %v, want it let in", a)
	}
}

func TestStrangersAreDroppedInTheEnd(t *testing.T) {
	c := newClient(t, nil)
	silent := 0
	for range strangerBurst + 5 {
		if _, a := c.send("INVITE"); a.silent {
			silent++
		}
	}
	if silent != 5 {
		t.Errorf("got %d dropped in silence, want 5", silent)
	}
	_, a := c.send("REGISTER")
	if code(a) != 401 {
		t.Fatalf("REGISTER: got %v, want a challenge still", a)
	}
	if _, a = c.send("REGISTER", c.digest("REGISTER", a, "MD5", nil)); a != nil {
		t.Fatal(a)
	}
	if _, a := c.send("INVITE"); code(a) != 407 {
		t.Errorf("a source that has shown credentials: got %v, want 407", a)
	}
}

func TestScannersAreDropped(t *testing.T) {
	c := newClient(t, nil)
	for agent, dropped := range map[string]bool{"friendly-scanner": true, "SIPVicious 0.3": true, "sipcli/v1.8": true, "Linphone/5.2": false, "": false} {
		_, a := c.send("OPTIONS", "User-Agent: "+agent)
		if a.silent != dropped {
			t.Errorf("%q: got %v, want dropped: %v", agent, a, dropped)
		}
	}
}

func TestSourcesAreBounded(t *testing.T) {
	g := newGuard(20, time.Minute)
	guesser := g.source(home)
	guesser.wrong(time.Now())
	for i := range 3 * keptSources {
		if i%(keptSources/2) == 0 && g.source(home) != guesser {
			t.Fatal("a source that keeps coming was forgotten")
		}
		g.source(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if got := len(g.young) + len(g.old); got > 2*keptSources+1 {
		t.Errorf("got %d sources kept, want at most %d", got, 2*keptSources)
	}
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:1")
	if g.source(a) != g.source(b) {
		t.Error("two addresses of one IPv6 network are two sources")
	}
}

func FuzzCredentials(f *testing.F) {
	f.Add(`Digest username="a", realm="tandem", nonce="x", uri="sip:h", qop=auth, nc=00000001, cnonce="c", response="d", algorithm=MD5`)
	f.Add(`Digest username="\"`)
	a := newAuthenticator(Default(), newBook())
	f.Fuzz(func(t *testing.T, v string) {
		c := parseCredentials(v)
		if c == nil {
			return
		}
		if _, ok := a.verify("REGISTER", c); ok {
			t.Errorf("%q was let in", v)
		}
		if a.nonces.use(time.Now(), home, c.nonce, c.nc) {
			t.Errorf("%q carries a nonce of ours", v)
		}
	})
}

func BenchmarkChallenge(b *testing.B) {
	c := newClient(b, nil)
	m, f := indexed(b, request("REGISTER"))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = c.a.authenticate(c.now, home, m, f)
	}
}

func indexed(tb testing.TB, raw string) (*transport.Message, *fields) {
	tb.Helper()
	m, err := transport.Index([]byte(raw))
	if err != nil {
		tb.Fatal(err)
	}
	f := new(fields)
	f.scan(&m)
	return &m, f
}
