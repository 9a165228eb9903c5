package offer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/media/offer"
)

func TestOfferDefault(t *testing.T) {
	n := offer.New(local)
	got := must[[]byte](t)(n.Offer(nil, offer.SendRecv))
	judge(t, got)
	want := string(lines("v=0", "o=- 77 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVP 0 8 101",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=rtcp-mux", "a=sendrecv"))
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if a := n.Agreed(); len(a.Formats) > 0 || a.Direction != offer.Inactive || n.Offered() != nil {
		t.Errorf("before the answer: agreed %+v, offered %v", a, n.Offered())
	}
}

func TestPlaceAfterTheOfferWasJudged(t *testing.T) {
	n := offer.New(offer.Local{Addr: local.Addr})
	if err := n.ReceiveOffer(body("m=audio 4000 RTP/AVP 0")); err != nil {
		t.Fatal(err)
	}
	n.Place(local)
	if got := section(must[[]byte](t)(n.Answer(nil, offer.SendRecv))); !strings.HasPrefix(got, "m=audio 20000 ") {
		t.Errorf("got %s", got)
	}
}

// numbersOf are the payload types of the first m=audio line.
func numbersOf(b []byte) string {
	_, l, _ := strings.Cut(string(b), "m=audio 20000 RTP/AVP ")
	l, _, _ = strings.Cut(l, "\r\n")
	return l
}

func TestOfferNumbers(t *testing.T) {
	f := func(pt uint8, name string, clock, channels int, fmtp string) offer.Format {
		return offer.Format{PayloadType: pt, Name: name, ClockRate: clock, Channels: channels, Fmtp: fmtp}
	}
	many := make([]offer.Format, 61)
	for i := range many {
		many[i] = f(0, fmt.Sprintf("X%d", i), 8000, 1, "")
	}
	for _, c := range []struct {
		name    string
		formats []offer.Format
		want    string
	}{
		{"wishes kept", []offer.Format{f(111, "opus", 48000, 2, ""), f(0, "PCMU", 8000, 1, ""), f(126, "telephone-event", 8000, 1, "")}, "111 0 126"},
		{"a wish taken", []offer.Format{f(96, "opus", 48000, 2, ""), f(96, "iLBC", 8000, 1, "")}, "96 97"},
		{"none wished", []offer.Format{f(0, "opus", 48000, 2, ""), f(0, "PCMU", 8000, 1, ""), f(0, "G729", 8000, 1, "")}, "96 0 18"},
		{"static under a dynamic number", []offer.Format{f(99, "PCMU", 8000, 1, "")}, "99"},
		{"dynamic under a static number", []offer.Format{f(8, "EVS", 16000, 1, ""), f(8, "PCMA", 8000, 1, "")}, "96 8"},
		{"not among RTCP", []offer.Format{f(72, "opus", 48000, 2, ""), f(200, "iLBC", 8000, 1, "")}, "96 97"},
		{"no channels means one", []offer.Format{f(0, "PCMU", 8000, 0, "")}, "0"},
		{"twice the same", []offer.Format{f(0, "PCMU", 8000, 1, ""), f(97, "pcmu", 8000, 1, "")}, "0"},
		{"twice with other parameters", []offer.Format{f(97, "AMR", 8000, 1, ""), f(98, "AMR", 8000, 1, "octet-align=1")}, "97 98"},
		{"no repair", []offer.Format{f(111, "opus", 48000, 2, ""), f(63, "red", 48000, 2, "111/111"), f(64, "rtx", 8000, 1, "apt=111")}, "111"},
		{"nothing that breaks lines", []offer.Format{f(0, "PCMU", 8000, 1, ""), f(96, "x\r\na=y", 8000, 1, ""), f(97, "iLBC", 8000, 1, "a\nb"), f(98, "iLBC", 0, 1, ""), f(99, "", 8000, 1, "")}, "0"},
		{"beyond 127", many, "96 97 98 99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 " +
			"35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63"},
	} {
		n := offer.New(local)
		got, err := n.Offer(c.formats, offer.SendRecv)
		if err != nil || numbersOf(got) != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, numbersOf(got), err, c.want)
			continue
		}
		judge(t, got)
	}
	for name, formats := range map[string][]offer.Format{
		"none": {}, "events alone": {f(101, "telephone-event", 8000, 1, "")}, "too many": append(many, f(0, "Y", 8000, 1, "")),
	} {
		if _, err := offer.New(local).Offer(formats, offer.SendRecv); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReceiveAnswer(t *testing.T) {
	formats := []offer.Format{
		{PayloadType: 111, Name: "opus", ClockRate: 48000, Channels: 2, Fmtp: "useinbandfec=1"},
		{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
		{PayloadType: 101, Name: "telephone-event", ClockRate: 8000, Channels: 1, Fmtp: "0-16"},
	}
	for _, c := range []struct {
		name   string
		answer []string
		err    error
		want   string // name send/receive of each pair
	}{
		{"one codec", []string{"m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"}, nil, "PCMU 0/0 telephone-event 101/101"},
		{"numbers of its own", []string{"m=audio 4000 RTP/AVP 96 97", "a=rtpmap:96 OPUS/48000/2", "a=rtpmap:97 telephone-event/8000"}, nil, "OPUS 96/111 telephone-event 97/101"},
		{"a number of ours for another", []string{"m=audio 4000 RTP/AVP 101", "a=rtpmap:101 PCMU/8000"}, nil, "PCMU 101/0"},
		{"without rtpmap", []string{"m=audio 4000 RTP/AVP 111 101"}, nil, "opus 111/111 telephone-event 101/101"},
		{"several", []string{"m=audio 4000 RTP/AVP 0 111", "a=rtpmap:111 opus/48000/2"}, nil, "PCMU 0/0 opus 111/111"},
		{"more than we offered", []string{"m=audio 4000 RTP/AVP 18 0"}, nil, "PCMU 0/0"},
		{"the same twice", []string{"m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 PCMU/8000"}, nil, "PCMU 0/0"},
		{"another profile", []string{"m=audio 4000 RTP/AVPF 0"}, nil, "PCMU 0/0"},
		{"what we did not offer", []string{"m=audio 4000 RTP/AVP 18"}, offer.ErrNoCommonCodec, ""},
		{"events alone", []string{"m=audio 4000 RTP/AVP 101"}, offer.ErrNoCommonCodec, ""},
		{"refused", []string{"m=audio 0 RTP/AVP 0"}, offer.ErrRefused, ""},
		{"another medium", []string{"m=video 4000 RTP/AVP 0"}, offer.ErrMismatch, ""},
		{"no media", nil, offer.ErrMismatch, ""},
		{"one too many", []string{"m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0"}, offer.ErrMismatch, ""},
		{"SRTP", []string{"m=audio 4000 RTP/SAVP 0"}, offer.ErrProfile, ""},
		{"host name", []string{"m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example.com"}, offer.ErrAddress, ""},
	} {
		n := offer.New(local)
		must[[]byte](t)(n.Offer(formats, offer.SendRecv))
		err := n.ReceiveAnswer(body(c.answer...))
		if !errors.Is(err, c.err) || c.err != nil && !errors.Is(err, offer.ErrNotAcceptable) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
		if got := pairsOf(n); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	n := offer.New(local)
	if err := n.ReceiveAnswer(body("m=audio 4000 RTP/AVP 0")); !errors.Is(err, offer.ErrNoOffer) {
		t.Errorf("without an offer: %v", err)
	}
	must[[]byte](t)(n.Offer(nil, offer.SendRecv))
	if _, ok := errors.AsType[*offer.SyntaxError](n.ReceiveAnswer([]byte("x"))); !ok {
		t.Error("a broken answer is no syntax error")
	}
}

func pairsOf(n *offer.Negotiation) string {
	var s []string
	for _, p := range n.Agreed().Formats {
		s = append(s, fmt.Sprintf("%s %d/%d", p.Name, p.Send, p.Receive))
	}
	return strings.Join(s, " ")
}

func TestAnswerAfterProgressReplacesIt(t *testing.T) {
	n := offer.New(local)
	must[[]byte](t)(n.Offer(nil, offer.SendRecv))
	for _, port := range []string{"4000", "4000", "5000"} { // 183, the same again, a 200 that differs
		if err := n.ReceiveAnswer(body("m=audio " + port + " RTP/AVP 0")); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.Agreed().Remote.Port(); got != 5000 {
		t.Errorf("remote port %d, want 5000", got)
	}
}

func TestHoldAndResumeOfOurs(t *testing.T) {
	n := offer.New(local)
	if err := n.ReceiveOffer(body("m=audio 4000 RTP/AVPF 96 8 100", "a=rtpmap:96 EVS/16000", "a=rtpmap:100 telephone-event/8000", "m=video 4002 RTP/AVPF 97")); err != nil {
		t.Fatal(err)
	}
	must[[]byte](t)(n.Answer(nil, offer.SendRecv))
	hold := string(must[[]byte](t)(n.Offer(nil, offer.SendOnly)))
	// The same m= lines in the same order, the same numbers, the profile in use: RFC 3264 §8.
	want := string(lines("v=0", "o=- 77 2 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 20000 RTP/AVPF 8 100",
		"a=rtpmap:8 PCMA/8000", "a=rtpmap:100 telephone-event/8000", "a=fmtp:100 0-16", "a=rtcp-mux", "a=sendonly", "m=video 0 RTP/AVPF 97"))
	if hold != want {
		t.Fatalf("got %s\nwant %s", hold, want)
	}
	if err := n.ReceiveAnswer(body("m=audio 4000 RTP/AVPF 8 100", "a=recvonly", "m=video 0 RTP/AVPF 97")); err != nil {
		t.Fatal(err)
	}
	if got := n.Agreed().Direction; got != offer.SendOnly || pairsOf(n) != "PCMA 8/8 telephone-event 100/100" {
		t.Errorf("held: %v, %s", got, pairsOf(n))
	}
	resume := string(must[[]byte](t)(n.Offer(nil, offer.SendRecv)))
	if !strings.Contains(resume, "o=- 77 3 ") || !strings.Contains(resume, "a=sendrecv") {
		t.Errorf("resume %s", resume)
	}
	again := string(must[[]byte](t)(n.Offer(nil, offer.SendRecv)))
	if again != resume {
		t.Errorf("an unchanged offer (RFC 4028 refresh) changed: %s", again)
	}
}

func TestHoldByTheParty(t *testing.T) {
	n := offer.New(local)
	receive := func(l ...string) string {
		t.Helper()
		if err := n.ReceiveOffer(body(l...)); err != nil {
			t.Fatal(err)
		}
		return string(must[[]byte](t)(n.Answer(nil, offer.SendRecv)))
	}
	first := receive("m=audio 4000 RTP/AVP 8 0")
	if again := string(must[[]byte](t)(n.Answer(nil, offer.SendRecv))); again != first {
		t.Errorf("183 and 200 differ: %s", again)
	}
	if again := receive("m=audio 4000 RTP/AVP 8 0"); again != first {
		t.Errorf("an unchanged session got a new version: %s", again)
	}
	// The codec in use stays, though the party now likes another better.
	if got := section([]byte(receive("m=audio 4000 RTP/AVP 0 8", "a=sendonly"))); got != "m=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=recvonly\r\n" {
		t.Errorf("hold %q", got)
	}
	if got := n.Agreed(); got.Direction != offer.RecvOnly || !got.Remote.IsValid() {
		t.Errorf("held: %+v", got)
	}
	if got := receive("m=audio 4000 RTP/AVP 8"); !strings.Contains(got, "o=- 77 3 ") || n.Agreed().Direction != offer.SendRecv {
		t.Errorf("resume %s", got)
	}
}

func TestAudioSwitchedOffAndOn(t *testing.T) {
	n := offer.New(local)
	for _, c := range []struct{ media, want string }{
		{"m=audio 4000 RTP/AVP 8", "m=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"},
		{"m=audio 0 RTP/AVP 8", "m=audio 0 RTP/AVP 8\r\n"},
		{"m=audio 4000 RTP/AVP 0 8", "m=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"},
	} {
		if err := n.ReceiveOffer(body(c.media)); err != nil {
			t.Fatalf("%s: %v", c.media, err)
		}
		if got := section(must[[]byte](t)(n.Answer(nil, offer.SendRecv))); got != c.want {
			t.Errorf("%s: got %q, want %q", c.media, got, c.want)
		}
		off := strings.Contains(c.media, " 0 RTP")
		if a := n.Agreed(); a.Remote.IsValid() == off || (a.Direction == offer.Inactive) != off || len(a.Formats) != 1 {
			t.Errorf("%s: agreed %+v", c.media, a)
		}
	}
}

func TestFailedOfferLeavesTheAgreement(t *testing.T) {
	n := offer.New(local)
	must[[]byte](t)(n.Offer(nil, offer.SendRecv))
	if err := n.ReceiveAnswer(body("m=audio 4000 RTP/AVP 0")); err != nil {
		t.Fatal(err)
	}
	before := n.Agreed()
	must[[]byte](t)(n.Offer(nil, offer.Inactive)) // the party refuses it with 488
	for _, b := range [][]byte{[]byte("x"), body("m=audio 4000 RTP/SAVP 0"), body("m=video 4000 RTP/AVP 0")} {
		if err := n.ReceiveOffer(b); err == nil {
			t.Errorf("took %s", b)
		}
	}
	if err := n.ReceiveAnswer(body("m=audio 0 RTP/AVP 0")); !errors.Is(err, offer.ErrRefused) {
		t.Error(err)
	}
	if err := n.ReceiveOffer(body("m=audio 4000 RTP/AVP 18")); err != nil {
		t.Error(err)
	}
	if _, err := n.Answer(pcmu(), offer.SendRecv); !errors.Is(err, offer.ErrNoCommonCodec) {
		t.Error(err)
	}
	after := n.Agreed()
	if after.Remote != before.Remote || after.Direction != before.Direction || !slices.Equal(after.Formats, before.Formats) {
		t.Errorf("got %+v, want %+v", after, before)
	}
}

// RFC 3264 §8.3.2: a number keeps its meaning for the life of the dialog.
func TestNumbersKeepTheirMeaning(t *testing.T) {
	n := offer.New(local)
	opus := offer.Format{PayloadType: 96, Name: "opus", ClockRate: 48000, Channels: 2}
	ilbc := offer.Format{PayloadType: 96, Name: "iLBC", ClockRate: 8000, Channels: 1}
	for _, c := range []struct {
		formats []offer.Format
		want    string
	}{
		{[]offer.Format{opus}, "96"},
		{[]offer.Format{ilbc}, "97"},
		{[]offer.Format{ilbc, opus}, "97 96"},
		{append(pcmu(), opus), "0 96"},
	} {
		if got := numbersOf(must[[]byte](t)(n.Offer(c.formats, offer.SendRecv))); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	// Numbers of the party's own offer are ours from the answer on.
	n = offer.New(local)
	if err := n.ReceiveOffer(body("m=audio 4000 RTP/AVP 113", "a=rtpmap:113 opus/48000/2")); err != nil {
		t.Fatal(err)
	}
	must[[]byte](t)(n.Answer([]offer.Format{opus}, offer.SendRecv))
	if got := numbersOf(must[[]byte](t)(n.Offer([]offer.Format{opus, {PayloadType: 113, Name: "iLBC", ClockRate: 8000, Channels: 1}}, offer.SendRecv))); got != "113 96" {
		t.Errorf("got %q, want %q", got, "113 96")
	}
}

// Two parties with different numbers end up with the same encodings: what a bridge relies on.
func TestTwoPartiesThroughUs(t *testing.T) {
	alice, bob := offer.New(local), offer.New(local)
	err := alice.ReceiveOffer(body("m=audio 4000 RTP/AVP 96 0 97 98", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1", "a=rtpmap:97 red/48000/2", "a=fmtp:97 96/96",
		"a=rtpmap:98 telephone-event/48000", "a=fmtp:98 0-15", "m=video 4002 RTP/AVP 99"))
	if err != nil {
		t.Fatal(err)
	}
	if got := numbersOf(must[[]byte](t)(bob.Offer(alice.Offered(), offer.SendRecv))); got != "96 0 98" {
		t.Fatalf("bob is offered %q", got)
	}
	if err := bob.ReceiveAnswer(body("m=audio 6000 RTP/AVP 120 121", "a=rtpmap:120 OPUS/48000/2", "a=fmtp:120 maxplaybackrate=16000", "a=rtpmap:121 telephone-event/48000")); err != nil {
		t.Fatal(err)
	}
	answer := string(must[[]byte](t)(alice.Answer(bob.Offered(), offer.SendRecv)))
	for _, want := range []string{"m=audio 20000 RTP/AVP 96 98\r\n", "a=fmtp:96 maxplaybackrate=16000\r\n", "m=video 0 RTP/AVP 99\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("want %q in %s", want, answer)
		}
	}
	if got, want := pairsOf(alice)+", "+pairsOf(bob), "opus 96/96 telephone-event 98/98, OPUS 120/96 telephone-event 121/98"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if c, ok := func() (offer.Pair, bool) { a := bob.Agreed(); return a.Codec() }(); !ok || c.Fmtp != "maxplaybackrate=16000" {
		t.Errorf("bob's codec %+v", c)
	}
}
