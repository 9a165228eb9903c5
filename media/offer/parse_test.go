package offer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/media/offer"
)

func TestSyntaxErrorsNameLineAndProblem(t *testing.T) {
	audio := "m=audio 4000 RTP/AVP 0 96"
	for _, c := range []struct {
		name    string
		body    []byte
		line    int
		problem string
	}{
		{"nothing", nil, 0, "empty"},
		{"blank", []byte("\r\n\r\n"), 0, "empty"},
		{"too long", []byte("v=0\r\n" + strings.Repeat("a=x\r\n", 20000)), 0, "longer than 65536 bytes"},
		{"not SDP", []byte("hello"), 1, "not of the form x=value"},
		{"another version", lines("v=1"), 1, "begins with v=0"},
		{"no version", lines("o=- 1 1 IN IP4 192.0.2.1"), 1, "begins with v=0"},
		{"NUL", body(audio, "a=fmtp:96 a\x00b"), 7, "control character"},
		{"CR within", body("a=x\ra=y", audio), 6, "control character"},
		{"one letter", body(audio, "a"), 7, "not of the form x=value"},
		{"m= short", body("m=audio 4000 RTP/AVP"), 6, "not of the form m="},
		{"m= port", body("m=audio 70000 RTP/AVP 0"), 6, "port is not a number"},
		{"m= port negative", body("m=audio -1 RTP/AVP 0"), 6, "port is not a number"},
		{"m= format", body("m=audio 4000 RTP/AVP 0 opus"), 6, "payload type is not a number"},
		{"m= format 128", body("m=audio 4000 RTP/AVP 128"), 6, "payload type is not a number"},
		{"many media", body(strings.TrimSuffix(strings.Repeat("m=audio 4000 RTP/AVP 0\r\n", 33), "\r\n")), 38, "more than 32 media lines"},
		{"c= family", body("c=IN IP5 1.2.3.4", audio), 6, "not of the form c="},
		{"c= short", body(audio, "c=IN IP4"), 7, "not of the form c="},
		{"no c=", lines("v=0", "s=-", "t=0 0", audio), 4, "no c= line"},
		{"rtpmap number", body(audio, "a=rtpmap:x opus/48000/2"), 7, "payload type is not a number"},
		{"rtpmap rate", body(audio, "a=rtpmap:96 opus/fast"), 7, "not of the form a=rtpmap"},
		{"rtpmap no rate", body(audio, "a=rtpmap:96 opus"), 7, "not of the form a=rtpmap"},
		{"rtpmap name", body(audio, "a=rtpmap:96 o pus/48000"), 7, "not of the form a=rtpmap"},
		{"rtpmap channels", body(audio, "a=rtpmap:96 opus/48000/0"), 7, "number of channels"},
		{"fmtp number", body(audio, "a=fmtp:999 x"), 7, "payload type is not a number"},
		{"rtcp port", body(audio, "a=rtcp:none"), 7, "port is not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := offer.Parse(c.body)
			e, ok := errors.AsType[*offer.SyntaxError](err)
			if !ok || e.Line != c.line || !strings.Contains(e.Problem, c.problem) {
				t.Errorf("got %v, want line %d: %s", err, c.line, c.problem)
			}
			if errors.Is(err, offer.ErrNotAcceptable) {
				t.Error("a broken body is a 400, not a 488")
			}
		})
	}
}

func TestSyntaxErrorReadsWell(t *testing.T) {
	_, err := offer.Parse(body("m=audio many RTP/AVP 0"))
	if want := `sdp line 6 "m=audio many RTP/AVP 0": port is not a number up to 65535`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestParseReadsAudio(t *testing.T) {
	d := must[*offer.Description](t)(offer.Parse(body("a=inactive", "m=audio 4000/2 RTP/AVP 0 96 96 97 34 18", "c=IN IP4 203.0.113.5/127",
		"a=recvonly", "a=rtpmap:96 OPUS/48000/2 ", "a=fmtp:96  a=1; b = 2", "a=rtpmap:55 unlisted/8000", "a=ptime:22.5", "a=maxptime:-3",
		"a=rtcp:5000 IN IP4 203.0.113.6", "a=rtcp-mux", "m=video 5000 RTP/AVP 96", "a=rtpmap:96 nonsense", "c=nonsense")))
	if len(d.Media) != 2 || d.Media[1].Kind != "video" || d.Media[1].Formats != nil {
		t.Fatalf("media %+v", d.Media)
	}
	m := d.Media[0]
	want := []offer.Format{
		{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
		{PayloadType: 96, Name: "OPUS", ClockRate: 48000, Channels: 2, Fmtp: "a=1; b = 2"},
		{PayloadType: 97},
		{PayloadType: 34},
		{PayloadType: 18, Name: "G729", ClockRate: 8000, Channels: 1},
	}
	if len(m.Formats) != len(want) {
		t.Fatalf("formats %+v", m.Formats)
	}
	for i := range want {
		if m.Formats[i] != want[i] {
			t.Errorf("format %d: %+v, want %+v", i, m.Formats[i], want[i])
		}
	}
	if m.Port != 4000 || m.Addr.String() != "203.0.113.5" || m.Direction != offer.RecvOnly || !m.Mux || m.RTCPPort != 5000 ||
		m.RTCPAddr.String() != "203.0.113.6" || m.Ptime != 22500*time.Microsecond || m.MaxPtime != 0 {
		t.Errorf("media %+v", m)
	}
}

// What phones write beside the grammar, and mean no harm by.
func TestParseTolerates(t *testing.T) {
	audio := "m=audio 4000 RTP/AVP 0"
	for name, b := range map[string][]byte{
		"LF only":               []byte("v=0\nc=IN IP4 198.51.100.7\n" + audio + "\n"),
		"no last line end":      []byte(strings.TrimSpace(string(body(audio)))),
		"blank lines":           body("", audio, ""),
		"blanks behind":         body(audio + "  "),
		"no o=, s=, t=":         lines("v=0", "c=IN IP4 198.51.100.7", audio),
		"c= behind t=":          lines("v=0", "o=x", "t=0 0", "c=IN IP4 198.51.100.7", audio),
		"odd o=":                lines("v=0", "o=me a1 -5 IN IP4 pc", "c=IN IP4 198.51.100.7", audio),
		"odd b=":                body("b=FOO:64.5", audio),
		"unknown letter":        body("x=1", audio),
		"empty attribute":       body("a=", audio, "a=", "a=:"),
		"lower case c=":         body("c=in ip4 198.51.100.7", audio),
		"T.38 beside":           body(audio, "m=image 5000 udptl t38"),
		"lower case profile":    body("m=audio 4000 rtp/avp 0"),
		"IPv4 in IPv6":          body(audio, "c=IN IP6 ::ffff:198.51.100.7"),
		"ptime nonsense":        body(audio, "a=ptime:NaN", "a=ptime:99999999999999999999"),
		"rtpmap slash":          body(audio, "a=rtpmap:0 PCMU/8000/"),
		"wrong c= of the other": body(audio, "m=video 1 RTP/AVP 99", "c=IN IP9 x"),
	} {
		n := offer.New(local)
		if err := n.ReceiveOffer(b); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := n.Answer(nil, offer.SendRecv); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := n.Agreed().Remote.String(); got != "198.51.100.7:4000" {
			t.Errorf("%s: remote %s", name, got)
		}
	}
}
