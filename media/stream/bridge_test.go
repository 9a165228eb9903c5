package stream_test

import (
	"errors"
	"net/netip"
	"testing"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/stream"
)

func TestBridgeMapsPayloadTypes(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b,
		[]offer.Pair{pair(opus, 96, 111), pair(events, 100, 101)},
		[]offer.Pair{pair(opus, 120, 98), pair(events, 97, 99)})
	x.hears(y, 111, "to y", 120)
	y.hears(x, 98, "to x", 96)
	x.hears(y, 101, "\x05\x0a\x00\xa0", 97)
	y.hears(x, 99, "\x06\x0a\x00\xa0", 100)
	x.send(120, "not agreed")
	until(t, "a drop for its payload type", func() bool { return x.dropped(media.DropPayload) == 1 })
	y.nothing()
	st := y.stream.Stats()
	if st.Sent != 2 || st.Received != 2 || st.SentBytes != 8 || st.ReceivedBytes != 8 {
		t.Errorf("got %+v, want 2 packets of 8 bytes in all either way", st)
	}
}

func TestBridgeWithoutCommonCodec(t *testing.T) {
	b := newBed(t, nil)
	x, y := newPhone(t, b, stream.Options{}), newPhone(t, b, stream.Options{})
	x.apply(x.params([]offer.Pair{pair(pcmu, 0, 0), pair(events, 101, 101)}))
	y.apply(y.params([]offer.Pair{pair(pcma, 8, 8), pair(events, 101, 101)}))
	if err := x.stream.Bridge(y.stream); !errors.Is(err, stream.ErrCodec) {
		t.Errorf("got %v, want ErrCodec", err)
	}
	y.stream.Close()
	if err := x.stream.Bridge(y.stream); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestBridgeBeforeTheSecondAgreement(t *testing.T) {
	b := newBed(t, nil)
	x, y := newPhone(t, b, stream.Options{}), newPhone(t, b, stream.Options{})
	x.apply(x.params(g711()))
	bridge(t, x, y)
	x.send(0, "too early")
	until(t, "a drop", func() bool { return x.dropped(media.DropNoPeer) == 1 })
	y.apply(y.params(g711()))
	x.hears(y, 0, "in time", 0)
}

func TestEcho(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{})
	x.apply(x.params([]offer.Pair{pair(opus, 96, 111)}))
	bridge(t, x, x)
	x.hears(x, 111, "one", 96)
	x.hears(x, 111, "two", 96)
	x.stream.Unbridge()
	x.stream.Sync()
	x.send(111, "three")
	x.nothing()
}

func TestIPv6(t *testing.T) {
	b := newBed(t, nil)
	x := newPhone(t, b, stream.Options{Local: netip.IPv6Loopback()})
	y := newPhone(t, b, stream.Options{Beside: x.stream})
	x.apply(x.params(g711()))
	y.apply(y.params(g711()))
	bridge(t, x, y)
	x.hears(y, 0, "six to four", 0)
	y.hears(x, 0, "four to six", 0)
	x.hears(y, 0, "again", 0)
}

func TestPartyHearsOneStream(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	z := newPhone(t, b, stream.Options{Beside: x.stream})
	z.apply(z.params(g711()))
	z.ssrc, z.seq, z.ts = 99, 60000, 1<<31
	last := y.hears(x, 0, "from y", 0)
	if !last.Marker {
		t.Error("the first packet of a source has no marker bit")
	}
	check := func(from *phone, first bool) {
		t.Helper()
		k := from.hears(x, 0, "next", 0)
		if k.SSRC != last.SSRC || k.SequenceNumber != last.SequenceNumber+1 || int32(k.Timestamp-last.Timestamp) <= 0 || k.Marker != first {
			t.Errorf("got %v after %v, want the next of the same stream, marked %v", k.Header, last.Header, first)
		}
		last = k
	}
	check(y, false)
	bridge(t, x, z)
	check(z, true)
	check(z, false)
	y.send(0, "no more")
	until(t, "a drop", func() bool { return y.dropped(media.DropNoPeer) == 1 })
	bridge(t, y, x)
	check(y, true)
	check(y, false)
	y.ssrc, y.seq, y.ts = 7, 5, 77
	y.send(0, "the first of another SSRC is not believed")
	until(t, "a drop", func() bool { return y.dropped(media.DropSSRC) == 1 })
	check(y, true)
	check(y, false)
}

