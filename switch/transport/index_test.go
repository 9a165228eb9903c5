package transport_test

import (
	"errors"
	"strings"
	"testing"

	"tandem/switch/transport"
)

// lines makes a message of lines; the body follows an empty one.
func lines(l ...string) []byte { return []byte(strings.Join(l, "\r\n")) }

const sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"

var invite = lines(
	"INVITE sip:bob@192.0.2.2:5060;transport=udp SIP/2.0",
	"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKPjd3a7",
	"Max-Forwards: 70",
	`From: "Alice" <sip:alice@192.0.2.2>;tag=2eff`,
	"To: <sip:bob@192.0.2.2>",
	"Contact: <sip:alice@192.0.2.1:5060;ob>",
	"Call-ID: 9b0c1d83",
	"CSeq: 8412 INVITE",
	"Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS",
	"Supported: replaces, 100rel, timer, norefersub",
	"User-Agent: phone",
	"Content-Type: application/sdp",
	"Content-Length: 140",
	"", sdp)

func TestIndexRequest(t *testing.T) {
	m, err := transport.Index(invite)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Request() || string(m.Raw) != string(invite) || string(m.Content()) != sdp {
		t.Errorf("raw or body differ: body %q", m.Content())
	}
	for _, f := range []struct{ name, got, want string }{
		{"method", m.Method, "INVITE"},
		{"URI", m.URI, "sip:bob@192.0.2.2:5060;transport=udp"},
		{"Call-ID", m.CallID, "9b0c1d83"},
		{"branch", m.Branch, "z9hG4bKPjd3a7"},
		{"sent-by", m.SentBy, "192.0.2.1:5060"},
		{"From tag", m.FromTag, "2eff"},
		{"To tag", m.ToTag, ""},
		{"CSeq method", m.CSeqMethod, "INVITE"},
		{"duplicate", m.Duplicate, ""},
	} {
		if f.got != f.want {
			t.Errorf("%s %q, want %q", f.name, f.got, f.want)
		}
	}
	if m.CSeq != 8412 || m.ContentLength != len(sdp) || m.Vias != 1 || m.Code != 0 || m.Err != nil {
		t.Errorf("CSeq %d, length %d, vias %d, code %d, err %v", m.CSeq, m.ContentLength, m.Vias, m.Code, m.Err)
	}
}

