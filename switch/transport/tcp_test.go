package transport_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/switch/transport"
)

// peerTCP is somebody's connection to the layer.
func peerTCP(tb testing.TB, to netip.AddrPort) *net.TCPConn {
	tb.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func write(tb testing.TB, c net.Conn, s string) {
	tb.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		tb.Fatal(err)
	}
}

// read is exactly n bytes.
func read(tb testing.TB, c net.Conn, n int) string {
	tb.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, n)
	if m, err := io.ReadFull(c, b); err != nil {
		tb.Fatalf("%v behind %q", err, b[:m])
	}
	return string(b)
}

// wantEOF wants the layer to have closed the connection.
func wantEOF(tb testing.TB, c net.Conn) {
	tb.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) || len(b) > 0 {
		tb.Fatalf("read %q, %v, want the end", b, err)
	}
}

func TestTCPRequestAndAnswer(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0"} {
		t.Run(addr, func(t *testing.T) {
			r := serve(t, 2, nil, "tcp:"+addr)
			to := r.at(0)
			if to.Addr().IsUnspecified() {
				to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.Port())
			}
			c := peerTCP(t, to)
			write(t, c, string(options("one", "1", "hello")))
			m := r.next(t)
			f := m.Flow
			if string(m.Content()) != "hello" || m.shard != transport.ShardOf("one", 2) {
				t.Errorf("body %q, shard %d", m.Content(), m.shard)
			}
			if f.Network() != transport.TCP || !f.Reliable() || f.ID() == 0 || f.Local() != to || f.Contact() != to {
				t.Errorf("flow %v, ID %d, local %v, contact %v", f, f.ID(), f.Local(), f.Contact())
			}
			if found, ok := r.Flow(f.ID()); !ok || found != f {
				t.Errorf("by its ID: %v, %v", found, ok)
			}
			if again := r.connect(t, f.Remote()); again != f {
				t.Errorf("connecting to the peer makes another connection: %v", again)
			}
			if err := f.Send([]byte("answer")); err != nil {
				t.Fatal(err)
			}
			if got := read(t, c, 6); got != "answer" {
				t.Errorf("got %q", got)
			}
			r.eventually(t, 1, "connections", "tcp", "inbound")
			_ = c.Close()
			if e := r.ended(t); e.id != f.ID() || !errors.Is(e.err, io.EOF) {
				t.Errorf("closed %d, %v, want %d", e.id, e.err, f.ID())
			}
			if _, ok := r.Flow(f.ID()); ok {
				t.Error("an ended flow is found")
			}
			if err := f.Send([]byte("x")); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("send behind the end: %v", err)
			}
			r.eventually(t, 0, "connections", "tcp", "inbound")
			r.eventually(t, 1, "connections_total", "tcp", "inbound")
		})
	}
}

// Messages in one segment, in single bytes and with a body larger than the first buffer come out the same, in order.
func TestTCPFraming(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0")
	bodies := []string{"", "a", strings.Repeat("b", 10_000), "\r\n\r\n", strings.Repeat("c", 60_000), "d"}
	var stream string
	for _, b := range bodies {
		stream += string(options("c", "1", b))
	}
	stream += strings.Replace(string(options("c", "1", "")), "Content-Length", "X-No-Length", 1)
	for _, size := range []int{1, 7, 1000, len(stream)} {
		c := peerTCP(t, r.at(0))
		for from := 0; from < len(stream); from += size {
			write(t, c, stream[from:min(from+size, len(stream))])
			if size == 1 && from > 2000 { // enough of single bytes
				write(t, c, stream[from+1:])
				break
			}
		}
		for i, b := range append(bodies, "") {
			if m := r.next(t); string(m.Content()) != b {
				t.Fatalf("in pieces of %d: body %d is %d bytes, want %d", size, i, len(m.Content()), len(b))
			}
		}
	}
}

func TestTCPKeepAlive(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0")
	c := peerTCP(t, r.at(0))
	write(t, c, "\r")
	time.Sleep(5 * time.Millisecond)
	write(t, c, "\n\r\n")
	if got := read(t, c, 2); got != "\r\n" {
		t.Errorf("pong %q", got)
	}
	write(t, c, "\r\n"+string(options("a", "1", "x"))+"\r\n\r\n"+string(options("b", "1", "")))
	if a, b := r.next(t), r.next(t); a.CallID != "a" || b.CallID != "b" {
		t.Errorf("got %s and %s", a.CallID, b.CallID)
	}
	if got := read(t, c, 2); got != "\r\n" {
		t.Errorf("pong %q", got)
	}
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, _ := c.Read(make([]byte, 1)); n != 0 {
		t.Error("a lone CRLF was answered")
	}
	r.eventually(t, 2, "dropped_messages_total", "tcp", "keep_alive")
}

