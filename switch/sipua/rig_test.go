package sipua_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/sipua"
	"tandem/switch/transport"
)

// rig is a user agent in a bubble, between phones that are plain sockets. Its
// transport layer only sends: what phones say is put into Receive, so that a
// test decides the order of everything and 64*T1 pass in no time.
type rig struct {
	t        *testing.T
	ua       *sipua.UA
	layer    *transport.Layer
	local    netip.AddrPort
	media    *fakeMedia
	registry *prometheus.Registry
	legs     []call.Leg
	admit    *call.Refusal
	stop     func()
}

// bubble runs f with a rig in a synctest bubble. Everybody on loopback may call.
func bubble(t *testing.T, f func(r *rig), change ...func(*sipua.Config, *sipua.Deps)) {
	t.Helper()
	layer := openLayer(t)
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, layer: layer, media: &fakeMedia{}, registry: prometheus.NewRegistry()}
		r.local = layer.Addrs()[0].Addr
		cfg := sipua.Default()
		cfg.Shards = 2
		cfg.Allow = []sipua.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Account: "ACtest"}}
		deps := sipua.Deps{
			Layer: layer, Media: r.media, Registerer: r.registry, Log: slog.New(slog.DiscardHandler),
			Accept: func(l call.Leg) { r.legs = append(r.legs, l) },
			Admit:  func() *call.Refusal { return r.admit },
		}
		for _, c := range change {
			c(&cfg, &deps)
		}
		r.ua = sipua.New(cfg, deps)
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = r.ua.Serve(ctx)
		}()
		synctest.Wait()
		r.stop = func() {
			cancel()
			<-served
		}
		f(r)
		r.stop()
	})
}

// openLayer binds a layer whose readers never run.
func openLayer(t *testing.T) *transport.Layer {
	t.Helper()
	cfg := transport.Default()
	cfg.Listen = []transport.Listen{{Network: transport.UDP, Addr: netip.MustParseAddrPort("127.0.0.1:0")}}
	layer := transport.New(cfg, 1, nobody{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err := layer.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(layer.Close)
	return layer
}

type nobody struct{}

func (nobody) Receive(int, []transport.Message) {}
func (nobody) Closed(uint64, error)             {}

// leg is the n-th leg that was accepted.
func (r *rig) leg(n int) call.Leg {
	r.t.Helper()
	synctest.Wait()
	if len(r.legs) <= n {
		r.t.Fatalf("got %d accepted legs, want at least %d", len(r.legs), n+1)
	}
	return r.legs[n]
}

// event is the leg's next event, which must be of the kind.
func (r *rig) event(l call.Leg, kind call.EventKind) call.Event {
	r.t.Helper()
	synctest.Wait()
	select {
	case e, ok := <-l.Events():
		if !ok || e.Kind != kind {
			r.t.Fatalf("got event %+v (open %v), want kind %d", e, ok, kind)
		}
		return e
	default:
		r.t.Fatalf("got no event, want kind %d", kind)
	}
	return call.Event{}
}

// noEvent fails if the leg has something to say.
func (r *rig) noEvent(l call.Leg) {
	r.t.Helper()
	synctest.Wait()
	select {
	case e, ok := <-l.Events():
		r.t.Fatalf("got event %+v (open %v), want none", e, ok)
	default:
	}
}

// ended is the Ended event, behind which the channel is closed.
func (r *rig) ended(l call.Leg) call.Event {
	r.t.Helper()
	e := r.event(l, call.Ended)
	if _, open := <-l.Events(); open {
		r.t.Fatal("events go on behind Ended")
	}
	return e
}

// later runs f, which waits for something, and returns its result as a channel.
func later(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	synctest.Wait()
	return c
}

// phone is a socket on loopback.
type phone struct {
	r    *rig
	conn *net.UDPConn
	addr netip.AddrPort
}

func (r *rig) phone() *phone { return r.phoneAt("127.0.0.1") }

func (r *rig) phoneAt(host string) *phone {
	r.t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(host), 0)))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return &phone{r: r, conn: c, addr: c.LocalAddr().(*net.UDPAddr).AddrPort()}
}

// send hands the switch a message as if it had come from the phone.
func (p *phone) send(raw string) {
	p.r.t.Helper()
	flow, err := p.r.layer.Connect(transport.UDP, p.r.local, p.addr)
	if err != nil {
		p.r.t.Fatal(err)
	}
	m, err := transport.Index([]byte(raw))
	if err != nil && m.CallID == "" {
		p.r.t.Fatalf("message cannot be indexed: %v\n%s", err, raw)
	}
	m.Flow = flow
	p.r.ua.Receive(transport.ShardOf(m.CallID, p.r.ua.Shards()), []transport.Message{m})
	synctest.Wait()
}

// get is the next datagram, "" if none comes. It waits in real time: the kernel knows no bubbles.
func (p *phone) get(patience time.Duration) string {
	p.r.t.Helper()
	synctest.Wait()
	raw, err := p.conn.SyscallConn()
	if err != nil {
		p.r.t.Fatal(err)
	}
	b := make([]byte, 65536)
	n := 0
	err = raw.Read(func(fd uintptr) bool {
		for range max(1, int(patience/time.Millisecond)) {
			n, _, _ = syscall.Recvfrom(int(fd), b, syscall.MSG_DONTWAIT)
			if n > 0 {
				return true
			}
			ts := syscall.NsecToTimespec(int64(time.Millisecond))
			_ = syscall.Nanosleep(&ts, nil)
		}
		return true
	})
	if err != nil {
		p.r.t.Fatal(err)
	}
	return string(b[:max(n, 0)])
}

