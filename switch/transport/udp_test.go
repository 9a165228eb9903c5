package transport_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"tandem/switch/transport"
)

func TestUDPRequestAndAnswer(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(addr, func(t *testing.T) {
			r := serve(t, 3, nil, "udp:"+addr)
			peer := peerUDP(t, addr)
			sendUDP(t, peer, r.at(0), options("one", "1", "hello"))
			m := r.next(t)
			if string(m.Content()) != "hello" || m.shard != transport.ShardOf("one", 3) {
				t.Errorf("body %q, shard %d", m.Content(), m.shard)
			}
			f := m.Flow
			if f.Network() != transport.UDP || f.ID() != 0 || f.Reliable() || f.IsZero() {
				t.Errorf("flow %v is not UDP's", f)
			}
			if f.Remote() != portOf(peer) || f.Local() != r.at(0) || f.Contact() != r.at(0) {
				t.Errorf("flow from %v to %v (%v), want %v to %v", f.Remote(), f.Local(), f.Contact(), portOf(peer), r.at(0))
			}
			if f.String() != "udp:"+portOf(peer).String() {
				t.Errorf("flow %q", f)
			}
			answer := "SIP/2.0 200 OK\r\n\r\n" + strings.Repeat("x", 3000) // no limit for answers
			if err := f.Send([]byte(answer)); err != nil {
				t.Fatal(err)
			}
			got, from := readUDP(t, peer)
			if got != answer || from != r.at(0) {
				t.Errorf("%d bytes from %v, want %d from %v", len(got), from, len(answer), r.at(0))
			}
			again, err := r.Connect(transport.UDP, netip.AddrPort{}, portOf(peer))
			if err != nil || again != f {
				t.Errorf("connect gives %v, %v, want the same flow", again, err)
			}
			r.eventually(t, 1, "messages_total", "udp", "received")
			r.eventually(t, 1, "messages_total", "udp", "sent")
		})
	}
}

// One source's messages stay in order, whatever shard they belong to; each lands in its Call-ID's shard.
func TestUDPOrder(t *testing.T) {
	const shards, n = 4, 2000
	r := serve(t, shards, nil, "udp:127.0.0.1:0")
	peer := peerUDP(t, "127.0.0.1:0")
	for i := range n {
		sendUDP(t, peer, r.at(0), options("c"+strconv.Itoa(i%7), strconv.Itoa(i), ""))
	}
	last := map[string]int{}
	for range n {
		m := r.next(t)
		i, _ := strconv.Atoi(strings.TrimPrefix(m.Branch, "z9hG4bK"))
		if before, ok := last[m.CallID]; ok && i <= before {
			t.Fatalf("message %d of %s behind %d", i, m.CallID, before)
		}
		last[m.CallID] = i
		if m.shard != transport.ShardOf(m.CallID, shards) {
			t.Fatalf("%s in shard %d", m.CallID, m.shard)
		}
	}
}

// The kernel spreads sources over the sockets of all shards: each has its own reader's receive queue.
func TestUDPSharesPort(t *testing.T) {
	r := serve(t, 4, nil, "udp:127.0.0.1:0")
	inodes, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		t.Skip(err)
	}
	if n := strings.Count(string(inodes), fmt.Sprintf(" 0100007F:%04X ", r.at(0).Port())); n != 4 {
		t.Errorf("%d sockets, want 4", n)
	}
	for i := range 64 {
		peer := peerUDP(t, "127.0.0.1:0")
		for j := range 4 {
			sendUDP(t, peer, r.at(0), options(strconv.Itoa(i), strconv.Itoa(j), ""))
		}
	}
	for range 64 * 4 {
		r.next(t)
	}
}

func TestUDPDrops(t *testing.T) {
	r := serve(t, 1, func(c *transport.Config) { c.MaxMessage = 2048 }, "udp:127.0.0.1:0")
	peer := peerUDP(t, "127.0.0.1:0")
	for _, s := range []string{"", "\r\n\r\n", "\r\n", "\x00\x00\x00\x00"} {
		sendUDP(t, peer, r.at(0), []byte(s))
	}
	sendUDP(t, peer, r.at(0), []byte("what is this"))
	sendUDP(t, peer, r.at(0), []byte("SIP/2.0 200 OK\r\nCall-ID: a\r\n\r\n"))
	sendUDP(t, peer, r.at(0), options("long", "1", strings.Repeat("x", 4000)))
	sendUDP(t, peer, r.at(0), options("fits", "1", ""))
	if m := r.next(t); m.CallID != "fits" {
		t.Errorf("got %s", m.Raw)
	}
	r.nothing(t)
	r.eventually(t, 4, "dropped_messages_total", "udp", "keep_alive")
	r.eventually(t, 2, "dropped_messages_total", "udp", "malformed")
	r.eventually(t, 1, "dropped_messages_total", "udp", "truncated")
	r.eventually(t, 0, "kernel_dropped_datagrams_total")
}

