package offer_test

import (
	"net/netip"
	"strings"
	"testing"

	"tandem/media/offer"
)

var local = offer.Local{Addr: netip.MustParseAddr("192.0.2.1"), Port: 20000, RTCPPort: 20001, Session: 77}

// lines joins lines as they go over the wire.
func lines(l ...string) []byte { return []byte(strings.Join(l, "\r\n") + "\r\n") }

// body is a description with the given lines below t=.
func body(l ...string) []byte {
	return lines(append([]string{"v=0", "o=- 1 1 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0"}, l...)...)
}

// section is the part of a description from m=audio on.
func section(b []byte) string {
	_, m, _ := strings.Cut(string(b), "m=audio ")
	return "m=audio " + m
}

func must[T any](tb testing.TB) func(T, error) T {
	tb.Helper()
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func pcmu() []offer.Format {
	return []offer.Format{{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1}}
}

func TestAnswerTakesOneCodecAndEvents(t *testing.T) {
	n := offer.New(local)
	if err := n.ReceiveOffer(body("m=audio 4000 RTP/AVP 9 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15")); err != nil {
		t.Fatal(err)
	}
	got := string(must[[]byte](t)(n.Answer(nil, offer.SendRecv)))
	want := string(lines("v=0", "o=- 77 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 8 101",
		"a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=sendrecv"))
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	a := n.Agreed()
	if a.Remote.String() != "198.51.100.7:4000" || a.RemoteRTCP.String() != "198.51.100.7:4001" || len(a.Formats) != 2 || a.Private {
		t.Errorf("agreed %+v", a)
	}
}
