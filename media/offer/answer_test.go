package offer_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/media/offer"
)

func TestReceiveOfferRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"no media", body(), offer.ErrNoAudio},
		{"video alone", body("m=video 4000 RTP/AVP 34"), offer.ErrNoAudio},
		{"audio off from the start", body("m=audio 0 RTP/AVP 0"), offer.ErrNoAudio},
		{"SRTP", body("m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"), offer.ErrProfile},
		{"DTLS", body("m=audio 4000 UDP/TLS/RTP/SAVPF 0"), offer.ErrProfile},
		{"host name", body("m=audio 4000 RTP/AVP 0", "c=IN IP4 phone.example.com"), offer.ErrAddress},
		{"multicast", body("m=audio 4000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127"), offer.ErrAddress},
		{"IPv6 to an IPv4 switch", body("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::7"), offer.ErrAddress},
		{"zone", body("m=audio 4000 RTP/AVP 0", "c=IN IP6 fe80::1%eth0"), offer.ErrAddress},
	} {
		err := offer.New(local).ReceiveOffer(c.body)
		if !errors.Is(err, c.want) || !errors.Is(err, offer.ErrNotAcceptable) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAnswerRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   []byte
		prefer []offer.Format
	}{
		{"nothing of ours", body("m=audio 4000 RTP/AVP 18 9"), nil},
		{"events alone", body("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), nil},
		{"dynamic without rtpmap", body("m=audio 4000 RTP/AVP 96"), nil},
		{"not what is preferred", body("m=audio 4000 RTP/AVP 8"), pcmu()},
		{"preferred by another clock", body("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMU/16000"), pcmu()},
		{"nothing preferred", body("m=audio 4000 RTP/AVP 0"), []offer.Format{}},
		{"repair preferred", body("m=audio 4000 RTP/AVP 96 0", "a=rtpmap:96 red/8000"), []offer.Format{{Name: "red", ClockRate: 8000, Channels: 1}}},
	} {
		n := offer.New(local)
		if err := n.ReceiveOffer(c.body); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := n.Answer(c.prefer, offer.SendRecv); !errors.Is(err, offer.ErrNoCommonCodec) || !errors.Is(err, offer.ErrNotAcceptable) {
			t.Errorf("%s: got %v, want %v", c.name, err, offer.ErrNoCommonCodec)
		}
		if len(n.Agreed().Formats) > 0 {
			t.Errorf("%s: agreed %+v all the same", c.name, n.Agreed())
		}
	}
	if _, err := offer.New(local).Answer(nil, offer.SendRecv); !errors.Is(err, offer.ErrNoOffer) {
		t.Errorf("without an offer: %v", err)
	}
}

func TestAnswerChooses(t *testing.T) {
	event := offer.Format{Name: "telephone-event", ClockRate: 8000, Channels: 1, Fmtp: "0-11"}
	g729 := offer.Format{PayloadType: 18, Name: "g729", ClockRate: 8000, Channels: 1, Fmtp: "annexb=no"}
	evs := offer.Format{PayloadType: 120, Name: "EVS", ClockRate: 16000, Channels: 1, Fmtp: "br=5.9-24.4"}
	rates := []string{"m=audio 4000 RTP/AVP 96 0 97 98", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 telephone-event/48000", "a=rtpmap:98 telephone-event/8000"}
	for _, c := range []struct {
		name   string
		offer  []string
		prefer []offer.Format
		want   []string // below m=, without the direction
	}{
		{"the offerer's order", []string{"m=audio 4000 RTP/AVP 8 0"}, nil, []string{"8", "a=rtpmap:8 PCMA/8000"}},
		{
			"the preferred order",
			[]string{"m=audio 4000 RTP/AVP 8 0 18"},
			append([]offer.Format{g729}, pcmu()...),
			[]string{"18", "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no"},
		},
		{"the offer's number and name", []string{"m=audio 4000 RTP/AVP 99", "a=rtpmap:99 pcmu/8000"}, pcmu(), []string{"99", "a=rtpmap:99 pcmu/8000"}},
		{
			"a codec nobody knows",
			[]string{"m=audio 4000 RTP/AVP 100", "a=rtpmap:100 EVS/16000/1", "a=fmtp:100 bw=nb-swb"},
			[]offer.Format{evs},
			[]string{"100", "a=rtpmap:100 EVS/16000", "a=fmtp:100 br=5.9-24.4"},
		},
		{
			"the same parameters of two",
			[]string{"m=audio 4000 RTP/AVP 96 97", "a=rtpmap:96 AMR/8000", "a=rtpmap:97 AMR/8000", "a=fmtp:97 octet-align=1"},
			[]offer.Format{{Name: "AMR", ClockRate: 8000, Channels: 1, Fmtp: "octet-align=1"}},
			[]string{"97", "a=rtpmap:97 AMR/8000", "a=fmtp:97 octet-align=1"},
		},
		{"events on the codec's clock", rates, nil, []string{"0 98", "a=rtpmap:0 PCMU/8000", "a=rtpmap:98 telephone-event/8000", "a=fmtp:98 0-16"}},
		{"events the preferred has", rates, append(pcmu(), event), []string{"0 98", "a=rtpmap:0 PCMU/8000", "a=rtpmap:98 telephone-event/8000", "a=fmtp:98 0-11"}},
		{"no events the preferred lacks", rates, pcmu(), []string{"0", "a=rtpmap:0 PCMU/8000"}},
		{
			"events on another clock", rates,
			[]offer.Format{{Name: "opus", ClockRate: 48000, Channels: 2}, event},
			[]string{"96 98", "a=rtpmap:96 opus/48000/2", "a=rtpmap:98 telephone-event/8000", "a=fmtp:98 0-11"},
		},
		{"no comfort noise", []string{"m=audio 4000 RTP/AVP 13 0"}, nil, []string{"0", "a=rtpmap:0 PCMU/8000"}},
		{
			"the first usable line",
			[]string{"m=audio 4002 RTP/SAVP 0", "m=audio 0 RTP/AVP 0", "m=audio 4004 RTP/AVP 18", "m=audio 4006 RTP/AVPF 0"},
			nil,
			[]string{"0", "a=rtpmap:0 PCMU/8000"},
		},
		{
			"parameters that break lines",
			[]string{"m=audio 4000 RTP/AVP 0"},
			[]offer.Format{{Name: "PCMU", ClockRate: 8000, Channels: 1, Fmtp: "x\r\na=evil"}},
			[]string{"0", "a=rtpmap:0 PCMU/8000"},
		},
		{"packet times", []string{"m=audio 4000 RTP/AVP 0", "a=maxptime:40", "a=ptime:30"}, nil, []string{"0", "a=rtpmap:0 PCMU/8000", "a=ptime:30", "a=maxptime:40"}},
		{"mux", []string{"m=audio 4000 RTP/AVP 0", "a=rtcp-mux"}, nil, []string{"0", "a=rtpmap:0 PCMU/8000", "a=rtcp-mux"}},
		{"nothing of ICE, DTLS, BUNDLE", []string{
			"a=group:BUNDLE 0", "a=ice-lite", "m=audio 4000 RTP/AVP 0", "a=mid:0", "a=candidate:1 1 UDP 1 10.0.0.1 1 typ host",
			"a=fingerprint:sha-256 00", "a=setup:actpass", "a=ssrc:1 cname:x", "a=extmap:1 urn:x",
		}, nil, []string{"0", "a=rtpmap:0 PCMU/8000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := offer.New(local)
			if err := n.ReceiveOffer(body(c.offer...)); err != nil {
				t.Fatal(err)
			}
			out := must[[]byte](t)(n.Answer(c.prefer, offer.SendRecv))
			judge(t, out)
			_, got, _ := strings.Cut(string(out), "m=audio 20000 RTP/AVP")
			got = strings.TrimPrefix(got, "F")
			if want := " " + strings.Join(append(c.want, "a=sendrecv"), "\r\n") + "\r\n"; got != want {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
}

func TestAnswerRefusesOtherMedia(t *testing.T) {
	n := offer.New(local)
	err := n.ReceiveOffer(body("m=video 4002 RTP/AVP 96 97", "a=rtpmap:96 VP8/90000", "m=audio 4000 RTP/AVP 0", "m=audio 4004 RTP/AVP 8 0",
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=image 4006 udptl t38"))
	if err != nil {
		t.Fatal(err)
	}
	out := string(must[[]byte](t)(n.Answer(nil, offer.SendRecv)))
	want := string(lines("v=0", "o=- 77 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=video 0 RTP/AVP 96 97", "m=audio 20000 RTP/AVP 0",
		"a=rtpmap:0 PCMU/8000", "a=sendrecv", "m=audio 0 RTP/AVP 8 0", "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "m=image 0 udptl t38"))
	if out != want {
		t.Errorf("got %s\nwant %s", out, want)
	}
}

func TestDirections(t *testing.T) {
	for _, c := range []struct {
		offer string
		ours  offer.Direction
		want  offer.Direction
	}{
		{"a=sendrecv", offer.SendRecv, offer.SendRecv},
		{"a=x", offer.SendRecv, offer.SendRecv},
		{"a=sendonly", offer.SendRecv, offer.RecvOnly},
		{"a=recvonly", offer.SendRecv, offer.SendOnly},
		{"a=inactive", offer.SendRecv, offer.Inactive},
		{"a=sendrecv", offer.SendOnly, offer.SendOnly},
		{"a=sendonly", offer.SendOnly, offer.Inactive},
		{"a=sendrecv", offer.Inactive, offer.Inactive},
		{"c=IN IP4 0.0.0.0", offer.SendRecv, offer.RecvOnly}, // RFC 3264 §8.4
		{"c=IN IP6 ::", offer.SendRecv, offer.RecvOnly},
		{"c=IN IP6 hold.invalid", offer.SendRecv, offer.RecvOnly}, // RFC 6157 §3.2
		{"a=recvonly\r\nc=IN IP4 0.0.0.0", offer.SendRecv, offer.Inactive},
	} {
		for _, session := range []bool{false, true} {
			n, l := offer.New(local), []string{"m=audio 4000 RTP/AVP 0", c.offer}
			if session {
				l[0], l[1] = l[1], l[0]
			}
			if err := n.ReceiveOffer(body(l...)); err != nil {
				t.Errorf("%q: %v", c.offer, err)
				continue
			}
			out := string(must[[]byte](t)(n.Answer(nil, c.ours)))
			if !strings.HasSuffix(out, "a="+c.want.String()+"\r\n") || n.Agreed().Direction != c.want {
				t.Errorf("%q to %v: agreed %v, want %v; answer\n%s", c.offer, c.ours, n.Agreed().Direction, c.want, out)
			}
			if want := must[*offer.Description](t)(offer.Parse(body(l...))).Media[0].Direction; n.Agreed().Wanted != want {
				t.Errorf("%q to %v: wanted %v, want %v", c.offer, c.ours, n.Agreed().Wanted, want)
			}
			if held := strings.Contains(c.offer, "c="); held == n.Agreed().Remote.IsValid() {
				t.Errorf("%q: remote %v", c.offer, n.Agreed().Remote)
			}
		}
	}
}

func TestAgreedAddresses(t *testing.T) {
	own := offer.Local{Addr: netip.MustParseAddr("192.0.2.1"), Port: 20000, RTCPPort: 30000, Signalling: netip.MustParseAddr("203.0.113.1")}
	for _, c := range []struct {
		name      string
		lines     []string
		rtp, rtcp string
		ours      string // what we write of RTCP
		private   bool
		ptime     time.Duration
	}{
		{"plain", []string{"m=audio 4000 RTP/AVP 0"}, "198.51.100.7:4000", "198.51.100.7:4001", "a=rtcp:30000\r\n", false, 20 * time.Millisecond},
		{"mux", []string{"m=audio 4000 RTP/AVP 0", "a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp-mux"}, "198.51.100.7:4000", "198.51.100.7:4000", "a=rtcp-mux\r\n", false, 20 * time.Millisecond},
		{"a=rtcp", []string{"m=audio 4000 RTP/AVP 0", "a=rtcp:5000"}, "198.51.100.7:4000", "198.51.100.7:5000", "a=rtcp:30000\r\n", false, 20 * time.Millisecond},
		{"a=rtcp elsewhere", []string{"m=audio 4000 RTP/AVP 0", "a=rtcp:5000 IN IP4 198.51.100.8", "a=ptime:30"}, "198.51.100.7:4000", "198.51.100.8:5000", "a=rtcp:30000\r\n", false, 30 * time.Millisecond},
		{"last port", []string{"m=audio 65535 RTP/AVP 0", "a=ptime:60", "a=maxptime:40"}, "198.51.100.7:65535", "invalid AddrPort", "a=rtcp:30000\r\n", false, 40 * time.Millisecond},
		{"private", []string{"m=audio 4000 RTP/AVP 0", "c=IN IP4 10.1.2.3"}, "10.1.2.3:4000", "10.1.2.3:4001", "a=rtcp:30000\r\n", true, 20 * time.Millisecond},
	} {
		n := offer.New(own)
		if err := n.ReceiveOffer(body(c.lines...)); err != nil {
			t.Fatal(err)
		}
		out := string(must[[]byte](t)(n.Answer(nil, offer.SendRecv)))
		a := n.Agreed()
		if a.Remote.String() != c.rtp || a.RemoteRTCP.String() != c.rtcp || a.Private != c.private || a.Ptime != c.ptime {
			t.Errorf("%s: agreed %+v", c.name, a)
		}
		if !strings.Contains(out, c.ours) || strings.Count(out, "a=rtcp") != 1 {
			t.Errorf("%s: want %q in %s", c.name, c.ours, out)
		}
	}
}

func TestPrivate(t *testing.T) {
	for _, c := range []struct {
		addr, signalling string
		want             bool
	}{
		{"10.0.0.1", "203.0.113.1", true},
		{"172.31.255.255", "203.0.113.1", true},
		{"172.32.0.1", "203.0.113.1", false},
		{"192.168.1.1", "192.168.1.2", true},
		{"192.168.1.1", "192.168.1.1", false}, // signalling reaches it, so does media
		{"::ffff:192.168.1.1", "192.168.1.1", false},
		{"100.64.0.1", "203.0.113.1", true},
		{"100.128.0.1", "203.0.113.1", false},
		{"169.254.3.4", "203.0.113.1", true},
		{"fe80::1", "2001:db8::1", true},
		{"fd00::1", "2001:db8::1", true},
		{"2001:db8::2", "2001:db8::1", false},
		{"127.0.0.1", "203.0.113.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"127.0.0.1", "", true},
		{"198.51.100.7", "", false},
	} {
		var signalling netip.Addr
		if c.signalling != "" {
			signalling = netip.MustParseAddr(c.signalling)
		}
		if got := offer.Private(netip.MustParseAddr(c.addr), signalling); got != c.want {
			t.Errorf("%s signalled from %q: private %v, want %v", c.addr, c.signalling, got, c.want)
		}
	}
	if offer.Private(netip.Addr{}, netip.Addr{}) {
		t.Error("no address is private")
	}
}
