package offer_test

import (
	"testing"

	"tandem/media/offer"
)

func phone() []byte {
	return lines("v=0", "o=alice 2890844526 2890844527 IN IP4 192.0.2.10", "s=call", "c=IN IP4 192.0.2.10", "t=0 0",
		"m=audio 49170 RTP/AVP 0 8 97 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:97 iLBC/8000", "a=fmtp:97 mode=30",
		"a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv")
}

func BenchmarkParse(b *testing.B) {
	body := phone()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := offer.Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOfferToAnswer(b *testing.B) {
	body := phone()
	b.ReportAllocs()
	for b.Loop() {
		n := offer.New(local)
		if err := n.ReceiveOffer(body); err != nil {
			b.Fatal(err)
		}
		if _, err := n.Answer(nil, offer.SendRecv); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOffer(b *testing.B) {
	answer, formats := phone(), offer.Default()
	b.ReportAllocs()
	for b.Loop() {
		n := offer.New(local)
		if _, err := n.Offer(formats, offer.SendRecv); err != nil {
			b.Fatal(err)
		}
		if err := n.ReceiveAnswer(answer); err != nil {
			b.Fatal(err)
		}
	}
}
