package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"

	"tandem/switch/call"
	"tandem/switch/webhook"
)

// world is a network in memory: names, and what answers at an address. It works inside synctest bubbles.
type world struct {
	t       *testing.T
	mu      sync.Mutex
	names   map[string][]netip.Addr
	hosts   map[netip.AddrPort]func(net.Conn)
	dialled []netip.AddrPort
	wg      sync.WaitGroup
	conns   []net.Conn
}

var publicAddr = netip.MustParseAddr("93.184.216.34")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, names: map[string][]netip.Addr{}, hosts: map[netip.AddrPort]func(net.Conn){}}
	t.Cleanup(w.close)
	return w
}

// close ends every connection and waits for those who served them.
func (w *world) close() {
	w.mu.Lock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.mu.Unlock()
	w.wg.Wait()
}

// serve makes h the HTTP server of a name on port 80.
func (w *world) serve(name string, h http.HandlerFunc) {
	w.raw(name, func(c net.Conn) {
		done := make(chan struct{})
		// The body is read first: only then does a server notice that its client has gone.
		srv := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			h(rw, r)
		})}
		l := &single{conn: c, done: done}
		srv.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed || s == http.StateHijacked {
				close(done)
			}
		}
		_ = srv.Serve(l)
	})
}

// raw lets f speak on every connection to a name on port 80.
func (w *world) raw(name string, f func(net.Conn)) { w.at(name, publicAddr, f) }

func (w *world) at(name string, addr netip.Addr, f func(net.Conn)) {
	w.names[name] = append(w.names[name], addr)
	if f != nil {
		w.hosts[netip.AddrPortFrom(addr, 80)] = f
	}
}

func (w *world) Lookup(_ context.Context, host string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.names[host]; a != nil {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (w *world) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	w.mu.Lock()
	w.dialled = append(w.dialled, to)
	h, ok := w.hosts[to]
	w.mu.Unlock()
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	if h == nil { // a black hole
		<-ctx.Done()
		return nil, ctx.Err()
	}
	here, there := net.Pipe()
	w.mu.Lock()
	w.conns = append(w.conns, here, there)
	w.mu.Unlock()
	w.wg.Go(func() { h(there) })
	return here, nil
}

// single is a listener with one connection to give.
type single struct {
	conn net.Conn
	once sync.Once
	done chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	var c net.Conn
	s.once.Do(func() { c = s.conn })
	if c != nil {
		return c, nil
	}
	<-s.done
	return nil, io.EOF
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return &net.TCPAddr{} }

// client makes a client that lives in w.
func (w *world) client(t *testing.T, change ...func(*webhook.Config, *webhook.Deps)) *webhook.Client {
	t.Helper()
	cfg, d := webhook.Default(), webhook.Deps{Network: w}
	for _, f := range change {
		f(&cfg, &d)
	}
	c := webhook.New(cfg, d)
	t.Cleanup(c.Close)
	return c
}

// readRequest reads one request from a raw connection.
func readRequest(c net.Conn) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return nil
	}
	_, _ = io.Copy(io.Discard, r.Body)
	return r
}

var (
	privateAddr = netip.MustParseAddr("192.168.1.1")
	goodParty   = call.Party{From: call.Identity{User: "carol"}, To: call.Identity{User: "good"}, Account: "AC2"}
)
