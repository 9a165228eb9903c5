package sipua

import (
	"fmt"
	"strings"
	"testing"

	"tandem/switch/call"
	"tandem/switch/transport"
)

// request writes a sound request of a method; edits are "Name: value" to set or add, "-Name" to
// remove, "+Name: value" to add a second, "=line" for another request line, "body:…" for a body.
func request(method string, edits ...string) string {
	line := method + " sip:bob@127.0.0.1:5060 SIP/2.0"
	headers := []string{
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtest;rport",
		"Max-Forwards: 70",
		"From: \"Alice\" <sip:alice@127.0.0.1>;tag=f1",
		"To: <sip:bob@127.0.0.1>",
		"Call-ID: c1@192.0.2.1",
		"CSeq: 1 " + method,
	}
	if method == "INVITE" || method == "UPDATE" {
		headers = append(headers, "Contact: <sip:alice@192.0.2.1:5060>")
	}
	switch method {
	case "BYE", "UPDATE", "INFO", "ACK":
		headers[3] += ";tag=t1"
	}
	body, length := "", -1
	for _, e := range edits {
		switch {
		case strings.HasPrefix(e, "="):
			line = e[1:]
		case strings.HasPrefix(e, "body:"):
			body = e[5:]
		case strings.HasPrefix(e, "length:"):
			_, _ = fmt.Sscanf(e, "length:%d", &length)
		case strings.HasPrefix(e, "+"):
			headers = append(headers, e[1:])
		default:
			headers = edit(headers, e)
		}
	}
	if length < 0 {
		length = len(body)
	}
	return fmt.Sprintf("%s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", line, strings.Join(headers, "\r\n"), length, body)
}

func edit(headers []string, e string) []string {
	name, _, set := strings.Cut(strings.TrimPrefix(e, "-"), ":")
	kept := headers[:0:0]
	done := false
	for _, h := range headers {
		if n, _, _ := strings.Cut(h, ":"); n != name {
			kept = append(kept, h)
		} else if set && !done {
			kept, done = append(kept, e), true
		}
	}
	if set && !done {
		kept = append(kept, e)
	}
	return kept
}

// checked indexes a message and runs the table. ok is false where the index gives nothing to answer.
func checked(raw string) (a *answer, ok bool) {
	m, err := transport.Index([]byte(raw))
	if err != nil && m.Method == "" {
		return nil, false
	}
	var f fields
	f.scan(&m)
	return validate(&m, &f), true
}

const sdpType = "Content-Type: application/sdp"