// A stream that cannot be followed is closed, and counted.
func TestTCPBadStreams(t *testing.T) {
	ok := string(options("a", "1", ""))
	for _, tt := range []struct {
		name, in  string
		delivered int
		reason    string
	}{
		{"HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "malformed"},
		{"no start line", "\x16\x03\x01 \r\n\r\n", 0, "framing"},
		{"two lengths", strings.Replace(ok, "Content-Length: 0", "Content-Length: 0\r\nl: 5", 1), 0, "framing"},
		{"length no number", strings.Replace(ok, "Content-Length: 0", "Content-Length: 0x5", 1), 0, "framing"},
		{"too long", strings.Replace(ok, "Content-Length: 0", "Content-Length: 70000", 1), 0, "framing"},
		{"endless head", ok[:len(ok)-2] + strings.Repeat("X: y\r\n", 10_000), 0, "framing"},
		{"too many lines", ok[:len(ok)-2] + strings.Repeat("X: y\r\n", 600) + "\r\n", 0, "framing"},
		{"good, then no SIP", ok + "SIP/2.0 200 OK\r\n\r\n", 1, "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, 1, nil, "tcp:127.0.0.1:0")
			c := peerTCP(t, r.at(0))
			_, _ = io.WriteString(c, tt.in) // may be cut short
			e := r.ended(t)
			if e.err == nil {
				t.Error("closed without a reason")
			}
			if n := len(r.messages); n != tt.delivered {
				t.Errorf("%d messages, want %d", n, tt.delivered)
			}
			if r.counter(t, "dropped_messages_total", "tcp", tt.reason) == 0 {
				t.Errorf("not counted as %s", tt.reason)
			}
		})
	}
}

// What can be answered is delivered with its error, and the stream goes on.
func TestTCPMalformedButAnswerable(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0")
	c := peerTCP(t, r.at(0))
	write(t, c, strings.Replace(string(options("a", "1", "x")), "CSeq: 1", "CSeq: 99999999999", 1)+string(options("b", "1", "")))
	if m := r.next(t); m.Err == nil || m.CallID != "a" {
		t.Errorf("got %s, %v", m.Raw, m.Err)
	}
	if m := r.next(t); m.Err != nil || m.CallID != "b" {
		t.Errorf("got %s, %v", m.Raw, m.Err)
	}
}

func TestTCPDeadlines(t *testing.T) {
	short := 50 * time.Millisecond
	for _, tt := range []struct {
		name, in string
		change   func(c *transport.Config)
	}{
		{"nothing at all", "", func(c *transport.Config) { c.HandshakeTimeout = short }},
		{"only pings", "\r\n\r\n", func(c *transport.Config) { c.HandshakeTimeout = short }},
		{"half a message", "OPTIONS sip:a", func(c *transport.Config) { c.HandshakeTimeout = short }},
		{"half a second message", string(options("a", "1", "")) + "OPTIONS sip:a", func(c *transport.Config) { c.MessageTimeout = short }},
		{"idle", string(options("a", "1", "")), func(c *transport.Config) { c.IdleTimeout = short }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, 1, tt.change, "tcp:127.0.0.1:0")
			c := peerTCP(t, r.at(0))
			write(t, c, tt.in)
			if e := r.ended(t); e.err == nil || errors.Is(e.err, io.EOF) {
				t.Errorf("ended with %v", e.err)
			}
		})
	}
}

// One connection that says nothing holds up nobody, and a source has its limit.
func TestTCPLimits(t *testing.T) {
	r := serve(t, 1, func(c *transport.Config) { c.MaxConns, c.MaxConnsPerSource = 3, 2 }, "tcp:127.0.0.1:0")
	idle, talks := peerTCP(t, r.at(0)), peerTCP(t, r.at(0))
	write(t, talks, string(options("a", "1", "")))
	r.next(t)
	wantEOF(t, peerTCP(t, r.at(0))) // the third of its source
	r.eventually(t, 1, "refused_connections_total", "tcp", "source")

	from := func(source string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
		c, err := d.DialContext(t.Context(), "tcp", r.at(0).String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	other := from("127.0.0.2")
	write(t, other, string(options("b", "1", "")))
	r.next(t)
	wantEOF(t, from("127.0.0.3")) // the fourth of all
	r.eventually(t, 1, "refused_connections_total", "tcp", "total")

	_ = idle.Close()
	r.ended(t)
	r.eventually(t, 2, "connections", "tcp", "inbound")
	again := peerTCP(t, r.at(0))
	write(t, again, string(options("c", "1", "")))
	r.next(t)
}

// A listener of somebody else.
func farSide(tb testing.TB) (*net.TCPListener, netip.AddrPort) {
	tb.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ln.Close() })
	return ln, netip.MustParseAddrPort(ln.Addr().String())
}

