package sipua

import (
	"strings"
	"testing"

	"tandem/switch/call"
)

func TestSettable(t *testing.T) {
	for _, row := range []struct {
		header call.Header
		ok     bool
	}{
		{call.Header{Name: "X-Account", Value: "7"}, true},
		{call.Header{Name: "X-RestComm-CallSid", Value: "CA1"}, true},
		{call.Header{Name: "Diversion", Value: "<sip:1@x>;reason=unknown"}, true},
		{call.Header{Name: "User-to-User", Value: "00;encoding=hex"}, true},
		{call.Header{Name: "Subject", Value: "Grüße\tan alle"}, true},
		{call.Header{Name: "Alert-Info", Value: "<http://x/ring.wav>"}, true},
		{call.Header{Name: "via", Value: "x"}, false},
		{call.Header{Name: "FROM", Value: "x"}, false},
		{call.Header{Name: "Contact", Value: "x"}, false},
		{call.Header{Name: "m", Value: "x"}, false},
		{call.Header{Name: "Content-Length", Value: "0"}, false},
		{call.Header{Name: "Content-Disposition", Value: "session"}, false},
		{call.Header{Name: "Proxy-Authorization", Value: "x"}, false},
		{call.Header{Name: "Authorization", Value: "x"}, false},
		{call.Header{Name: "P-Asserted-Identity", Value: "<sip:boss@h>"}, false},
		{call.Header{Name: "", Value: "x"}, false},
		{call.Header{Name: "X-A:B", Value: "x"}, false},
		{call.Header{Name: "X-A\r\nVia", Value: "x"}, false},
		{call.Header{Name: "X-A", Value: "a\r\nVia: x"}, false},
		{call.Header{Name: "X-A", Value: "a\nb"}, false},
		{call.Header{Name: "X-A", Value: "a\x00b"}, false},
		{call.Header{Name: "X-A", Value: "a\u0085b"}, false},
		{call.Header{Name: "X-A", Value: "a\xffb"}, false},
		{call.Header{Name: "X-A", Value: strings.Repeat("x", 2000)}, false},
	} {
		if err := settable(row.header); (err == nil) != row.ok {
			t.Errorf("%q: got %v, want settable: %v", row.header, err, row.ok)
		}
	}
}

func TestSettableOnlyTellsWhatIsDropped(t *testing.T) {
	dropped := 0
	kept := settableOnly([]call.Header{{Name: "X-A", Value: "1"}, {Name: "Via", Value: "2"}, {Name: "X-B", Value: "3\n"}}, func(error) { dropped++ })
	if len(kept) != 1 || kept[0].Name != "X-A" || dropped != 2 {
		t.Errorf("kept %v, dropped %d, want X-A and 2", kept, dropped)
	}
	if got := settableOnly([]call.Header{{Name: "Via"}}, nil); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestForwarded(t *testing.T) {
	for name, want := range map[string]bool{"X-Account": true, "x-a": true, "Diversion": true, "diversion": true, "X-": false, "Via": false, "Xylophone": false, "P-Asserted-Identity": false} {
		if got := forwarded(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestDiverted(t *testing.T) {
	for value, want := range map[string]string{
		"<sip:11223344@x>;reason=unknown":      "11223344",
		`"Front, desk" <sip:1@x>, <sip:2@x>`:   "1",
		"sip:alice%20b@x;reason=no-answer":     "alice b",
		"<tel:+15551234;ext=5>;reason=x":       "+15551234",
		"<mailto:a@b>":                         "",
		"":                                     "",
		"<sip:host.example>;reason=deflection": "",
	} {
		if got := diverted(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestReason(t *testing.T) {
	for _, row := range []struct {
		cause call.Cause
		want  string
	}{
		{call.Cause{}, ""},
		{call.CauseNormal, `Q.850;cause=16;text="Normal clearing"`},
		{call.CauseElsewhere, `SIP;cause=200;text="Call completed elsewhere"`},
		{call.Cause{By: call.ByFailure, Text: "No media"}, `Q.850;cause=41;text="No media"`},
		{call.Cause{Code: 486}, "SIP;cause=486"},
	} {
		got := reasonOf(row.cause)
		if got != row.want {
			t.Errorf("%+v: got %q, want %q", row.cause, got, row.want)
		}
		if got == "" {
			continue
		}
		if _, cause, text := parseReason(got); text != row.cause.Text || row.cause.Code != 0 && cause != row.cause.Code {
			t.Errorf("%q: read back as %d %q", got, cause, text)
		}
	}
}

func TestParseReason(t *testing.T) {
	for _, row := range []struct {
		value, protocol string
		cause           int
		text            string
	}{
		{`SIP ;cause=200 ;text="Call completed elsewhere"`, "SIP", 200, "Call completed elsewhere"},
		{`Q.850;cause=16;text="Terminated", SIP;cause=600`, "Q.850", 16, "Terminated"},
		{"SIP", "SIP", 0, ""},
		{"SIP;cause=-1", "SIP", 0, ""},
		{"SIP;cause=99999999999", "SIP", 0, ""},
		{"", "", 0, ""},
	} {
		protocol, cause, text := parseReason(row.value)
		if protocol != row.protocol || cause != row.cause || text != row.text {
			t.Errorf("%q: got %q %d %q", row.value, protocol, cause, text)
		}
	}
}

func TestSeconds(t *testing.T) {
	for value, want := range map[string]uint32{"0": 0, "3600": 3600, "0068": 68, "4294967296": 1<<32 - 1, "99999999999999999999999": 1<<32 - 1} {
		if got, ok := seconds(value); got != want || !ok {
			t.Errorf("%q: got %d, %v, want %d", value, got, ok, want)
		}
	}
	for _, value := range []string{"", "-1", "+1", "1.5", "0x10", "10 ", "ten"} {
		if got, ok := seconds(value); ok {
			t.Errorf("%q: got %d, want a refusal", value, got)
		}
	}
}

func FuzzHeaderText(f *testing.F) {
	f.Add("X-A", "value")
	f.Add("X-A", "a\r\nVia: b")
	f.Add("Reason", `SIP;cause=200;text="a\"b"`)
	f.Fuzz(func(t *testing.T, name, value string) {
		if got := clean(value); !safeText(got) {
			t.Errorf("clean(%q) is %q, which is not safe", value, got)
		}
		if settable(call.Header{Name: name, Value: value}) == nil && strings.ContainsAny(name+value, "\r\n\x00") {
			t.Errorf("%q: %q may be set", name, value)
		}
		if got := reasonValue("SIP", 480, value); strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("Reason %q", got)
		}
		_ = diverted(value)
		_, _, text := parseReason(value)
		if !safeText(text) {
			t.Errorf("Reason text %q of %q", text, value)
		}
	})
}