func TestChecks(t *testing.T) {
	for _, row := range []struct {
		name  string
		raw   string
		code  int // 0: passes
		wants string
	}{
		{"INVITE", request("INVITE"), 0, ""},
		{"INVITE with an offer", request("INVITE", sdpType, "body:v=0\r\n"), 0, ""},
		{"REGISTER", request("REGISTER"), 0, ""},
		{"BYE", request("BYE"), 0, ""},
		{"OPTIONS", request("OPTIONS"), 0, ""},
		{"compact names", request("INVITE", "-Via", "-From", "-To", "-Call-ID", "+v: SIP/2.0/UDP h;branch=z9hG4bK1", "+f: <sip:a@b>;tag=1", "+t: sip:c@d", "+i: x"), 0, ""},

		{"version 3.0", request("INVITE", "=INVITE sip:b@h SIP/3.0"), 505, ""},
		{"no version", request("INVITE", "=INVITE sip:b@h HTTP/1.1"), 400, ""},

		{"NUL", request("INVITE", "Subject: a\x00b"), 400, ""},
		{"escape", request("INVITE", "Subject: a\x1bb"), 400, "Control"},
		{"DEL", request("INVITE", "Subject: a\x7fb"), 400, "Control"},
		{"lone LF", request("INVITE", "Subject: a\nX-Evil: 1"), 400, ""},
		{"lone CR", request("INVITE", "Subject: a\rX-Evil: 1"), 400, ""},
		{"tab", request("INVITE", "Subject:\ta\tb"), 0, ""},
		{"UTF-8", request("INVITE", "From: \"Zoë\" <sip:z@h>;tag=1", "Subject: Grüße"), 0, ""},

		{"two From", request("INVITE", "+From: <sip:x@y>;tag=2"), 400, "Duplicate From"},
		{"two To, one compact", request("INVITE", "+t: <sip:x@y>"), 400, "Duplicate To"},
		{"two Call-ID", request("INVITE", "+Call-ID: again"), 400, "Duplicate Call-ID"},
		{"two CSeq", request("INVITE", "+CSeq: 2 INVITE"), 400, "Duplicate CSeq"},
		{"two Content-Length", request("INVITE", "+Content-Length: 0"), 400, "Duplicate Content-Length"},
		{"two Max-Forwards", request("INVITE", "+Max-Forwards: 1"), 400, "Duplicate Max-Forwards"},
		{"two Content-Type, one compact", request("INVITE", sdpType, "+c: text/plain", "body:x"), 400, "Duplicate"},
		{"two User-Agent", request("INVITE", "User-Agent: a", "+User-Agent: b"), 400, "Duplicate User-Agent"},
		{"two Session-Expires, one compact", request("INVITE", "Session-Expires: 90", "+x: 90"), 400, "Duplicate"},
		{"two Via", request("INVITE", "+Via: SIP/2.0/UDP h2;branch=z9hG4bK2"), 0, ""},

		{"CSeq of another method", request("INVITE", "CSeq: 1 OPTIONS"), 400, "CSeq"},
		{"CSeq 2^31", request("INVITE", "CSeq: 2147483648 INVITE"), 400, "CSeq"},
		{"CSeq 2^31-1", request("INVITE", "CSeq: 2147483647 INVITE"), 0, ""},
		{"CSeq no number", request("INVITE", "CSeq: one INVITE"), 400, "CSeq"},

		{"Via of another protocol", request("INVITE", "Via: HTTP/2.0/UDP h;branch=z9hG4bK1"), 400, "Via"},
		{"Via of another version", request("INVITE", "Via: SIP/7.0/UDP h;branch=z9hG4bK1"), 505, ""},
		{"Via with spaces", request("INVITE", "Via: SIP / 2.0 / UDP  h : 5060 ;branch=z9hG4bK1"), 0, ""},
		{"Via with an unknown transport", request("INVITE", "Via: SIP/2.0/PIGEON h;branch=z9hG4bK1"), 0, ""},
		{"Via without branch, RFC 2543", request("INVITE", "Via: SIP/2.0/UDP h"), 0, ""},
		{"Via without host", request("INVITE", "Via: SIP/2.0/UDP ;branch=z9hG4bK1"), 400, "Via"},
		{"Via with a port that is none", request("INVITE", "Via: SIP/2.0/UDP h:99999;branch=z9hG4bK1"), 400, "Via"},
		{"Via with IPv6", request("INVITE", "Via: SIP/2.0/UDP [2001:db8::9]:5060;branch=z9hG4bK1"), 0, ""},
		{"Via with broken IPv6", request("INVITE", "Via: SIP/2.0/UDP [2001:db8::9;branch=z9hG4bK1"), 400, "Via"},

		{"From without tag", request("INVITE", "From: <sip:alice@h>"), 400, "From Tag"},
		{"From with an empty tag", request("INVITE", "From: <sip:alice@h>;tag="), 400, "From Tag"},
		{"display name of tokens", request("INVITE", "From: Alice B. <sip:alice@h>;tag=1"), 0, ""},
		{"display name with a comma", request("INVITE", "From: Bell, Alexander <sip:a@h>;tag=1"), 400, "From"},
		{"open quote", request("INVITE", "To: \"Watson <sip:w@h>"), 400, "To"},
		{"open bracket", request("INVITE", "To: <sip:w@h"), 400, "To"},
		{"two addresses in To", request("INVITE", "To: <sip:a@h>, <sip:b@h>"), 400, "To"},
		{"To without scheme", request("INVITE", "To: <bob>"), 400, "To"},
		{"To of another scheme", request("INVITE", "To: <tel:+15551234>"), 0, ""},
		{"empty To", request("INVITE", "To:"), 400, "To"},
		{"From with a port that is none", request("INVITE", "From: <sip:a@h:x>;tag=1"), 400, "From"},
		{"Call-ID with a space", request("INVITE", "Call-ID: a b"), 400, "Call-ID"},
		{"Call-ID of a kilobyte", request("INVITE", "Call-ID: "+strings.Repeat("x", 1024)), 400, "Call-ID"},

		{"body shorter than announced", request("INVITE", sdpType, "body:v=0", "length:9999"), 400, "Content-Length"},
		{"body longer than announced", request("INVITE", sdpType, "body:v=0\r\nmore", "length:5"), 0, ""},

		{"unknown method", request("NEWMETHOD"), 501, "Allow"},
		{"method of an extension", request("SUBSCRIBE"), 405, "Allow"},
		{"PRACK", request("PRACK"), 405, "Allow"},
		{"lower case is another method", request("invite"), 501, "Allow"},

		{"unknown scheme", request("OPTIONS", "=OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416, ""},
		{"tel", request("INVITE", "=INVITE tel:+15551234 SIP/2.0"), 416, ""},
		{"sips", request("INVITE", "=INVITE sips:bob@h SIP/2.0"), 416, ""},
		{"URI in brackets", request("INVITE", "=INVITE <sip:bob@h> SIP/2.0"), 400, "Request-URI"},
		{"URI with a space", request("INVITE", "=INVITE sip:bob@h; lr SIP/2.0"), 400, ""},
		{"URI with headers", request("INVITE", "=INVITE sip:bob@h?Route=%3Csip:x%3E SIP/2.0"), 400, "Request-URI"},
		{"URI without host", request("INVITE", "=INVITE sip: SIP/2.0"), 400, "Request-URI"},
		{"URI with a port that is none", request("INVITE", "=INVITE sip:bob@h:x SIP/2.0"), 400, "Request-URI"},

		{"Max-Forwards 0", request("INVITE", "Max-Forwards: 0"), 483, ""},
		{"Max-Forwards 0 of a REGISTER, which has arrived", request("REGISTER", "Max-Forwards: 0"), 0, ""},
		{"Max-Forwards 0 of a re-INVITE, which has arrived", request("INVITE", "Max-Forwards: 0", "To: <sip:b@h>;tag=1"), 0, ""},
		{"no Max-Forwards", request("INVITE", "-Max-Forwards"), 0, ""},
		{"Max-Forwards 256", request("INVITE", "Max-Forwards: 256"), 400, "Max-Forwards"},
		{"Max-Forwards -1", request("INVITE", "Max-Forwards: -1"), 400, "Max-Forwards"},

		{"Require", request("INVITE", "Require: 100rel, nothingSupportsThis", "+Require: timer"), 420, "Unsupported: 100rel, nothingSupportsThis, timer"},
		{"Require in CANCEL", request("CANCEL", "Require: 100rel"), 0, ""},
		{"Require in ACK", request("ACK", "Require: 100rel"), 0, ""},
		{"Proxy-Require is not for us", request("INVITE", "Proxy-Require: nothing"), 0, ""},

		{"INVITE without Contact", request("INVITE", "-Contact"), 400, "Contact"},
		{"UPDATE without Contact", request("UPDATE", "-Contact"), 400, "Contact"},
		{"Contact *", request("INVITE", "Contact: *"), 400, "Contact"},
		{"two contacts", request("INVITE", "Contact: <sip:a@h>, <sip:b@h>"), 400, "Contact"},
		{"two Contact headers", request("INVITE", "+Contact: <sip:b@h>"), 400, "Contact"},
		{"Contact of another scheme", request("INVITE", "Contact: <mailto:a@h>"), 400, "Contact"},
		{"OPTIONS without Contact", request("OPTIONS"), 0, ""},

		{"body without type", request("INVITE", "body:v=0"), 400, "Content-Type"},
		{"body of another type", request("INVITE", "Content-Type: application/unknown", "body:x"), 415, "Accept: application/sdp"},
		{"type in capitals", request("INVITE", "Content-Type: APPLICATION/SDP;charset=utf-8", "body:v=0"), 0, ""},
		{"compressed body", request("INVITE", sdpType, "Content-Encoding: gzip", "body:x"), 415, "Accept-Encoding: identity"},
		{"compressed body, compact", request("INVITE", sdpType, "e: gzip", "body:x"), 415, "Accept-Encoding"},
		{"identity", request("INVITE", sdpType, "Content-Encoding: identity", "body:x"), 0, ""},
		{"INFO of any type", request("INFO", "Content-Type: application/dtmf-relay", "body:Signal=1"), 0, ""},
		{"BYE with a body nobody reads", request("BYE", "Content-Type: text/plain", "body:bye"), 0, ""},

		{"accepts only text", request("INVITE", "Accept: text/plain, text/nobodyKnowsThis"), 406, ""},
		{"accepts SDP among others", request("INVITE", "Accept: text/plain, application/sdp;q=0.1"), 0, ""},
		{"accepts anything", request("INVITE", "Accept: */*"), 0, ""},

		{"BYE outside a dialog", request("BYE", "To: <sip:b@h>"), 481, ""},
		{"INFO outside a dialog", request("INFO", "To: <sip:b@h>"), 481, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, ok := checked(row.raw)
			switch {
			case !ok:
				t.Fatal("the index gives nothing to answer")
			case a == nil && row.code != 0:
				t.Fatalf("passed, want %d", row.code)
			case a != nil && row.code == 0:
				t.Fatalf("got %v, want it to pass", a)
			case a == nil:
				return
			case a.code != row.code:
				t.Errorf("got %d (%v), want %d", a.code, a, row.code)
			}
			if !strings.Contains(a.phrase()+headerLines(a.headers), row.wants) {
				t.Errorf("got %q and %q, want %q", a.phrase(), headerLines(a.headers), row.wants)
			}
			if a.err == nil || !strings.Contains(a.err.Error(), "RFC 3261") {
				t.Errorf("got error %v, want one that names the section", a.err)
			}
		})
	}
}

func headerLines(list []call.Header) string {
	var b strings.Builder
	for _, h := range list {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	return b.String()
}

func TestACKIsNeverAnswered(t *testing.T) {
	for _, raw := range []string{
		request("ACK", "Max-Forwards: x"), request("ACK", "From: <sip:a@h>"), request("ACK", "To: <sip:b@h>"),
		request("ACK", "=ACK soap:x SIP/2.0"), request("ACK", "Subject: a\x01b"),
	} {
		if a, ok := checked(raw); ok && (a == nil || !a.silent) {
			t.Errorf("got %v, want silence for\n%s", a, raw)
		}
	}
}

func TestEveryServedMethodIsAllowed(t *testing.T) {
	for name, row := range methods {
		listed := false
		for m := range strings.SplitSeq(allowed, ", ") {
			listed = listed || m == name
		}
		if listed != row.served {
			t.Errorf("%s: in Allow %v, served %v", name, listed, row.served)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	m, err := transport.Index([]byte(request("INVITE", sdpType, "Allow: INVITE, ACK, BYE", "Supported: replaces", "User-Agent: x", "body:"+strings.Repeat("a=x\r\n", 60))))
	if err != nil {
		b.Fatal(err)
	}
	var f fields
	f.scan(&m)
	b.ReportAllocs()
	for b.Loop() {
		if a := validate(&m, &f); a != nil {
			b.Fatal(a)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(request("INVITE", sdpType, "body:v=0")))
	f.Add([]byte(request("REGISTER", "Contact: *", "Expires: 0")))
	for _, row := range torture {
		f.Add([]byte(row.raw))
	}
	f.Fuzz(func(_ *testing.T, raw []byte) {
		m, err := transport.Index(raw)
		if err != nil && m.Method == "" || m.Code != 0 {
			return
		}
		var fs fields
		fs.scan(&m)
		if a := validate(&m, &fs); a != nil && !a.silent {
			if a.code < 400 || a.code > 699 || !safeText(a.phrase()) {
				panic(a.Error())
			}
			for _, h := range a.headers {
				if !safeText(h.Value) {
					panic("unsafe header " + h.Value)
				}
			}
		}
		_, _ = registration(&m)
		_ = ownAOR(fs[headerTo], "alice")
		_ = diverted(fs[headerDiversion])
		_, _, _ = parseReason(fs[headerReason])
		_ = masked(raw)
	})
}
