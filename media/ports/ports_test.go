package ports_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"

	"tandem/media/ports"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func pool(tb testing.TB, first, last int, addrs ...netip.Addr) *ports.Pool {
	tb.Helper()
	if len(addrs) == 0 {
		addrs = []netip.Addr{loopback}
	}
	p, err := ports.New(first, last, addrs)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func take(tb testing.TB, p *ports.Pool, a netip.Addr) *ports.Pair {
	tb.Helper()
	pair, err := p.Pair(a)
	if err != nil {
		tb.Fatal(err)
	}
	return pair
}

func TestNewChecksTheRange(t *testing.T) {
	for name, c := range map[string]struct {
		first, last int
		addrs       []netip.Addr
		ok          bool
	}{
		"pair":       {20000, 20001, []netip.Addr{loopback}, true},
		"odd start":  {20001, 20003, []netip.Addr{loopback}, true},
		"one port":   {20000, 20000, []netip.Addr{loopback}, false},
		"odd pair":   {20001, 20002, []netip.Addr{loopback}, false},
		"reversed":   {20010, 20000, []netip.Addr{loopback}, false},
		"too high":   {65534, 65536, []netip.Addr{loopback}, false},
		"no address": {20000, 20001, nil, false},
		"empty":      {20000, 20001, []netip.Addr{{}}, false},
	} {
		if _, err := ports.New(c.first, c.last, c.addrs); (err == nil) != c.ok {
			t.Errorf("%s: got %v, want ok %v", name, err, c.ok)
		}
	}
}

func TestPairIsEvenAndWhole(t *testing.T) {
	p := pool(t, 14001, 14020)
	for range 9 {
		pair := take(t, p, netip.Addr{})
		defer pair.Close()
		l := pair.Local()
		if l.Port()%2 != 0 || l.Port() < 14002 || l.Port() > 14018 {
			t.Errorf("got %s, want an even port whose pair is in the range", l)
		}
		if _, err := net.ListenPacket("udp", netip.AddrPortFrom(l.Addr(), l.Port()+1).String()); err == nil { //nolint:noctx // must fail
			t.Errorf("%s: the RTCP port is not bound", l)
		}
	}
	if _, err := p.Pair(netip.Addr{}); !errors.Is(err, ports.ErrExhausted) {
		t.Errorf("got %v, want ErrExhausted", err)
	}
	if p.InUse() != 18 || p.Size() != 18 {
		t.Errorf("got %d of %d ports in use, want 18 of 18", p.InUse(), p.Size())
	}
}

func TestBusyPairIsSkipped(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:14031") //nolint:noctx // a plain socket in the way
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	p := pool(t, 14030, 14033)
	pair := take(t, p, loopback)
	defer pair.Close()
	if pair.Local().Port() != 14032 {
		t.Errorf("got %s, want port 14032", pair.Local())
	}
	if _, err := p.Pair(loopback); !errors.Is(err, ports.ErrExhausted) {
		t.Errorf("got %v, want ErrExhausted", err)
	}
}

func TestPairComesBackLast(t *testing.T) {
	p := pool(t, 14040, 14047)
	first := take(t, p, loopback)
	port := first.Local().Port()
	first.Close()
	first.Close()
	for range 3 {
		pair := take(t, p, loopback)
		defer pair.Close()
		if pair.Local().Port() == port {
			t.Errorf("port %d was reused while others had rested longer", port)
		}
	}
	last := take(t, p, loopback)
	defer last.Close()
	if last.Local().Port() != port {
		t.Errorf("got port %d, want %d", last.Local().Port(), port)
	}
}

func TestAddresses(t *testing.T) {
	other, six := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("::1")
	p := pool(t, 14050, 14053, loopback, netip.IPv6Unspecified())
	for _, a := range []netip.Addr{loopback, six} {
		pair := take(t, p, a)
		defer pair.Close()
		if pair.Local().Addr() != a {
			t.Errorf("got %s, want address %s", pair.Local(), a)
		}
	}
	if _, err := p.Pair(other); err == nil {
		t.Errorf("%s is not configured, want an error", other)
	}
}

func TestCloseRTCPKeepsThePort(t *testing.T) {
	p := pool(t, 14060, 14061)
	pair := take(t, p, loopback)
	pair.CloseRTCP()
	if pair.RTCP != -1 || p.InUse() != 2 {
		t.Errorf("got descriptor %d and %d ports in use, want -1 and 2", pair.RTCP, p.InUse())
	}
	pair.Close()
	if p.InUse() != 0 {
		t.Errorf("got %d ports in use, want 0", p.InUse())
	}
}

func TestThousandPairsComeAndGo(t *testing.T) {
	before := descriptors(t)
	p := pool(t, 14070, 14089)
	for range 1000 {
		take(t, p, loopback).Close()
	}
	if after := descriptors(t); p.InUse() != 0 || after != before {
		t.Errorf("got %d ports and %d descriptors more, want none", p.InUse(), after-before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	l, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(l)
}

func BenchmarkPair(b *testing.B) {
	p := pool(b, 15000, 15999)
	b.ReportAllocs()
	for b.Loop() {
		take(b, p, loopback).Close()
	}
}
