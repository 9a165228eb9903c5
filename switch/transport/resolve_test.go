package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"tandem/switch/transport"
)

// zone is a DNS server on loopback that knows the given records.
type zone struct {
	addr    netip.AddrPort
	asked   atomic.Int64
	rcode   map[uint16]int // by type: what it answers instead
	records []dns.RR
	delay   chan struct{} // not nil: answers wait for it
}

func serveZone(tb testing.TB, records ...string) *zone {
	tb.Helper()
	return serveZoneThat(tb, func(*zone) {}, records...)
}

// serveZoneThat changes the server before it begins.
func serveZoneThat(tb testing.TB, change func(z *zone), records ...string) *zone {
	tb.Helper()
	z := &zone{rcode: map[uint16]int{}}
	change(z)
	for _, s := range records {
		rr, err := dns.NewRR(s)
		if err != nil {
			tb.Fatal(err)
		}
		z.records = append(z.records, rr)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	z.addr = netip.MustParseAddrPort(pc.LocalAddr().String())
	ln, err := net.Listen("tcp", z.addr.String())
	if err != nil {
		tb.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: pc, Handler: z}, {Listener: ln, Handler: z}} {
		var wg sync.WaitGroup
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		wg.Go(func() { _ = s.ActivateAndServe() })
		<-started
		tb.Cleanup(func() { _ = s.Shutdown(); wg.Wait() })
	}
	return z
}

// ServeDNS answers with the records of the name and type, following one CNAME; large answers are cut off over UDP.
func (z *zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.asked.Add(1)
	if z.delay != nil {
		<-z.delay
	}
	m := new(dns.Msg).SetReply(q)
	m.Rcode = z.rcode[q.Question[0].Qtype]
	name := q.Question[0].Name
	for range 2 {
		for _, rr := range z.records {
			if !strings.EqualFold(rr.Header().Name, name) {
				continue
			}
			if c, ok := rr.(*dns.CNAME); ok {
				m.Answer = append(m.Answer, rr)
				name = c.Target
				break
			}
			if rr.Header().Rrtype == q.Question[0].Qtype && !slices.Contains(m.Answer, rr) {
				m.Answer = append(m.Answer, rr)
			}
		}
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		m.Truncate(1232)
	}
	_ = w.WriteMsg(m)
}

var (
	udp = new(transport.UDP)
	tcp = new(transport.TCP)
)

