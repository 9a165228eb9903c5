package sipua

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"tandem/switch/registrar"
	"tandem/switch/transport"
)

// forgetful is a registrar.Store that keeps nothing.
type forgetful struct{}

func (forgetful) SaveBinding(registrar.Binding)                         {}
func (forgetful) DeleteBinding(string, string)                          {}
func (forgetful) Bindings(context.Context) ([]registrar.Binding, error) { return nil, nil }

func newTestEdge() *edge {
	e := newEdge(Default(), Deps{Users: newBook(), Registrar: registrar.New(registrar.Default(), forgetful{}, slog.New(slog.DiscardHandler), nil)})
	return &e
}

var registers = 0

// signed sends a REGISTER of alice's, answers the challenge and returns what comes then.
func signed(tb testing.TB, e *edge, edits ...string) *answer {
	tb.Helper()
	registers++
	edits = append([]string{
		"=REGISTER sip:127.0.0.1 SIP/2.0", "To: <sip:alice@127.0.0.1>", "CSeq: " + strconv.Itoa(registers) + " REGISTER",
	}, edits...)
	m, f := indexed(tb, request("REGISTER", edits...))
	a := e.register(m, f)
	if a.code != 401 {
		return a
	}
	chal, err := digest.ParseChallenge(a.headers[0].Value)
	if err != nil {
		tb.Fatal(err)
	}
	cred, err := digest.Digest(chal, digest.Options{Method: "REGISTER", URI: "sip:127.0.0.1", Username: "alice", Password: "secret-alice", Count: 1})
	if err != nil {
		tb.Fatal(err)
	}
	m, f = indexed(tb, request("REGISTER", append(edits, "Authorization: "+cred.String())...))
	return e.register(m, f)
}

func contactsOf(a *answer) []string {
	var list []string
	for _, h := range a.headers {
		if h.Name == "Contact" {
			list = append(list, h.Value)
		}
	}
	return list
}

