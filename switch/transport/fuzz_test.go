package transport_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"tandem/switch/transport"
)

// Whatever Index takes is consistent, and its strings are views into Raw.
func FuzzIndex(f *testing.F) {
	f.Add(invite)
	f.Add(lines("SIP/2.0 200 OK", "v: SIP/2.0/TCP a;branch=z9hG4bK1,SIP/2.0/UDP b", "f:<sip:a@b>;tag=1", "t: \"a\\\"\" <sip:b@b>;tag=2", "i:c", "CSeq: 0 INVITE", "", ""))
	f.Add(replace("Via", "Via: SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\r\n\t, SIP/2.0/UDP\r\n i"))
	f.Add(replace("Content-Length", "Content-Length: 999999999999999"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := transport.Index(b)
		if err != nil && m.Raw == nil {
			return
		}
		if !errors.Is(m.Err, err) {
			t.Fatalf("error %v, kept %v", err, m.Err)
		}
		if m.Body < 0 || m.Body > len(m.Raw) {
			t.Fatalf("body at %d of %d", m.Body, len(m.Raw))
		}
		for _, s := range []string{m.Method, m.URI, m.CallID, m.Branch, m.SentBy, m.FromTag, m.ToTag, m.CSeqMethod} {
			if s != "" && !within(s, m.Raw) {
				t.Fatalf("%q is no view into Raw", s)
			}
		}
		if m.CallID == "" || m.Request() && m.Method == "" {
			t.Fatalf("no Call-ID or method: %+v", m)
		}
		if err != nil {
			if !m.Request() {
				t.Fatal("a broken response comes with its message")
			}
			return
		}
		consistent(t, m)
	})
}

func within(s string, b []byte) bool {
	at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return at >= start && at+uintptr(len(s)) <= start+uintptr(len(b))
}

func consistent(t *testing.T, m transport.Message) {
	t.Helper()
	head := string(m.Raw[:m.Body])
	if !strings.HasSuffix(head, "\r\n\r\n") || strings.Contains(head[:len(head)-4], "\r\n\r\n") {
		t.Fatalf("the head does not end with its first empty line: %q", head)
	}
	if strings.Count(head, "\r") != strings.Count(head, "\r\n") || strings.Count(head, "\n") != strings.Count(head, "\r\n") {
		t.Fatal("a CR or LF stands alone")
	}
	if m.ContentLength >= 0 && len(m.Content()) != m.ContentLength {
		t.Fatalf("%d bytes of body, Content-Length %d", len(m.Content()), m.ContentLength)
	}
	if m.Request() != strings.HasPrefix(head, m.Method+" "+m.URI+" ") && m.Request() {
		t.Fatalf("request line %q", head)
	}
	if m.Request() && (m.Method != m.CSeqMethod || m.URI == "") || !m.Request() && (m.Code < 100 || m.Code > 699) {
		t.Fatalf("got %+v", m)
	}
	if m.Vias < 1 || m.SentBy == "" || m.CSeq >= 1<<31 {
		t.Fatalf("vias %d, sent-by %q, CSeq %d", m.Vias, m.SentBy, m.CSeq)
	}
	again, err := transport.Index(m.Raw)
	if err != nil || again.CallID != m.CallID || again.Body != m.Body || len(again.Raw) != len(m.Raw) || again.Branch != m.Branch {
		t.Fatalf("indexed again: %v, %+v", err, again)
	}
}
