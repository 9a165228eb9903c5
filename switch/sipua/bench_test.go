package sipua_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/sipua"
	"tandem/switch/transport"
)

// BenchmarkCall is a whole call through both legs, INVITE to BYE, 14 messages,
// with the sockets' system calls and the phones' own work in it: see a profile for the parts.
func BenchmarkCall(b *testing.B) {
	layer := benchLayer(b)
	accepted := make(chan call.Leg, 1)
	cfg := sipua.Default()
	cfg.Shards = 1
	cfg.Allow = []sipua.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}
	ua := sipua.New(cfg, sipua.Deps{
		Layer: layer, Media: quietMedia{}, Registerer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		Accept: func(l call.Leg) { accepted <- l },
	})
	ctx, cancel := context.WithCancel(b.Context())
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = ua.Serve(ctx)
	}()
	defer func() {
		cancel()
		<-served
	}()
	alice, bob := benchSocket(b, layer, ua), benchSocket(b, layer, ua)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		benchCall(b, n, ua, alice, bob, accepted)
	}
}

func benchCall(b *testing.B, n int, ua *sipua.UA, alice, bob *socket, accepted chan call.Leg) {
	b.Helper()
	id := fmt.Sprint("bench", n)
	alice.say("INVITE", id, "", 1, sdp(""))
	in := <-accepted
	out, err := ua.Invite(b.Context(), call.Outgoing{To: bob.uri, From: call.Identity{User: "alice"}, Beside: in})
	if err != nil {
		b.Fatal(err)
	}
	invite := bob.read()
	bob.inject(reply(invite, 180, "bob", []string{bob.contact}, ""))
	<-out.Events()
	_ = in.Ring(b.Context())
	alice.read() // 100
	alice.read() // 180
	bob.inject(reply(invite, 200, "bob", []string{bob.contact}, sdp("")))
	<-out.Events()
	bob.read() // ACK
	done := make(chan error, 1)
	go func() { done <- in.Answer(b.Context(), nil) }()
	ok := alice.read()
	alice.say("ACK", id, header(ok, "To"), 1, "")
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	alice.say("BYE", id, header(ok, "To"), 2, "")
	alice.read()
	<-in.Events()
	out.Hangup(call.CauseNormal)
	bob.inject(reply(bob.read(), 200, "", nil, ""))
	<-out.Events()
}

func benchLayer(b *testing.B) *transport.Layer {
	b.Helper()
	cfg := transport.Default()
	cfg.Listen = []transport.Listen{{Network: transport.UDP, Addr: netip.MustParseAddrPort("127.0.0.1:0")}}
	layer := transport.New(cfg, 1, nobody{}, slog.New(slog.DiscardHandler), nil)
	if err := layer.Open(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(layer.Close)
	return layer
}

// socket is a phone that costs little.
type socket struct {
	b            *testing.B
	conn         *net.UDPConn
	flow         transport.Flow
	ua           *sipua.UA
	uri, contact string
	buf          []byte
}

func benchSocket(b *testing.B, layer *transport.Layer, ua *sipua.UA) *socket {
	b.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	addr := c.LocalAddr().(*net.UDPAddr).AddrPort()
	flow, err := layer.Connect(transport.UDP, layer.Addrs()[0].Addr, addr)
	if err != nil {
		b.Fatal(err)
	}
	uri := "sip:phone@" + addr.String()
	return &socket{b: b, conn: c, flow: flow, ua: ua, uri: uri, contact: "Contact: <" + uri + ">", buf: make([]byte, 4096)}
}

func (s *socket) read() string {
	n, err := s.conn.Read(s.buf)
	if err != nil {
		s.b.Fatal(err)
	}
	return string(s.buf[:n])
}

func (s *socket) inject(raw string) {
	m, err := transport.Index([]byte(raw))
	if err != nil {
		s.b.Fatal(err)
	}
	m.Flow = s.flow
	s.ua.Receive(0, []transport.Message{m})
}

func (s *socket) say(method, id, to string, cseq int, body string) {
	if to == "" {
		to = "<sip:100@127.0.0.1>"
	}
	kind := ""
	if body != "" {
		kind = "Content-Type: application/sdp\r\n"
	}
	addr := s.conn.LocalAddr().String()
	s.inject(fmt.Sprintf("%s sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-%s-%d-%s;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:alice@127.0.0.1>;tag=a\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n%s\r\n%sContent-Length: %d\r\n\r\n%s",
		method, addr, id, cseq, method, to, id, cseq, method, s.contact, kind, len(body), body))
}

// quietMedia opens streams that do nothing and remember nothing.
type quietMedia struct{}

func (quietMedia) Open(_ sipua.Stream, _, _ netip.Addr) (sipua.Stream, error) {
	return &fakeStream{port: 30000}, nil
}