func TestUDPMalformedButAnswerable(t *testing.T) {
	r := serve(t, 1, nil, "udp:127.0.0.1:0")
	peer := peerUDP(t, "127.0.0.1:0")
	sendUDP(t, peer, r.at(0), []byte(strings.Replace(string(options("a", "1", "")), "SIP/2.0", "SIP/4.0", 1)))
	m := r.next(t)
	var bad *transport.SyntaxError
	if !errors.As(m.Err, &bad) || bad.Code != 505 || m.Flow.Remote() != portOf(peer) {
		t.Errorf("error %v, flow %v", m.Err, m.Flow)
	}
}

// A wildcard listener answers from the address it was asked at, and says so in Contact.
func TestUDPWildcard(t *testing.T) {
	for _, tt := range []struct{ listen, at, other string }{
		{"udp:0.0.0.0:0", "127.0.0.7", "127.0.0.8"},
		{"udp:[::]:0", "::1", "::1"},
	} {
		t.Run(tt.listen, func(t *testing.T) {
			r := serve(t, 2, nil, tt.listen)
			at := netip.AddrPortFrom(netip.MustParseAddr(tt.at), r.at(0).Port())
			peer := peerUDP(t, netip.AddrPortFrom(netip.MustParseAddr(tt.other), 0).String())
			sendUDP(t, peer, at, options("a", "1", ""))
			m := r.next(t)
			if m.Flow.Local() != at || m.Flow.Contact() != at {
				t.Errorf("local %v, contact %v, want %v", m.Flow.Local(), m.Flow.Contact(), at)
			}
			if err := m.Flow.Send([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if _, from := readUDP(t, peer); from != at {
				t.Errorf("answered from %v, want %v", from, at)
			}
			again, err := r.Connect(transport.UDP, at, portOf(peer))
			if err != nil || again != m.Flow {
				t.Errorf("connect from %v gives %v, %v", at, again.Local(), err)
			}
			best, err := r.Connect(transport.UDP, netip.AddrPort{}, portOf(peer))
			if err != nil || !best.Local().Addr().IsLoopback() || best.Local().Port() != at.Port() {
				t.Errorf("connect gives %v, %v", best.Local(), err)
			}
		})
	}
}

func TestUDPChoosesListener(t *testing.T) {
	r := serve(t, 1, nil, "udp:127.0.0.5:0", "udp:127.0.0.1:0", "udp:[::1]:0", "tcp:127.0.0.1:0")
	for _, tt := range []struct {
		remote string
		local  netip.AddrPort
		want   netip.AddrPort
	}{
		{"127.0.0.1:9", netip.AddrPort{}, r.at(1)}, // the kernel's own choice
		{"127.0.0.1:9", r.at(0), r.at(0)},
		{"[::1]:9", netip.AddrPort{}, r.at(2)},
		{"[::ffff:127.0.0.1]:9", netip.AddrPort{}, r.at(1)},
		{"127.0.0.1:9", netip.MustParseAddrPort("127.0.0.99:1"), r.at(1)}, // an address we no longer listen at
	} {
		f, err := r.Connect(transport.UDP, tt.local, netip.MustParseAddrPort(tt.remote))
		if err != nil || f.Local() != tt.want {
			t.Errorf("to %s from %v: %v, %v, want %v", tt.remote, tt.local, f.Local(), err, tt.want)
		}
	}
	only4 := serve(t, 1, nil, "udp:127.0.0.1:0")
	if _, err := only4.Connect(transport.UDP, netip.AddrPort{}, netip.MustParseAddrPort("[::1]:9")); !errors.Is(err, transport.ErrNoListener) {
		t.Errorf("IPv6 without a listener: %v", err)
	}
	if _, err := only4.Connect(transport.UDP, netip.AddrPort{}, netip.AddrPort{}); err == nil {
		t.Error("connected to nowhere")
	}
}

func TestAdvertise(t *testing.T) {
	public := netip.MustParseAddr("203.0.113.1")
	r := serve(t, 1, func(c *transport.Config) { c.Advertise = public }, "udp:0.0.0.0:0", "udp:[::1]:0")
	own := ownAddress(t)
	f, err := r.Connect(transport.UDP, netip.AddrPort{}, netip.AddrPortFrom(own, 9))
	if err != nil || f.Contact() != netip.AddrPortFrom(public, r.at(0).Port()) || f.Local().Addr() == public {
		t.Errorf("contact %v, local %v, %v", f.Contact(), f.Local(), err)
	}
	for _, loop := range []string{"127.0.0.1:9", "[::1]:9"} {
		if f, err := r.Connect(transport.UDP, netip.AddrPort{}, netip.MustParseAddrPort(loop)); err != nil || f.Contact() != f.Local() {
			t.Errorf("to %s: contact %v, local %v, %v", loop, f.Contact(), f.Local(), err)
		}
	}
}

// ownAddress is an IPv4 address of this machine that is not loopback.
func ownAddress(t *testing.T) netip.Addr {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			return p.Addr()
		}
	}
	t.Skip("this machine has only loopback")
	return netip.Addr{}
}