// want is the next datagram, whose start line must begin with start.
func (p *phone) want(start string) string {
	p.r.t.Helper()
	m := p.get(2 * time.Second)
	if !strings.HasPrefix(m, start) {
		p.r.t.Fatalf("got %q, want %s…", m, start)
	}
	return m
}

// wantNone fails if a datagram is there.
func (p *phone) wantNone() {
	p.r.t.Helper()
	if m := p.get(3 * time.Millisecond); m != "" {
		p.r.t.Fatalf("got %q, want nothing", m)
	}
}

// header is the value of the first header with the name; "" for none.
func header(m, name string) string {
	if list := headers(m, name); len(list) > 0 {
		return list[0]
	}
	return ""
}

func headers(m, name string) []string {
	var list []string
	head, _, _ := strings.Cut(m, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, ok := strings.Cut(line, ": "); ok && strings.EqualFold(n, name) {
			list = append(list, v)
		}
	}
	return list
}

func bodyOf(m string) string {
	_, b, _ := strings.Cut(m, "\r\n\r\n")
	return b
}

func tagOf(address string) string {
	_, tag, _ := strings.Cut(address, ";tag=")
	return tag
}

func wantHeader(t *testing.T, m, name, want string) {
	t.Helper()
	if got := header(m, name); got != want {
		t.Errorf("%s: got %q, want %q in\n%s", name, got, want, m)
	}
}

// sdp is a description of one party's audio; direction "" for none.
func sdp(direction string) string {
	s := "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
		"m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
	if direction != "" {
		s += "a=" + direction + "\r\n"
	}
	return s
}

// request is one of a phone's requests, with all a test may want to change.
type request struct {
	method, uri, branch, from, to, callID string
	cseq                                  int
	cseqMethod                            string
	via, contact                          string
	extra                                 []string
	body, kind                            string
}

var serial int

// invite is a well-formed INVITE of the phone's to extension 100.
func (p *phone) invite(callID string) request {
	serial++
	return request{
		method: "INVITE", uri: "sip:100@" + p.r.local.String(), branch: fmt.Sprintf("z9hG4bK-%s-%d", callID, serial),
		from: `"Alice" <sip:alice@example.com>;tag=ftag-` + callID, to: "<sip:100@example.com>", callID: callID, cseq: 1,
		via: p.addr.String(), contact: "<sip:alice@" + p.addr.String() + ">", body: sdp(""), kind: "application/sdp",
	}
}

// within makes a later request of the dialog that m, an answer of ours, belongs to.
func (q request) within(m, method string, cseq int) request {
	serial++
	q.method, q.branch, q.cseq, q.body, q.kind = method, fmt.Sprintf("z9hG4bK-%d", serial), cseq, "", ""
	q.to = header(m, "To")
	if c := header(m, "Contact"); c != "" {
		q.uri = strings.Trim(c, "<>")
	}
	q.extra = nil
	return q
}

func (q request) String() string {
	m := q.cseqMethod
	if m == "" {
		m = q.method
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\n", q.method, q.uri, q.via, q.branch, q.from, q.to)
	fmt.Fprintf(&b, "Call-ID: %s\r\nCSeq: %d %s\r\n", q.callID, q.cseq, m)
	if q.contact != "" {
		fmt.Fprintf(&b, "Contact: %s\r\n", q.contact)
	}
	for _, e := range q.extra {
		b.WriteString(e + "\r\n")
	}
	if q.body != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", q.kind)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(q.body), q.body)
	return b.String()
}

// reply is a phone's answer to a request of ours.
func reply(m string, code int, tag string, extra []string, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d Whatever\r\n", code)
	for _, v := range headers(m, "Via") {
		b.WriteString("Via: " + v + "\r\n")
	}
	to := header(m, "To")
	if tag != "" && !strings.Contains(to, ";tag=") {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", header(m, "From"), to, header(m, "Call-ID"), header(m, "CSeq"))
	for _, e := range extra {
		b.WriteString(e + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// up brings an inbound call up and returns the INVITE and the 200.
func (p *phone) up(callID string) (request, string, call.Leg) {
	p.r.t.Helper()
	n := len(p.r.legs)
	q := p.invite(callID)
	p.send(q.String())
	p.want("SIP/2.0 100")
	l := p.r.leg(n)
	answered := later(func() error { return l.Answer(context.Background(), nil) })
	ok := p.want("SIP/2.0 200")
	p.send(q.within(ok, "ACK", 1).String())
	if err := <-answered; err != nil {
		p.r.t.Fatalf("Answer: %v", err)
	}
	return q, ok, l
}

// place has the switch call the phone and returns the INVITE that comes.
func (p *phone) place(change ...func(*call.Outgoing)) (call.Leg, string) {
	p.r.t.Helper()
	o := call.Outgoing{To: "sip:bob@" + p.addr.String(), From: call.Identity{User: "100", Display: "Hundred"}}
	for _, c := range change {
		c(&o)
	}
	l, err := p.r.ua.Invite(p.r.t.Context(), o)
	if err != nil {
		p.r.t.Fatalf("Invite: %v", err)
	}
	return l, p.want("INVITE ")
}

func (p *phone) contact() string { return "Contact: <sip:bob@" + p.addr.String() + ">" }

// taken brings an outbound call up and returns the INVITE, the 200 and the ACK.
func (p *phone) taken() (call.Leg, string, string) {
	p.r.t.Helper()
	l, m := p.place()
	p.send(reply(m, 200, "bob", []string{p.contact()}, sdp("")))
	ack := p.want("ACK ")
	p.r.event(l, call.Answered)
	return l, m, ack
}

// fakeMedia opens streams without sockets.
// last is the stream opened last.
// open is how many streams are not closed.
// counters are the values of all counters and gauges by name and labels.
func (r *rig) counters() map[string]float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName()
			if labels != nil {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}
