package transport_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tandem/switch/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// closure is one call of Sink.Closed.
type closure struct {
	id  uint64
	err error
}

// sink keeps what comes in, in order.
type sink struct {
	messages chan received
	closed   chan closure
}

type received struct {
	transport.Message
	shard int
}

func newSink() *sink {
	return &sink{messages: make(chan received, 100_000), closed: make(chan closure, 1000)}
}

func (s *sink) Receive(shard int, batch []transport.Message) {
	for _, m := range batch {
		s.messages <- received{m, shard}
	}
}

func (s *sink) Closed(id uint64, err error) { s.closed <- closure{id, err} }

const patience = 5 * time.Second

// next is the next message.
func (s *sink) next(tb testing.TB) received {
	tb.Helper()
	select {
	case m := <-s.messages:
		return m
	case <-time.After(patience):
		tb.Fatal("no message came")
	}
	return received{}
}

// ended is the next closure.
func (s *sink) ended(tb testing.TB) closure {
	tb.Helper()
	select {
	case c := <-s.closed:
		return c
	case <-time.After(patience):
		tb.Fatal("no connection ended")
	}
	return closure{}
}

// nothing wants no message: what was sent before a marker was dropped.
func (s *sink) nothing(tb testing.TB) {
	tb.Helper()
	select {
	case m := <-s.messages:
		tb.Fatalf("a message came: %s", m.Raw)
	default:
	}
}

// rig is a serving layer.
type rig struct {
	*transport.Layer
	*sink
	reg  *prometheus.Registry
	stop func()
}

// serve starts a layer at the addresses, with what change does to its configuration.
func serve(tb testing.TB, shards int, change func(c *transport.Config), listen ...string) *rig {
	tb.Helper()
	var cfg transport.Config
	for _, s := range listen {
		l, err := transport.ParseListen(s)
		if err != nil {
			tb.Fatal(err)
		}
		cfg.Listen = append(cfg.Listen, l)
	}
	if change != nil {
		change(&cfg)
	}
	r := &rig{sink: newSink(), reg: prometheus.NewRegistry()}
	r.Layer = transport.New(cfg, shards, r.sink, slog.New(slog.DiscardHandler), r.reg)
	if err := r.Open(); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Serve(ctx); err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	r.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	tb.Cleanup(r.stop)
	return r
}

// connect is Connect, once Serve has begun.
func (r *rig) connect(tb testing.TB, remote netip.AddrPort) transport.Flow {
	tb.Helper()
	for range 1000 {
		f, err := r.Connect(transport.TCP, netip.AddrPort{}, remote)
		if err == nil {
			return f
		}
		if !errors.Is(err, transport.ErrNotServing) {
			tb.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	tb.Fatal("Serve does not begin")
	return transport.Flow{}
}

// at is the address of the n-th listener.
func (r *rig) at(n int) netip.AddrPort { return r.Addrs()[n].Addr }

// counter reads one metric's value with the given label values, in any order.
func (r *rig) counter(tb testing.TB, name string, labels ...string) float64 {
	tb.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "tandem_transport_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			found := 0
			for _, l := range m.GetLabel() {
				for _, want := range labels {
					if l.GetValue() == want {
						found++
					}
				}
			}
			if found == len(labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	tb.Fatalf("no metric %s %v", name, labels)
	return 0
}

// eventually waits for a counter.
func (r *rig) eventually(tb testing.TB, want float64, name string, labels ...string) {
	tb.Helper()
	var got float64
	for start := time.Now(); time.Since(start) < patience; time.Sleep(2 * time.Millisecond) {
		if got = r.counter(tb, name, labels...); got == want {
			return
		}
	}
	tb.Fatalf("%s %v is %v, want %v", name, labels, got, want)
}

// options is a small request with a body.
func options(callID, branch string, body string) []byte {
	return fmt.Appendf(nil, "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%s\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: %d\r\n\r\n%s", branch, callID, len(body), body)
}

// peerUDP is somebody's socket.
func peerUDP(tb testing.TB, addr string) *net.UDPConn {
	tb.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func portOf(c *net.UDPConn) netip.AddrPort {
	ap := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func sendUDP(tb testing.TB, c *net.UDPConn, to netip.AddrPort, b []byte) {
	tb.Helper()
	if _, err := c.WriteToUDPAddrPort(b, to); err != nil {
		tb.Fatal(err)
	}
}

// readUDP is the next datagram and where it came from.
func readUDP(tb testing.TB, c *net.UDPConn) (string, netip.AddrPort) {
	tb.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 65_536)
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b[:n]), netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
}
