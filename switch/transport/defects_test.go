package transport_test

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/switch/transport"
)

// The rows of design.md §2 that are the transport's and have no test elsewhere; sipua's TestEveryDefectHasItsTest lists all.

// Datagrams above 32 KB come in and go out whole.
func TestUDPLargeDatagrams(t *testing.T) {
	r := serve(t, 2, nil, "udp:127.0.0.1:0")
	peer := peerUDP(t, "127.0.0.1:0")
	for _, size := range []int{1301, 33 << 10, 60 << 10} {
		body := strings.Repeat("x", size)
		sendUDP(t, peer, r.at(0), options("large", strconv.Itoa(size), body))
		m := r.next(t)
		if m.Err != nil || string(m.Content()) != body {
			t.Fatalf("got %d bytes and %v, want a body of %d", len(m.Raw), m.Err, size)
		}
		answer := "SIP/2.0 200 OK\r\n\r\n" + body
		if err := m.Flow.Send([]byte(answer)); err != nil {
			t.Fatal(err)
		}
		if got, _ := readUDP(t, peer); got != answer {
			t.Errorf("got %d bytes back, want %d", len(got), len(answer))
		}
	}
}

// One connection that says nothing, and one in the middle of a message, hold up neither others nor another listener.
func TestTCPIdleConnectionsBlockNobody(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0", "tcp:127.0.0.1:0", "udp:127.0.0.1:0")
	for range 20 {
		peerTCP(t, r.at(0))
		write(t, peerTCP(t, r.at(0)), "INVITE sip:a@b SIP/2.0\r\nVia: ")
	}
	start := time.Now()
	for n := range 2 {
		write(t, peerTCP(t, r.at(n)), string(options("tcp", strconv.Itoa(n), "")))
		r.next(t)
	}
	sendUDP(t, peerUDP(t, "127.0.0.1:0"), r.at(2), options("udp", "1", ""))
	r.next(t)
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("three messages took %v", d)
	}
}

// What was asked over one connection is never answered over another, though the peer has come back from the same address and port.
func TestTCPFlowsAreNeverMixed(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0")
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	dial := func() *net.TCPConn {
		to := net.TCPAddrFromAddrPort(r.at(0))
		for range 100 {
			if c, err := net.DialTCP("tcp4", from, to); err == nil {
				from = c.LocalAddr().(*net.TCPAddr)
				_ = c.SetLinger(0) // a reset, so that the port is free at once
				t.Cleanup(func() { _ = c.Close() })
				return c
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("cannot connect")
		return nil
	}
	first := dial()
	write(t, first, string(options("a", "1", "")))
	old := r.next(t).Flow
	other := peerTCP(t, r.at(0))
	write(t, other, string(options("b", "1", "")))
	beside := r.next(t).Flow
	_ = first.Close()
	if e := r.ended(t); e.id != old.ID() {
		t.Fatalf("ended %d, want %d", e.id, old.ID())
	}
	second := dial()
	write(t, second, string(options("a", "2", "")))
	next := r.next(t).Flow
	if next.Remote() != old.Remote() {
		t.Fatalf("comes from %v, want %v again", next.Remote(), old.Remote())
	}
	if next == old || next.ID() == old.ID() || beside.ID() == old.ID() {
		t.Error("two connections share an ID")
	}
	if err := old.Send([]byte("for the first")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("a flow that has ended took a message: %v", err)
	}
	if _, ok := r.Flow(old.ID()); ok {
		t.Error("a flow that has ended is found")
	}
	for _, f := range []transport.Flow{next, beside} {
		if err := f.Send([]byte(strconv.FormatUint(f.ID(), 10))); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := read(t, second, len(strconv.FormatUint(next.ID(), 10))), strconv.FormatUint(next.ID(), 10); got != want {
		t.Errorf("the second got %q, want %q", got, want)
	}
	if got, want := read(t, other, len(strconv.FormatUint(beside.ID(), 10))), strconv.FormatUint(beside.ID(), 10); got != want {
		t.Errorf("the other got %q, want %q", got, want)
	}
	if f, err := r.Connect(transport.TCP, netip.AddrPort{}, next.Remote()); err != nil || f != next {
		t.Errorf("connect gives %v, %v, want the connection there is", f, err)
	}
}