func TestRegisterAnswers(t *testing.T) {
	for _, row := range []struct {
		name     string
		edits    []string
		code     int
		contacts []string
	}{
		{"query", nil, 200, nil},
		{"default expiry", []string{"Contact: <sip:alice@192.0.2.1>"}, 200, []string{"<sip:alice@192.0.2.1>;expires=3600"}},
		{"Expires header", []string{"Contact: <sip:alice@192.0.2.1>", "Expires: 120"}, 200, []string{"<sip:alice@192.0.2.1>;expires=120"}},
		{"parameter beats header", []string{"Contact: <sip:alice@192.0.2.1>;expires=90", "Expires: 120"}, 200, []string{"<sip:alice@192.0.2.1>;expires=90"}},
		{"parameter in other writing", []string{"Contact: \"A, B\" <sip:alice@192.0.2.1> ; Expires = 90 ; Q = 0.5"}, 200, []string{"<sip:alice@192.0.2.1>;expires=90;q=0.5"}},
		{"without brackets", []string{"Contact: sip:alice@192.0.2.1;expires=90"}, 200, []string{"<sip:alice@192.0.2.1>;expires=90"}},
		{"malformed expiry is an hour", []string{"Contact: <sip:alice@192.0.2.1>", "Expires: soon"}, 200, []string{"<sip:alice@192.0.2.1>;expires=3600"}},
		{"endless expiry is cut", []string{"Contact: <sip:alice@192.0.2.1>;expires=1000000000000"}, 200, []string{"<sip:alice@192.0.2.1>;expires=7200"}},
		{
			"several, best first",
			[]string{"Contact: <sip:a@h1>;q=0.3, <sip:a@h2;transport=tcp>;q=0.8", "+Contact: <sip:a@h3>"},
			200,
			[]string{"<sip:a@h3>;expires=3600", "<sip:a@h2;transport=tcp>;expires=3600;q=0.8", "<sip:a@h1>;expires=3600;q=0.3"},
		},
		{
			"other parameters are kept",
			[]string{`Contact: <sip:a@h1;ob>;+sip.instance="<urn:uuid:1;2>";reg-id=1;expires=60`},
			200,
			[]string{`<sip:a@h1;ob>;expires=60;+sip.instance="<urn:uuid:1;2>";reg-id=1`},
		},
		{"removing what is not there", []string{"Contact: *", "Expires: 0"}, 200, nil},
		{"too brief", []string{"Contact: <sip:a@h1>;expires=5"}, 423, nil},
		{"* without Expires 0", []string{"Contact: *", "Expires: 60"}, 400, nil},
		{"* without Expires", []string{"Contact: *"}, 400, nil},
		{"* and another", []string{"Contact: *", "+Contact: <sip:a@h1>", "Expires: 0"}, 400, nil},
		{"* twice is *", []string{"Contact: *, *", "Expires: 0"}, 200, nil},
		{"contact of another scheme", []string{"Contact: <mailto:alice@h>"}, 400, nil},
		{"contact without host", []string{"Contact: <sip:>"}, 400, nil},
		{"q above 1", []string{"Contact: <sip:a@h>;q=1.001"}, 400, nil},
		{"headers in a contact without brackets", []string{"Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"}, 400, nil}, // RFC 4475 §3.1.2.12
		{"eleven contacts", []string{"Contact: " + strings.TrimSuffix(many(11), ", ")}, 403, nil},
		{"a hundred contacts", []string{"Contact: " + strings.TrimSuffix(many(100), ", ")}, 400, nil},
		{"somebody else's AOR", []string{"To: <sip:bob@127.0.0.1>", "Contact: <sip:a@h>"}, 403, nil},
		{"AOR with escapes, another host part", []string{"To: <sip:%61lice@example.com>", "Contact: <sip:a@h>;expires=60"}, 200, []string{"<sip:a@h>;expires=60"}},
		{"AOR of another scheme", []string{"To: <tel:+1555>", "Contact: <sip:a@h>"}, 403, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := signed(t, newTestEdge(), row.edits...)
			if a.code != row.code {
				t.Fatalf("got %v, want %d", a, row.code)
			}
			if got := contactsOf(a); strings.Join(got, "\n") != strings.Join(row.contacts, "\n") {
				t.Errorf("got %q, want %q", got, row.contacts)
			}
			if row.code == 200 {
				wantDate(t, a)
			}
			if row.code == 423 && !strings.Contains(headerLines(a.headers), "Min-Expires: 60") {
				t.Errorf("got %q, want Min-Expires", headerLines(a.headers))
			}
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("<sip:a@h" + strconv.Itoa(i) + ">, ")
	}
	return b.String()
}

func wantDate(t *testing.T, a *answer) {
	t.Helper()
	for _, h := range a.headers {
		if h.Name == "Date" {
			at, err := time.Parse(http.TimeFormat, h.Value)
			if err != nil || time.Since(at).Abs() > time.Minute {
				t.Errorf("Date: got %q", h.Value)
			}
			return
		}
	}
	t.Error("no Date")
}

func TestRegisterRefreshAndRemove(t *testing.T) {
	e := newTestEdge()
	for _, contact := range []string{"<sip:a@h1>", "<sip:a@h2>"} {
		if a := signed(t, e, "Contact: "+contact); a.code != 200 {
			t.Fatal(a)
		}
	}
	if got := len(contactsOf(signed(t, e))); got != 2 {
		t.Errorf("got %d contacts, want 2", got)
	}
	if got := contactsOf(signed(t, e, "Contact: <sip:a@H1>;expires=0")); len(got) != 1 || !strings.Contains(got[0], "h2") {
		t.Errorf("got %q, want only h2", got)
	}
	if got := contactsOf(signed(t, e, "Contact: *", "Expires: 0")); len(got) != 0 {
		t.Errorf("got %q, want none", got)
	}
}

func TestRegisterOutOfOrder(t *testing.T) {
	e := newTestEdge()
	if a := signed(t, e, "Contact: <sip:a@h1>", "CSeq: 9 REGISTER"); a.code != 200 {
		t.Fatal(a)
	}
	if a := signed(t, e, "Contact: <sip:a@h1>", "CSeq: 8 REGISTER"); a.code != 500 {
		t.Errorf("got %v, want 500", a)
	}
}

func TestRegisterWithoutRegistrar(t *testing.T) {
	e := newEdge(Default(), Deps{Users: newBook()})
	if a := signed(t, &e); a.code != 405 || !strings.Contains(headerLines(a.headers), "Allow") {
		t.Errorf("got %v, want 405 with Allow", a)
	}
}

func TestThousandths(t *testing.T) {
	for v, want := range map[string]int{"0": 0, "1": 1000, "0.5": 500, "0.333": 333, "1.000": 1000, ".7": 700, "0.": 0, "1.": 1000} {
		if got, err := thousandths(v); got != want || err != nil {
			t.Errorf("%q: got %d, %v, want %d", v, got, err, want)
		}
	}
	for _, v := range []string{"", ".", "2", "1.1", "0.1234", "-1", "0.x", "0,5", "1e0"} {
		if got, err := thousandths(v); err == nil {
			t.Errorf("%q: got %d, want an error", v, got)
		}
	}
}

// BenchmarkRegister is a whole registration with digest at the edge: index, checks, challenge, index, checks, digest, binding.
func BenchmarkRegister(b *testing.B) {
	e := newTestEdge()
	serve := func(raw string) *answer {
		m, err := transport.Index([]byte(raw))
		if err != nil {
			b.Fatal(err)
		}
		var f fields
		f.scan(&m)
		if a := e.validate(&m, &f); a != nil {
			b.Fatal(a)
		}
		return e.register(&m, &f)
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		edits := []string{
			"=REGISTER sip:127.0.0.1 SIP/2.0", "To: <sip:alice@127.0.0.1>", "Contact: <sip:alice@192.0.2.1:5060>",
			"Expires: 300", "User-Agent: phone", "Call-ID: c" + strconv.Itoa(n),
		}
		b.StopTimer()
		first := request("REGISTER", edits...)
		b.StartTimer()
		a := serve(first)
		b.StopTimer()
		chal, err := digest.ParseChallenge(a.headers[0].Value)
		if err != nil {
			b.Fatal(err)
		}
		cred, _ := digest.Digest(chal, digest.Options{Method: "REGISTER", URI: "sip:127.0.0.1", Username: "alice", Password: "secret-alice", Count: 1})
		second := request("REGISTER", append(edits, "Authorization: "+cred.String(), "CSeq: 2 REGISTER")...)
		b.StartTimer()
		if a := serve(second); a.code != 200 {
			b.Fatal(a)
		}
	}
}