func TestLossAndReorderingPassAsTheyAre(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	first := x.hears(y, 0, "1", 0)
	x.seq += 3
	gap := x.hears(y, 0, "5", 0)
	if gap.SequenceNumber != first.SequenceNumber+4 {
		t.Errorf("got sequence %d after %d, want a gap of 3", gap.SequenceNumber, first.SequenceNumber)
	}
	if n := x.stream.Stats().Lost; n != 3 {
		t.Errorf("got %d lost, want 3", n)
	}
	x.seq -= 2
	late := x.hears(y, 0, "4", 0)
	if late.SequenceNumber != first.SequenceNumber+3 || x.stream.Stats().Lost != 2 {
		t.Errorf("got sequence %d and %d lost, want %d and 2", late.SequenceNumber, x.stream.Stats().Lost, first.SequenceNumber+3)
	}
}

func TestHoldAndMute(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "talk", 0)
	y.hears(x, 0, "talk", 0)

	hold := x.params(g711())
	hold.Direction = offer.SendOnly // we may send to x and want nothing of it
	x.apply(hold)
	x.send(0, "held")
	y.nothing()
	if x.dropped(media.DropHeld) != 1 {
		t.Errorf("got %d packets dropped as held, want 1", x.dropped(media.DropHeld))
	}
	y.hears(x, 0, "still heard", 0)

	hold.Direction = offer.RecvOnly
	x.apply(hold)
	y.send(0, "held")
	x.nothing()
	x.hears(y, 0, "the other way", 0)

	hold.Direction = offer.SendRecv
	x.apply(hold)
	y.hears(x, 0, "resumed", 0)

	x.stream.Mute(true)
	x.stream.Sync()
	x.send(0, "muted")
	y.nothing()
	x.hears(y, 101, "\x01\x0a\x00\xa0", 101)
	x.stream.Mute(false)
	x.stream.Sync()
	x.hears(y, 0, "unmuted", 0)
}

func TestNothingAfterClose(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "talk", 0)
	y.stream.Close()
	y.stream.Close()
	y.stream.Sync()
	x.send(0, "to nobody")
	y.nothing()
	y.apply(y.params(g711()))
	y.stream.Unbridge()
	y.stream.Mute(true)
	if err := y.stream.Play(&media.Prompt{Rate: 8000}, 1, nil); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	if st := y.stream.Stats(); st.Sent != 1 {
		t.Errorf("got %d sent after Close, want 1", st.Sent)
	}
}

func TestStreamsMoveToOneWorker(t *testing.T) {
	b := newBed(t, func(c *engine.Config) { c.Workers = 3 })
	x, y, z := newPhone(t, b, stream.Options{}), newPhone(t, b, stream.Options{}), newPhone(t, b, stream.Options{})
	for _, p := range []*phone{x, y, z} {
		p.apply(p.params(g711()))
	}
	if !x.stream.Apart(y.stream) || !x.stream.Apart(z.stream) {
		t.Fatal("the streams share a worker already")
	}
	for _, c := range [][2]*phone{{x, y}, {z, y}, {x, z}} {
		if err := c[0].stream.Bridge(c[1].stream); err != nil {
			t.Fatal(err)
		}
		// What is asked for later holds, wherever the streams are by then.
		c[1].stream.Mute(true)
		c[1].stream.Mute(false)
		until(t, "a common worker", func() bool { return !c[0].stream.Apart(c[1].stream) })
		c[0].stream.Sync()
		c[1].stream.Sync()
		c[0].hears(c[1], 0, "there", 0)
		c[1].hears(c[0], 0, "back", 0)
		_ = c[0].stream.Bridge(c[1].stream)
		c[1].stream.Unbridge()
		c[1].stream.Sync()
		c[0].stream.Sync()
		c[0].send(0, "parted")
		c[1].nothing()
	}
}

func TestAdvertisedAddress(t *testing.T) {
	public := netip.MustParseAddr("203.0.113.77")
	b := newBed(t, func(c *engine.Config) { c.Advertise = []netip.Addr{public} })
	s := b.open(t, stream.Options{})
	rtp, rtcp := s.Local()
	if rtp.Addr() != public || rtcp.Addr() != public || rtcp.Port() != rtp.Port()+1 {
		t.Errorf("got %s and %s, want neighbouring ports of %s", rtp, rtcp, public)
	}
	six := b.open(t, stream.Options{Local: netip.IPv6Loopback()})
	if rtp, _ := six.Local(); rtp.Addr() != netip.IPv6Loopback() {
		t.Errorf("got %s, want the address itself where none of its family is advertised", rtp)
	}
}