func TestTCPConnect(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.9:0")
	ln, far := farSide(t)
	f := r.connect(t, far)
	if err := f.Send([]byte("first ")); err != nil { // waits for the connection
		t.Fatal(err)
	}
	if f.Contact() != r.at(0) {
		t.Errorf("contact %v, want the listener's %v", f.Contact(), r.at(0))
	}
	if again := r.connect(t, far); again != f {
		t.Error("a second connection to the same address")
	}
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if from := c.RemoteAddr().(*net.TCPAddr).AddrPort(); from.Addr() != r.at(0).Addr() {
		t.Errorf("comes from %v, want the listener's address", from)
	}
	if err := f.Send([]byte("second")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, 12); got != "first second" {
		t.Errorf("got %q", got)
	}
	write(t, c, string(options("a", "1", "")))
	if m := r.next(t); m.Flow != f {
		t.Errorf("received by %v", m.Flow)
	}
	r.eventually(t, 1, "connections", "tcp", "outbound")
	_ = c.Close()
	if e := r.ended(t); e.id != f.ID() {
		t.Errorf("ended %d, want %d", e.id, f.ID())
	}
	next := r.connect(t, far)
	if next.ID() == f.ID() || next == f {
		t.Error("a flow ID was used again")
	}
}

func TestTCPConnectFails(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0")
	ln, far := farSide(t)
	_ = ln.Close()
	f := r.connect(t, far)
	_ = f.Send([]byte("lost"))
	if e := r.ended(t); e.id != f.ID() || e.err == nil {
		t.Errorf("ended %d, %v, want %d", e.id, e.err, f.ID())
	}
	if err := f.Send([]byte("x")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("send: %v", err)
	}
}

// A peer that does not read fills its own queue and loses its connection; nobody waits for it.
func TestTCPSlowPeer(t *testing.T) {
	r := serve(t, 1, func(c *transport.Config) { c.WriteTimeout, c.WriteQueue = 100*time.Millisecond, 64<<10 }, "tcp:127.0.0.1:0")
	c := peerTCP(t, r.at(0))
	write(t, c, string(options("a", "1", "")))
	f := r.next(t).Flow
	var err error
	for i := 0; i < 10_000 && err == nil; i++ {
		start := time.Now()
		err = f.Send(make([]byte, 8<<10))
		if d := time.Since(start); d > time.Second {
			t.Fatalf("send took %v", d)
		}
	}
	if !errors.Is(err, transport.ErrFull) && !errors.Is(err, transport.ErrClosed) {
		t.Errorf("send: %v", err)
	}
	if e := r.ended(t); e.id != f.ID() || e.err == nil {
		t.Errorf("ended %d, %v", e.id, e.err)
	}
}

// What a socket does not take at once arrives whole and in order, once the peer reads.
func TestTCPQueueKeepsOrder(t *testing.T) {
	r := serve(t, 1, func(c *transport.Config) { c.WriteQueue = 16 << 20 }, "tcp:127.0.0.1:0")
	c := peerTCP(t, r.at(0))
	write(t, c, string(options("a", "1", "")))
	f := r.next(t).Flow
	const n, size = 2000, 4096
	for i := range n {
		if err := f.Send([]byte(strings.Repeat(string(rune('a'+i%26)), size))); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	in := bufio.NewReaderSize(c, 1<<16)
	b := make([]byte, size)
	for i := range n {
		if _, err := io.ReadFull(in, b); err != nil {
			t.Fatal(err)
		}
		if want := byte('a' + i%26); b[0] != want || b[size-1] != want {
			t.Fatalf("message %d begins with %c, want %c", i, b[0], want)
		}
	}
}

func TestTCPShutdown(t *testing.T) {
	r := serve(t, 1, nil, "tcp:127.0.0.1:0", "udp:127.0.0.1:0")
	c := peerTCP(t, r.at(0))
	write(t, c, string(options("a", "1", "")))
	f := r.next(t).Flow
	_, far := farSide(t)
	out := r.connect(t, far)
	r.stop()
	ids := map[uint64]bool{f.ID(): true, out.ID(): true}
	for range 2 {
		e := r.ended(t)
		if !ids[e.id] || e.err == nil {
			t.Errorf("ended %d, %v", e.id, e.err)
		}
		delete(ids, e.id)
	}
	wantEOF(t, c)
	if _, err := r.Connect(transport.TCP, netip.AddrPort{}, far); !errors.Is(err, transport.ErrShutdown) {
		t.Errorf("connect behind the end: %v", err)
	}
}

func BenchmarkTCPEcho(b *testing.B) {
	r := serve(b, 1, nil, "tcp:127.0.0.1:0")
	c := peerTCP(b, r.at(0))
	buf := make([]byte, len(invite))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(invite); err != nil {
			b.Fatal(err)
		}
		m := <-r.messages
		if err := m.Flow.Send(m.Raw); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
}
