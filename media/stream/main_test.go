package stream_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

// patience is how long a test waits for what must come; quiet, for what must not.
const (
	patience = 5 * time.Second
	quiet    = 60 * time.Millisecond
)

// bed is an engine that runs for one test.
type bed struct {
	*stream.Opener
	*engine.Engine
	registry *prometheus.Registry
}

func newBed(tb testing.TB, change func(*engine.Config)) *bed {
	tb.Helper()
	cfg := engine.Config{Workers: 1, Ports: "14100-14899", Address: []netip.Addr{loopback, netip.IPv6Loopback()}}
	if change != nil {
		change(&cfg)
	}
	reg := prometheus.NewRegistry()
	e, err := engine.New(cfg, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			tb.Error(err)
		}
		if n := e.Ports.InUse(); n != 0 {
			tb.Errorf("got %d ports in use at the end, want 0", n)
		}
	})
	return &bed{stream.New(e), e, reg}
}

func (b *bed) open(tb testing.TB, o stream.Options) *stream.Stream {
	tb.Helper()
	s, err := b.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Formats that tests agree on.
var (
	pcmu   = offer.Format{Name: "PCMU", ClockRate: 8000, Channels: 1}
	pcma   = offer.Format{Name: "PCMA", ClockRate: 8000, Channels: 1}
	opus   = offer.Format{Name: "opus", ClockRate: 48000, Channels: 2, Fmtp: "useinbandfec=1"}
	events = offer.Format{Name: "telephone-event", ClockRate: 8000, Channels: 1, Fmtp: "0-15"}
)

func pair(f offer.Format, send, receive uint8) offer.Pair {
	return offer.Pair{Format: f, Send: send, Receive: receive}
}

func g711() []offer.Pair { return []offer.Pair{pair(pcmu, 0, 0), pair(events, 101, 101)} }

// phone is a party: two sockets and a stream of packets.
type phone struct {
	t         testing.TB
	rtp, rtcp *net.UDPConn
	stream    *stream.Stream
	ssrc      uint32
	seq       uint16
	ts        uint32
	mu        sync.Mutex
	told      []stream.Event
}

// newPhone opens a phone and the stream it talks to, without an agreement.
func newPhone(tb testing.TB, b *bed, o stream.Options) *phone {
	tb.Helper()
	host := loopback
	if o.Local.Is6() {
		host = o.Local
	}
	p := &phone{t: tb, ssrc: 0x1234, seq: 100, ts: 5000, stream: b.open(tb, o)}
	p.rtp, p.rtcp = listen(tb, host), listen(tb, host)
	p.stream.Notify(func(e stream.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, e)
	})
	return p
}

func listen(tb testing.TB, host netip.Addr) *net.UDPConn {
	tb.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, 0)))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func at(c *net.UDPConn) netip.AddrPort {
	a := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// params is an agreement that names the phone's own sockets.
func (p *phone) params(formats []offer.Pair) stream.Params {
	return stream.Params{Remote: at(p.rtp), RemoteRTCP: at(p.rtcp), Formats: formats}
}

func (p *phone) apply(x stream.Params) {
	p.stream.Apply(x)
	p.stream.Sync()
}

// next is the phone's next packet.
func (p *phone) next(kind uint8, payload []byte) *rtp.Packet {
	p.seq++
	p.ts += 160
	return &rtp.Packet{Header: rtp.Header{
		Version: 2, PayloadType: kind, SequenceNumber: p.seq, Timestamp: p.ts, SSRC: p.ssrc,
	}, Payload: payload}
}

func (p *phone) send(kind uint8, payload string) { p.sendPacket(p.rtp, p.next(kind, []byte(payload))) }

func (p *phone) sendPacket(from *net.UDPConn, k *rtp.Packet) {
	p.t.Helper()
	b, err := k.Marshal()
	if err != nil {
		p.t.Fatal(err)
	}
	p.sendBytes(from, b)
}

func (p *phone) sendBytes(from *net.UDPConn, b []byte) {
	p.t.Helper()
	to, _ := p.stream.Local()
	if _, err := from.WriteToUDPAddrPort(b, to); err != nil {
		p.t.Fatal(err)
	}
}

// read returns the next RTP packet that comes to the phone.
func (p *phone) read() *rtp.Packet {
	p.t.Helper()
	k, ok := p.readWithin(patience)
	if !ok {
		p.t.Fatal("no packet came")
	}
	return k
}

func (p *phone) readWithin(d time.Duration) (*rtp.Packet, bool) {
	p.t.Helper()
	b := make([]byte, 2048)
	_ = p.rtp.SetReadDeadline(time.Now().Add(d))
	n, err := p.rtp.Read(b)
	if err != nil {
		return nil, false
	}
	k := new(rtp.Packet)
	if err := k.Unmarshal(b[:n]); err != nil {
		p.t.Fatal(err)
	}
	return k, true
}

// nothing fails when a packet comes to the phone.
func (p *phone) nothing() {
	p.t.Helper()
	if k, ok := p.readWithin(quiet); ok {
		p.t.Errorf("got a packet of %q, want none", k.Payload)
	}
}

// hears sends from p and expects to's packets to carry the payload and type.
func (p *phone) hears(to *phone, kind uint8, payload string, want uint8) *rtp.Packet {
	p.t.Helper()
	p.send(kind, payload)
	k := to.read()
	if string(k.Payload) != payload || k.PayloadType != want {
		p.t.Errorf("got %q of type %d, want %q of type %d", k.Payload, k.PayloadType, payload, want)
	}
	return k
}

// until waits for a condition that the worker will bring about.
func until(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	tb.Fatalf("%s did not happen", what)
}

func (p *phone) dropped(d media.Drop) uint64 { return p.stream.Stats().Dropped[d] }

// couple is two phones whose streams are bridged.
func couple(tb testing.TB, b *bed, one, two []offer.Pair) (*phone, *phone) {
	tb.Helper()
	x := newPhone(tb, b, stream.Options{})
	y := newPhone(tb, b, stream.Options{Beside: x.stream})
	x.apply(x.params(one))
	y.apply(y.params(two))
	bridge(tb, x, y)
	return x, y
}

func bridge(tb testing.TB, x, y *phone) {
	tb.Helper()
	if err := x.stream.Bridge(y.stream); err != nil {
		tb.Fatal(err)
	}
	x.stream.Sync()
	y.stream.Sync()
	x.stream.Sync()
}

// heard is what Notify's callback was told so far.
func (p *phone) heard() []stream.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]stream.Event(nil), p.told...)
}

func listenOn(tb testing.TB, a netip.AddrPort) *net.UDPConn {
	tb.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}