func TestResolve(t *testing.T) {
	z := serveZone(t,
		"naptr.test. 60 NAPTR 20 10 \"s\" \"SIP+D2U\" \"\" _sip._udp.pool.test.",
		"naptr.test. 60 NAPTR 10 20 \"s\" \"SIP+D2T\" \"\" _sip._tcp.pool.test.",
		"naptr.test. 60 NAPTR 5 10 \"s\" \"SIPS+D2T\" \"\" _sips._tcp.pool.test.", // not spoken here
		"_sip._tcp.pool.test. 60 SRV 1 0 5070 a.test.",
		"_sip._udp.pool.test. 60 SRV 2 0 5080 b.test.",
		"_sip._udp.pool.test. 60 SRV 1 0 5081 a.test.",
		"a.test. 60 A 192.0.2.1",
		"b.test. 60 A 192.0.2.2",
		"b.test. 60 AAAA 2001:db8::2",
		"_sip._udp.srv.test. 60 SRV 1 0 5060 a.test.",
		"_sip._tcp.srv.test. 60 SRV 1 0 5061 a.test.",
		"srv.test. 60 A 192.0.2.99",
		"_sip._udp.none.test. 60 SRV 0 0 0 .",
		"alias.test. 60 CNAME a.test.",
		"loop.test. 60 NAPTR 1 1 \"a\" \"SIP+D2U\" \"\" elsewhere.test.",
		"loop.test. 60 A 192.0.2.7",
	)
	r := transport.NewResolver([]netip.AddrPort{z.addr})
	for _, tt := range []struct {
		name    string
		host    string
		port    int
		network *transport.Network
		secure  bool
		want    string
		err     error
	}{
		{"IPv4", "192.0.2.9", 0, nil, false, "udp:192.0.2.9:5060", nil},
		{"IPv4 and port by TCP", "192.0.2.9", 5099, tcp, false, "tcp:192.0.2.9:5099", nil},
		{"IPv6 in brackets", "[2001:db8::1]", 0, nil, false, "udp:[2001:db8::1]:5060", nil},
		{"IPv6", "2001:db8::1", 5, udp, false, "udp:[2001:db8::1]:5", nil},
		{"NAPTR, SRV", "naptr.test", 0, nil, false, "tcp:192.0.2.1:5070 udp:192.0.2.1:5081 udp:192.0.2.2:5080 udp:[2001:db8::2]:5080", nil},
		{"any case", "NAPTR.Test.", 0, tcp, false, "", transport.ErrNoSuchHost}, // the URI says tcp: only _sip._tcp.naptr.test. is asked
		{"no NAPTR: SRV of each network", "srv.test", 0, nil, false, "udp:192.0.2.1:5060 tcp:192.0.2.1:5061", nil},
		{"SRV of the URI's network", "srv.test", 0, tcp, false, "tcp:192.0.2.1:5061", nil},
		{"a port: addresses only", "srv.test", 5062, nil, false, "udp:192.0.2.99:5062", nil},
		{"no SRV: addresses", "B.test", 0, tcp, false, "tcp:192.0.2.2:5060 tcp:[2001:db8::2]:5060", nil},
		{"CNAME", "alias.test", 5060, nil, false, "udp:192.0.2.1:5060", nil},
		{"NAPTR of another kind", "loop.test", 0, nil, false, "udp:192.0.2.7:5060", nil},
		{"not served", "none.test", 0, nil, false, "", transport.ErrNoSuchHost},
		{"unknown", "nobody.test", 0, nil, false, "", transport.ErrNoSuchHost},
		{"localhost", "localhost", 0, nil, false, "udp:127.0.0.1:5060 udp:[::1]:5060", nil},
		{"sips", "a.test", 0, nil, true, "", transport.ErrNoNetwork},
		{"no name", "", 0, nil, false, "", transport.ErrNoSuchHost},
		{"a name too long", strings.Repeat("a", 64) + ".test", 0, nil, false, "", transport.ErrNoSuchHost},
		{"port too high", "a.test", 65_536, nil, false, "", transport.ErrNoSuchHost},
	} {
		got, err := r.Resolve(t.Context(), tt.host, tt.port, tt.network, tt.secure)
		if !errors.Is(err, tt.err) || joined(got) != tt.want {
			t.Errorf("%s: %s, %v, want %s, %v", tt.name, joined(got), err, tt.want, tt.err)
		}
	}
}

func joined(targets []transport.Target) string {
	var s []string
	for _, x := range targets {
		s = append(s, x.String())
	}
	return strings.Join(s, " ")
}

// RFC 2782: each server of one priority is drawn as often as its weight says.
func TestResolveWeights(t *testing.T) {
	z := serveZone(t,
		"_sip._udp.w.test. 60 SRV 1 10 1 a.test.",
		"_sip._udp.w.test. 60 SRV 1 30 2 a.test.",
		"_sip._udp.w.test. 60 SRV 1 60 3 a.test.",
		"_sip._udp.w.test. 60 SRV 0 0 4 a.test.",
		"_sip._udp.w.test. 60 SRV 0 0 5 a.test.",
		"a.test. 60 A 192.0.2.1")
	r := transport.NewResolver([]netip.AddrPort{z.addr})
	third := map[uint16]int{}
	for range 2000 {
		got, err := r.Resolve(t.Context(), "w.test", 0, udp, false)
		if err != nil || len(got) != 5 || got[0].Addr.Port() < 4 || got[1].Addr.Port() < 4 {
			t.Fatalf("got %s, %v", joined(got), err)
		}
		third[got[2].Addr.Port()]++
	}
	for port, want := range map[uint16]int{1: 200, 2: 600, 3: 1200} {
		if n := third[port]; n < want/2 || n > want*3/2 {
			t.Errorf("weight of port %d: first %d times, want about %d", port, n, want)
		}
	}
}