func TestUDPSendErrors(t *testing.T) {
	r := serve(t, 1, nil, "udp:127.0.0.1:0")
	f, err := r.Connect(transport.UDP, netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Send(make([]byte, 65_600)); !errors.Is(err, transport.ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	r.eventually(t, 1, "dropped_messages_total", "udp", "too_long")
	if err := f.Send(make([]byte, 10_000)); err != nil {
		t.Errorf("10,000 bytes: %v", err)
	}
	r.stop()
	if err := f.Send([]byte("x")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("behind the end: %v", err)
	}
}

func TestOpen(t *testing.T) {
	r := serve(t, 2, nil, "udp:127.0.0.1:0", "tcp:127.0.0.1:0")
	for _, l := range r.Addrs() {
		taken := transport.Config{Listen: []transport.Listen{{Network: transport.UDP, Addr: netip.MustParseAddrPort("127.0.0.1:0")}, l}}
		other := transport.New(taken, 2, newSink(), nil, nil)
		err := other.Open()
		if err == nil || !strings.Contains(err.Error(), taken.Listen[1].String()) {
			t.Errorf("%v: %v, want an error that names it", taken.Listen[1], err)
		}
	}
	if err := r.Serve(t.Context()); err == nil {
		t.Error("serves twice")
	}
	if err := transport.New(transport.Config{}, 1, newSink(), nil, nil).Serve(t.Context()); err == nil {
		t.Error("serves without a listener")
	}
	unserved := transport.New(transport.Config{Listen: r.Addrs()[:1]}, 1, newSink(), nil, nil)
	if _, err := unserved.Connect(transport.TCP, netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9")); !errors.Is(err, transport.ErrNotServing) {
		t.Errorf("connects before Serve: %v", err)
	}
}

// One datagram in and one out, over loopback: system calls included, the peer's too.
func BenchmarkUDPEcho(b *testing.B) {
	r := serve(b, 1, nil, "udp:127.0.0.1:0")
	peer := peerUDP(b, "127.0.0.1:0")
	buf := make([]byte, 2048)
	b.ReportAllocs()
	for b.Loop() {
		sendUDP(b, peer, r.at(0), invite)
		m := <-r.messages
		if err := m.Flow.Send(m.Raw); err != nil {
			b.Fatal(err)
		}
		if _, _, err := peer.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// What a shard pays for sending.
func BenchmarkUDPSend(b *testing.B) {
	for _, listen := range []string{"udp:127.0.0.1:0", "udp:0.0.0.0:0"} {
		b.Run(listen, func(b *testing.B) {
			r := serve(b, 1, nil, listen)
			peer := peerUDP(b, "127.0.0.1:0")
			f, err := r.Connect(transport.UDP, netip.AddrPort{}, portOf(peer))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Send(invite); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a reader pays a datagram when they come in bursts.
func BenchmarkUDPReceive(b *testing.B) {
	r := serve(b, 1, nil, "udp:127.0.0.1:0")
	peer := peerUDP(b, "127.0.0.1:0")
	const burst = 64
	b.ReportAllocs()
	for b.Loop() {
		for range burst {
			sendUDP(b, peer, r.at(0), invite)
		}
		for range burst {
			<-r.messages
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*burst), "ns/datagram")
}
