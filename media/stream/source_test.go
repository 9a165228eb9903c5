package stream_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/stream"
)

func TestStrangersAreNeverForwarded(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	stranger := listen(t, loopback)
	for range 300 {
		x.sendPacket(stranger, &rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 666, SequenceNumber: 1}, Payload: []byte("evil")})
	}
	until(t, "a count of strangers", func() bool { return x.dropped(media.DropStranger) > 100 })
	y.nothing()
	x.hears(y, 0, "the SDP's address wins", 0)
	// The socket is connected now: the kernel drops what others send.
	before := x.dropped(media.DropStranger)
	for range 50 {
		x.sendPacket(stranger, &rtp.Packet{Header: rtp.Header{Version: 2, SSRC: x.ssrc, SequenceNumber: x.seq + 1}, Payload: []byte("evil")})
	}
	x.hears(y, 0, "still", 0)
	if n := x.dropped(media.DropStranger); n != before {
		t.Errorf("got %d packets of strangers behind a connected socket, want none", n-before)
	}
	_ = stranger.SetReadDeadline(time.Now().Add(quiet))
	if n, err := stranger.Read(make([]byte, 100)); err == nil {
		t.Errorf("the stranger was answered with %d bytes", n)
	}
}

func TestSourceIsLearnedBehindNAT(t *testing.T) {
	b := newBed(t, nil)
	for name, c := range map[string]struct {
		signalling netip.Addr
		private    bool
		learned    bool
	}{
		"signals from there": {loopback, false, true},
		"private address":    {netip.Addr{}, true, true},
		"neither":            {netip.Addr{}, false, false},
		"signals elsewhere":  {netip.MustParseAddr("127.0.0.9"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := newPhone(t, b, stream.Options{Signalling: c.signalling})
			y := newPhone(t, b, stream.Options{Beside: x.stream})
			p := x.params(g711())
			p.Remote = netip.MustParseAddrPort("127.0.0.7:40000") // x sends from another address than this
			p.Private = c.private
			x.apply(p)
			y.apply(y.params(g711()))
			bridge(t, x, y)
			x.send(0, "1")
			x.send(0, "2")
			if !c.learned {
				for range 10 {
					x.send(0, "no")
				}
				until(t, "a count", func() bool { return x.dropped(media.DropStranger) == 12 })
				y.nothing()
				return
			}
			x.hears(y, 0, "3", 0)
			y.hears(x, 0, "and back", 0)
			x.hears(y, 0, "4", 0)
		})
	}
}

func TestSendsToTheSDPFirst(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "y has sent nothing yet", 0)
}

func TestSourceMovesWithANewAgreement(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	last := x.hears(y, 0, "here", 0)
	old := x.rtp
	x.rtp = listen(t, loopback)
	x.send(0, "not agreed")
	y.nothing()
	x.apply(x.params(g711()))
	x.sendPacket(old, x.next(0, []byte("gone")))
	x.ssrc = 77
	k := x.hears(y, 0, "there", 0)
	if k.SSRC != last.SSRC || k.SequenceNumber != last.SequenceNumber+1 {
		t.Errorf("got %v after %v, want the same stream to go on", k.Header, last.Header)
	}
	y.hears(x, 0, "found", 0)
}

func TestAnotherSSRCNeedsTwoInARow(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "1", 0)
	forged := &rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 99, SequenceNumber: 9}, Payload: []byte("forged")}
	for range 5 {
		x.sendPacket(x.rtp, forged)
		x.hears(y, 0, "2", 0)
		forged.SequenceNumber++
	}
	if n := x.dropped(media.DropSSRC); n != 5 {
		t.Errorf("got %d packets of another SSRC dropped, want 5", n)
	}
}

func TestRestartWithTheSameSSRC(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	last := x.hears(y, 0, "1", 0)
	x.seq, x.ts = x.seq-20000, x.ts-1<<30
	x.send(0, "not believed")
	k := x.hears(y, 0, "2", 0)
	if k.SequenceNumber != last.SequenceNumber+1 || int32(k.Timestamp-last.Timestamp) <= 0 {
		t.Errorf("got %v after %v, want no step back", k.Header, last.Header)
	}
	x.ts -= 1 << 30 // the clock alone
	k2 := x.hears(y, 0, "3", 0)
	if k2.SequenceNumber != k.SequenceNumber+1 || int32(k2.Timestamp-k.Timestamp) <= 0 {
		t.Errorf("got %v after %v, want no step back", k2.Header, k.Header)
	}
}

func TestMalformedPackets(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "ok", 0)
	for _, raw := range []string{
		"x", "hello, this is not RTP", "\x80\x00\x00\x01", "\xbf\x00aaaaaaaaaaaaaa\xff", "\x90\x00aaaabbbbcc\x00\x00\xff\xff", "\x80\xc8\x00\x06aaaa",
	} {
		x.sendBytes(x.rtp, []byte(raw))
	}
	until(t, "six drops", func() bool { return x.dropped(media.DropMalformed) == 6 })
	x.hears(y, 0, "ok", 0)
}

func TestRefusedSendsAreTolerated(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	y.hears(x, 0, "both are connected", 0)
	x.hears(y, 0, "both are connected", 0)
	to := at(y.rtp)
	_ = y.rtp.Close()
	for range 10 {
		x.send(0, "nobody there")
		time.Sleep(time.Millisecond)
	}
	y.rtp = listenOn(t, to)
	until(t, "a packet after the port came back", func() bool {
		x.send(0, "there again")
		_, ok := y.readWithin(10 * time.Millisecond)
		return ok
	})
}

func TestFaultsAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes three seconds")
	}
	b := newBed(t, func(c *engine.Config) { c.Timeout = 200 * time.Millisecond })
	open := func(f func(*stream.Params)) *phone {
		x := newPhone(t, b, stream.Options{})
		p := x.params(g711())
		if f != nil {
			f(&p)
		}
		x.apply(p)
		return x
	}
	silent, talks, early := open(nil), open(nil), open(func(p *stream.Params) { p.Early = true })
	elsewhere, foreign := open(nil), open(nil)
	private := open(func(p *stream.Params) { p.Private = true })
	talks.send(0, "hello")
	foreign.send(9, "what?")
	elsewhere.sendPacket(listen(t, loopback), elsewhere.next(0, nil))
	for name, c := range map[string]struct {
		p    *phone
		want media.Fault
	}{
		"silent": {silent, media.FaultNoPackets}, "stops": {talks, media.FaultSilence}, "elsewhere": {elsewhere, media.FaultElsewhere},
		"payload type": {foreign, media.FaultPayloadType}, "private": {private, media.FaultPrivate},
	} {
		until(t, name, func() bool { return len(c.p.heard()) > 0 })
		if e := c.p.heard()[0]; e.Kind != stream.Fault || e.Fault != c.want || c.p.stream.Stats().Fault != c.want {
			t.Errorf("%s: got %v, want fault %s", name, e, c.want)
		}
	}
	talks.send(0, "back")
	until(t, "all well again", func() bool { return talks.stream.Stats().Fault == media.FaultNone })
	if len(early.heard()) != 0 {
		t.Errorf("got %v before the answer, want nothing", early.heard())
	}
}