func TestResolveCache(t *testing.T) {
	z := serveZone(t, "keep.test. 60 A 192.0.2.1", "keep.test. 60 AAAA 2001:db8::1", "fresh.test. 0 A 192.0.2.2", "fresh.test. 0 AAAA 2001:db8::2")
	r := transport.NewResolver([]netip.AddrPort{z.addr})
	for _, tt := range []struct {
		host string
		want int64 // questions for three lookups
	}{{"keep.test", 2}, {"fresh.test", 6}, {"absent.test", 2}} {
		z.asked.Store(0)
		for range 3 {
			_, _ = r.Resolve(t.Context(), tt.host, 5060, nil, false)
		}
		if n := z.asked.Load(); n != tt.want {
			t.Errorf("%s: %d questions, want %d", tt.host, n, tt.want)
		}
	}
}

// Many who want the same name at once ask once; one of them giving up takes nobody along.
func TestResolveAsksOnce(t *testing.T) {
	z := serveZoneThat(t, func(z *zone) { z.delay = make(chan struct{}) }, "a.test. 60 A 192.0.2.1")
	r := transport.NewResolver([]netip.AddrPort{z.addr})
	var wg sync.WaitGroup
	var good atomic.Int64
	for range 20 {
		wg.Go(func() {
			if got, err := r.Resolve(t.Context(), "a.test", 5060, nil, false); err == nil && len(got) == 1 {
				good.Add(1)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		if _, err := r.Resolve(ctx, "a.test", 5060, nil, false); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("given up with %v", err)
		}
	})
	time.Sleep(10 * time.Millisecond)
	cancel()
	close(z.delay)
	wg.Wait()
	if good.Load() != 20 || z.asked.Load() > 4 {
		t.Errorf("%d answered with %d questions", good.Load(), z.asked.Load())
	}
}

func TestResolveServerTrouble(t *testing.T) {
	dead := peerUDP(t, "127.0.0.1:0") // takes questions and says nothing
	gone := peerUDP(t, "127.0.0.1:0")
	_ = gone.Close() // the kernel refuses at once
	z := serveZoneThat(t, func(z *zone) {
		z.rcode[dns.TypeNAPTR], z.rcode[dns.TypeSRV] = dns.RcodeServerFailure, dns.RcodeNotImplemented
	}, "a.test. 60 A 192.0.2.1")
	refuses := serveZoneThat(t, func(z *zone) { z.rcode[dns.TypeA] = dns.RcodeRefused })

	r := transport.NewResolver([]netip.AddrPort{portOf(gone), z.addr})
	if got, err := r.Resolve(t.Context(), "a.test", 0, nil, false); err != nil || joined(got) != "udp:192.0.2.1:5060" {
		t.Errorf("a router that only knows addresses: %s, %v", joined(got), err)
	}
	if _, err := transport.NewResolver([]netip.AddrPort{refuses.addr}).Resolve(t.Context(), "b.test", 5060, nil, false); err == nil || errors.Is(err, transport.ErrNoSuchHost) {
		t.Errorf("refused: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := transport.NewResolver([]netip.AddrPort{portOf(dead)}).Resolve(ctx, "a.test", 0, nil, false); err == nil {
		t.Error("a dead server answers")
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("a dead server held a cancelled lookup up for %v", d)
	}
}

// An answer that does not fit a datagram is fetched by TCP, and only so many targets are taken from it.
func TestResolveLargeAnswer(t *testing.T) {
	var records []string
	for i := range 200 {
		records = append(records, fmt.Sprintf("big.test. 60 A 192.0.2.%d", i+1))
	}
	z := serveZone(t, records...)
	r := transport.NewResolver([]netip.AddrPort{z.addr})
	got, err := r.Resolve(t.Context(), "big.test", 5060, nil, false)
	if err != nil || len(got) != 16 {
		t.Errorf("%d targets, %v, want 16", len(got), err)
	}
	if z.asked.Load() != 3 {
		t.Errorf("%d questions, want A twice and AAAA", z.asked.Load())
	}
}
