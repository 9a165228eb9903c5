package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

type counting struct{ n atomic.Int64 }

func (c *counting) Receive(_ int, batch []Message) { c.n.Add(int64(len(batch))) }
func (*counting) Closed(uint64, error)             {}

// Nothing is kept of UDP sources, however many there are.
func TestUDPSourcesAreNotKept(t *testing.T) {
	s := &counting{}
	cfg := Default()
	cfg.Listen = []Listen{{UDP, netip.MustParseAddrPort("127.0.0.1:0")}}
	l := New(cfg, 1, s, slog.New(slog.DiscardHandler), nil)
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	const sources = 300
	for i := range sources {
		c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 1, byte(i%250+1))}, net.UDPAddrFromAddrPort(l.Addrs()[0].Addr))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(c, "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK%d\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\n\r\n", i, i)
		_ = c.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); s.n.Load() < sources && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := s.n.Load(); n != sources {
		t.Errorf("got %d messages, want %d", n, sources)
	}
	if n := len(l.udp[0].paths); n != 1 {
		t.Errorf("%d paths are kept, want the one of our address", n)
	}
	if n := len(l.conns.ids) + len(l.conns.sources) + len(l.sources.seen); n != 0 {
		t.Errorf("%d things are kept besides", n)
	}
}