func TestIndexResponse(t *testing.T) {
	m, err := transport.Index(lines("\r\n\r\nSIP/2.0 180 Ringing", "v: SIP/2.0/TCP a;branch=z9hG4bK1,SIP/2.0/UDP b", "Via: SIP/2.0/UDP c",
		"f:<sip:a@b>;tag=1", "t: sip:b@b;x=y;TAG = 2", "i:c", "CSeq: 0 INVITE", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	if m.Request() || m.Code != 180 || m.Vias != 3 || m.SentBy != "a" || m.FromTag != "1" || m.ToTag != "2" || m.ContentLength != -1 {
		t.Errorf("got %+v", m)
	}
	if m.Raw[0] != 'S' {
		t.Error("Raw begins with the CRLFs in front")
	}
}

// replace makes the INVITE with one header line changed.
func replace(header, with string) []byte {
	out := strings.Split(string(invite), "\r\n")
	for i, l := range out {
		if strings.HasPrefix(l, header) {
			out[i] = with
			return []byte(strings.Join(out, "\r\n"))
		}
	}
	panic("no line begins with " + header)
}

func TestIndexForms(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		ok   func(m transport.Message) bool
	}{
		{
			"white space in Via", replace("Via", "Via : SIP / 2.0 / UDP  host : 5060 ; foo ; branch = z9hG4bK1 ; x"),
			func(m transport.Message) bool { return m.SentBy == "host : 5060" && m.Branch == "z9hG4bK1" },
		},
		{
			"folded Via", replace("Via", "Via: SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\r\n\t, SIP/2.0/UDP\r\n i"),
			func(m transport.Message) bool { return m.SentBy == "h" && m.Branch == "z9hG4bK1" && m.Vias == 2 },
		},
		{
			"comma in a quoted Via parameter", replace("Via", `Via: SIP/2.0/UDP h;x="a,\",b";branch=z9hG4bK1`),
			func(m transport.Message) bool { return m.Vias == 1 && m.Branch == "z9hG4bK1" },
		},
		{
			"IPv6 sent-by", replace("Via", "Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=1"),
			func(m transport.Message) bool { return m.SentBy == "[2001:db8::1]:5060" && m.Branch == "1" },
		},
		{
			"no branch", replace("Via", "Via: SIP/2.0/UDP h"),
			func(m transport.Message) bool { return m.SentBy == "h" && m.Branch == "" },
		},
		{
			"second branch", replace("Via", "Via: SIP/2.0/UDP h;branch=a;branch=b, SIP/2.0/UDP i;branch=c"),
			func(m transport.Message) bool { return m.Branch == "a" && m.Vias == 2 },
		},
		{
			"tag within the URI", replace("From", "From: <sip:a@b;tag=no>;tag=yes"),
			func(m transport.Message) bool { return m.FromTag == "yes" },
		},
		{
			"tag within the name", replace("From", `From: "x\";tag=no" <sip:a@b>;q="a;tag=no";tag=yes`),
			func(m transport.Message) bool { return m.FromTag == "yes" },
		},
		{
			"addr-spec", replace("From", "From: sip:a@b;tag=yes"),
			func(m transport.Message) bool { return m.FromTag == "yes" },
		},
		{
			"no tag", replace("From", "From: <sip:a@b;tag=no>;gat=x;tagged=y"),
			func(m transport.Message) bool { return m.FromTag == "" },
		},
		{
			"folded Call-ID", replace("Call-ID", "Call-ID:\r\n  x@y"),
			func(m transport.Message) bool { return m.CallID == "x@y" },
		},
		{
			"folded CSeq", replace("CSeq", "CSEQ: 5\r\n INVITE"),
			func(m transport.Message) bool { return m.CSeq == 5 && m.CSeqMethod == "INVITE" },
		},
		{
			"highest CSeq", replace("CSeq", "CSeq: 2147483647 INVITE"),
			func(m transport.Message) bool { return m.CSeq == 1<<31-1 },
		},
		{
			"compact", replace("Content-Length", "l:7"),
			func(m transport.Message) bool { return m.ContentLength == 7 && len(m.Content()) == 7 },
		},
		{
			"no Content-Length", replace("Content-Length", "X-L: 1"),
			func(m transport.Message) bool { return m.ContentLength == -1 && string(m.Content()) == sdp },
		},
		{
			"more than the body says", append(append([]byte{}, invite...), "trailing"...),
			func(m transport.Message) bool { return string(m.Content()) == sdp },
		},
		{
			"twice From", replace("To", "To: <sip:b@b>\r\nf: <sip:c@d>;tag=x"),
			func(m transport.Message) bool { return m.Duplicate == "From" && m.FromTag == "2eff" },
		},
		{
			"twice Max-Forwards", replace("To", "To: <sip:b@b>\r\nmax-forwards: 1"),
			func(m transport.Message) bool { return m.Duplicate == "Max-Forwards" },
		},
		{
			"escaped and Latin-1 octets", replace("From", "From: \"J\xf6rg\" <sip:j%00rg@b>;tag=1"),
			func(m transport.Message) bool { return m.FromTag == "1" },
		},
		{
			"mixed case", replace("Call-ID", "cALL-iD: q"),
			func(m transport.Message) bool { return m.CallID == "q" },
		},
	} {
		m, err := transport.Index(tt.in)
		if err != nil || m.Err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if !tt.ok(m) {
			t.Errorf("%s: got %+v", tt.name, m)
		}
	}
}

// What is broken but can be answered comes with its Message.
func TestIndexAnswerable(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		code         int
		in           []byte
	}{
		{"another version", "", 505, replace("INVITE", "INVITE sip:a@b SIP/7.0")},
		{"no version", "", 400, replace("INVITE", "INVITE sip:a@b")},
		{"not SIP", "", 400, replace("INVITE", "INVITE sip:a@b HTTP/1.1")},
		{"white space in the URI", "", 400, replace("INVITE", "INVITE sip:a@b ;x SIP/2.0")},
		{"two blanks", "", 400, replace("INVITE", "INVITE  sip:a@b SIP/2.0")},
		{"blank behind the version", "", 400, replace("INVITE", "INVITE sip:a@b SIP/2.0 ")},
		{"Content-Length beyond the datagram", "Content-Length", 400, replace("Content-Length", "Content-Length: 141")},
		{"negative Content-Length", "Content-Length", 400, replace("Content-Length", "Content-Length: -1")},
		{"huge Content-Length", "Content-Length", 400, replace("Content-Length", "Content-Length: 99999999999999999999")},
		{"CSeq too high", "CSeq", 400, replace("CSeq", "CSeq: 2147483648 INVITE")},
		{"CSeq of another method", "CSeq", 400, replace("CSeq", "CSeq: 1 BYE")},
		{"CSeq without a method", "CSeq", 400, replace("CSeq", "CSeq: 1")},
		{"CSeq without a blank", "CSeq", 400, replace("CSeq", "CSeq: 1INVITE")},
		{"Via of another protocol", "Via", 400, replace("Via", "Via: HTTP/2.0/UDP h")},
		{"Via without sent-by", "Via", 400, replace("Via", "Via: SIP/2.0/UDP ;branch=1")},
		{"Via with an open quote", "Via", 400, replace("Via", `Via: SIP/2.0/UDP h;x="a`)},
		{"From with an open quote", "From", 400, replace("From", `From: "Alice <sip:a@b>;tag=1`)},
		{"From with an open bracket", "From", 400, replace("From", `From: <sip:a@b;tag=1`)},
		{"To without a value", "To", 400, replace("To", `To:`)},
		{"Call-ID with a blank", "Call-ID", 400, replace("Call-ID", `Call-ID: a b`)},
		{"a line without colon", "", 400, replace("User-Agent", "User-Agent phone")},
		{"a line with LF only", "", 400, replace("User-Agent", "User-Agent: a\nX: b")},
		{"a CR alone", "", 400, replace("User-Agent", "User-Agent: a\rX: b")},
		{"a NUL", "", 400, replace("User-Agent", "User-Agent: a\x00b")},
		{"too many lines", "", 513, replace("User-Agent", strings.Repeat("X: y\r\n", 600)+"Y: z")},
		{"too long a head", "", 513, replace("User-Agent", "X: "+strings.Repeat("y", 40000))},
		{"no empty line", "", 400, []byte(strings.SplitAfter(string(invite), "Content-Length: 140\r\n")[0])},
	} {
		m, err := transport.Index(tt.in)
		var bad *transport.SyntaxError
		if !errors.As(err, &bad) || m.Err == nil {
			t.Errorf("%s: error %v, kept %v", tt.name, err, m.Err)
			continue
		}
		if bad.Header != tt.header || bad.Code != tt.code || bad.Error() == "" {
			t.Errorf("%s: %v (%s, %d), want %s, %d", tt.name, err, bad.Header, bad.Code, tt.header, tt.code)
		}
		if m.Method != "INVITE" || m.CallID == "" || m.Raw == nil {
			t.Errorf("%s: cannot be answered: %+v", tt.name, m)
		}
	}
}

