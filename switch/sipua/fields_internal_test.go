package sipua

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tandem/switch/transport"
)

func TestHeadersAreFound(t *testing.T) {
	raw := "INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP one;branch=z9hG4bKx\r\nVIA: SIP/2.0/UDP two\r\nf:  \"A, B\" <sip:a@b>;tag=1\r\n" +
		"To: <sip:b@c>\r\nSubject: long\r\n  and\r\n\tlonger\r\nm: <sip:a@b>\r\nc: application/sdp\r\nno colon here\r\nX-Y : z\r\n\r\nVia: not a header"
	m := &transport.Message{Raw: []byte(raw), Body: strings.Index(raw, "\r\n\r\n") + 4}
	var f fields
	f.scan(m)
	for id, want := range map[headerID]string{
		headerVia: "SIP/2.0/UDP one;branch=z9hG4bKx", headerFrom: `"A, B" <sip:a@b>;tag=1`, headerTo: "<sip:b@c>",
		headerContact: "<sip:a@b>", headerContentType: "application/sdp", headerRoute: "",
	} {
		if f[id] != want {
			t.Errorf("%s: got %q, want %q", headerNames[id], f[id], want)
		}
	}
	var names, values []string
	for l := linesOf(m); l.next(); {
		names, values = append(names, l.name), append(values, l.value)
	}
	if want := []string{"v", "VIA", "f", "To", "Subject", "m", "c", "X-Y"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if values[4] != "long and longer" {
		t.Errorf("got %q", values[4])
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	raw := []byte("BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP one\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: 1\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")
	m := &transport.Message{Raw: raw, Body: len(raw)}
	var f fields
	if n := testing.AllocsPerRun(100, func() { f.scan(m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ in, display, uri, params string }{
		{`<sip:a@b>;tag=1`, "", "sip:a@b", ";tag=1"},
		{`"A \"quoted\" <name>" <sip:a@b;x=y>;tag=1`, `A "quoted" <name>`, "sip:a@b;x=y", ";tag=1"},
		{`Bob <sip:b@c>`, "Bob", "sip:b@c", ""},
		{`sip:a@b;tag=1`, "", "sip:a@b", "tag=1"},
		{`<sip:broken`, "", "sip:broken", ""},
		{``, "", "", ""},
	} {
		d, u, p := cutAddress(tt.in)
		if d != tt.display || u != tt.uri || p != tt.params {
			t.Errorf("%s: got %q %q %q", tt.in, d, u, p)
		}
	}
}

func TestLists(t *testing.T) {
	for in, want := range map[string][]string{
		`<sip:a>, <sip:b,c>;x="1,2" ,<sip:d>`: {`<sip:a>`, `<sip:b,c>;x="1,2"`, `<sip:d>`},
		`"\",\"" <sip:a>`:                     {`"\",\"" <sip:a>`},
		`a`:                                   {"a"},
	} {
		var got []string
		for rest := in; rest != ""; {
			var v string
			v, rest = cutList(rest)
			got = append(got, v)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestURIs(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want uri
		ok   bool
	}{
		{"sip:bob@192.0.2.1:5062;transport=tcp?x=y", uri{user: "bob", host: "192.0.2.1", port: 5062, params: "transport=tcp"}, true},
		{"SIPS:example.com", uri{secure: true, host: "example.com"}, true},
		{"sip:bob:secret@[2001:db8::1]:5060", uri{user: "bob", host: "2001:db8::1", port: 5060}, true},
		{"sip:[2001:db8::1];lr", uri{host: "2001:db8::1", params: "lr"}, true},
		{"sip:a@b@c", uri{user: "a@b", host: "c"}, true},
		{"tel:+49", uri{}, false},
		{"sip:", uri{}, false},
		{"sip:bob@host:99999", uri{}, false},
		{"sip:[::1", uri{}, false},
		{"bob", uri{}, false},
	} {
		got, ok := parseURI(tt.in)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: got %+v %v", tt.in, got, ok)
		}
	}
}

func TestUserParts(t *testing.T) {
	for plain, escaped := range map[string]string{"bob": "bob", "+4930": "+4930", "a b": "a%20b", "ü": "%C3%BC", "*1#": "*1#", "a@b>": "a%40b%3E", "a\r\nb": "a%0D%0Ab"} {
		if got := string(appendEscaped(nil, plain)); got != escaped {
			t.Errorf("%q: got %q, want %q", plain, got, escaped)
		}
		if got := unescape(escaped); got != plain {
			t.Errorf("%q: got %q, want %q", escaped, got, plain)
		}
	}
}

func TestBehindNAT(t *testing.T) {
	for _, tt := range []struct {
		named, source string
		want          bool
	}{
		{"192.168.1.5", "203.0.113.9", true},
		{"10.0.0.1", "10.0.0.2", false},
		{"203.0.113.8", "203.0.113.9", false},
		{"127.0.0.1", "192.168.1.5", true},
		{"100.64.3.4", "203.0.113.9", true},
		{"169.254.1.1", "10.0.0.1", true},
		{"0.0.0.0", "127.0.0.1", true},
		{"203.0.113.9", "192.168.1.5", false},
		{"fe80::1", "2001:db8::1", true},
	} {
		if got := behindNAT(netip.MustParseAddr(tt.named), netip.MustParseAddr(tt.source)); got != tt.want {
			t.Errorf("%s from %s: got %v", tt.named, tt.source, got)
		}
	}
}

// FuzzHeaders reads a stranger's header with all that is ours.
func FuzzHeaders(f *testing.F) {
	for _, s := range []string{
		`"A \"q\" <n>" <sip:a@b;x=y?h=v>;tag=1, <sip:c>`, "sip:a:b@[::1]:5060;lr", "Digest realm=\"a\\\"b\", x", "a\r\n b\r\n\tc", ";;==\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw := "INVITE sip:a@b SIP/2.0\r\nVia: " + s + "\r\nFrom: " + s + "\r\nRecord-Route: " + s + "\r\n\r\n"
		m := &transport.Message{Raw: []byte(raw), Body: len(raw), SentBy: s}
		var all fields
		all.scan(m)
		routeSet(m, true)
		identityOf(s)
		if target, ok := targetOf(s); ok && strings.ContainsAny(target, "\r\n\x00<> ") && !strings.ContainsAny(s, "\x00") {
			t.Errorf("target %q of %q", target, s)
		}
		for rest, n := s, 0; rest != ""; n++ {
			if _, rest = cutList(rest); n > len(s) {
				t.Fatal("a list without end")
			}
		}
		for rest, n := s, 0; rest != ""; n++ {
			if _, rest = cutParam(rest); n > len(s) {
				t.Fatal("parameters without end")
			}
		}
		if q := string(appendQuoted(nil, s)); strings.ContainsAny(q, "\r\n\x00") {
			t.Errorf("%q gets out of its header", q)
		}
		appendTopVia(nil, s, m)
		digitOf("application/dtmf-relay", []byte(s))
	})
}