// What cannot be answered, and any broken response, comes without a Message.
func TestIndexUnanswerable(t *testing.T) {
	response := func(header, with string) []byte {
		return []byte(strings.Replace(string(replace(header, with)), "INVITE sip:bob@192.0.2.2:5060;transport=udp SIP/2.0", "SIP/2.0 200 OK", 1))
	}
	if _, err := transport.Index(response("Max", "Max-Forwards: 1")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"nothing", nil},
		{"CRLF", []byte("\r\n\r\n")},
		{"one line", []byte("INVITE sip:a@b SIP/2.0\r\n\r\n")},
		{"no Via", replace("Via", "X: y")},
		{"no From", replace("From", "X: y")},
		{"no To", replace("To", "X: y")},
		{"no Call-ID", replace("Call-ID", "X: y")},
		{"empty Call-ID", replace("Call-ID", "Call-ID: ")},
		{"no CSeq", replace("CSeq", "X: y")},
		{"no method", replace("INVITE", " sip:a@b SIP/2.0")},
		{"a method of strange octets", replace("INVITE", "IN@VITE sip:a@b SIP/2.0")},
		{"response with a short body", response("Content-Length", "Content-Length: 1000")},
		{"response with a broken CSeq", response("CSeq", "CSeq: x")},
		{"response of another version", []byte(strings.Replace(string(response("Max", "X: y")), "SIP/2.0 200", "SIP/3.0 200", 1))},
		{"response code 99", []byte(strings.Replace(string(response("Max", "X: y")), " 200 OK", " 099 OK", 1))},
		{"response code 2000", []byte(strings.Replace(string(response("Max", "X: y")), " 200 OK", " 2000 OK", 1))},
	} {
		if m, err := transport.Index(tt.in); err == nil || m.Raw != nil {
			t.Errorf("%s: error %v, message %+v", tt.name, err, m)
		}
	}
}

func TestIndexAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _, _ = transport.Index(invite) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestShardOf(t *testing.T) {
	var hits [4]int
	for i := range 4000 {
		n := transport.ShardOf(strings.Repeat("x", i%70)+string(rune(i)), 4)
		if n != transport.ShardOf(strings.Repeat("x", i%70)+string(rune(i)), 4) {
			t.Fatal("not the same twice")
		}
		hits[n]++
	}
	for n, h := range hits {
		if h < 800 {
			t.Errorf("shard %d got %d of 4000", n, h)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transport.Index(invite); err != nil {
			b.Fatal(err)
		}
	}
}
