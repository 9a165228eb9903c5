package siptest

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// Options say who a phone is and where its switch is.
type Options struct {
	Server    string        // "127.0.0.1:5060"
	Network   string        // "udp" (default) or "tcp"
	Local     string        // our own address without a port; "" : that of the server, which is then a loopback one
	Login     string        // user part of our address, and the digest's user name
	Password  string        // "": challenges are not answered
	Agent     string        // User-Agent; "": none
	Domain    string        // host part of our address and of targets; "": the server's address
	Algorithm string        // of the challenges to answer: "MD5" or "SHA-256"; "": the first that comes
	Timeout   time.Duration // of every wait; 0: 15 s
}

// Phone is a scripted SIP phone. Its methods end the test when what they wait
// for does not come; they are called from the test's goroutine.
type Phone struct {
	tb   testing.TB
	o    Options
	wire wire
	done sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed and made again at every event
	trace   []*Message
	calls   map[string]*Call
	fresh   []*Call           // incoming and not yet taken by WantCall
	replies map[string][]byte // the last response to each request, for its retransmissions
	quiet   bool
	regID   string
	regSeq  uint32
}

// New opens a phone; the test's end closes it.
func New(tb testing.TB, o Options) *Phone {
	tb.Helper()
	server, err := netip.ParseAddrPort(o.Server)
	if err != nil {
		tb.Fatalf("server %q: %v", o.Server, err)
	}
	local := server.Addr()
	if o.Local != "" {
		if local, err = netip.ParseAddr(o.Local); err != nil {
			tb.Fatalf("local address %q: %v", o.Local, err)
		}
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Network == "" {
		o.Network = "udp"
	}
	if o.Domain == "" {
		o.Domain = server.String()
	}
	w, err := dial(o.Network, netip.AddrPortFrom(local, 0), server)
	if err != nil {
		tb.Fatal(err)
	}
	p := &Phone{
		tb: tb, o: o, wire: w, changed: make(chan struct{}),
		calls: map[string]*Call{}, replies: map[string][]byte{}, regID: rand.Text(),
	}
	p.done.Go(p.serve)
	tb.Cleanup(p.Close)
	return p
}

// Close closes the phone's sockets without a word to anybody, as a crash would.
func (p *Phone) Close() {
	p.wire.close()
	p.done.Wait()
	p.mu.Lock()
	calls := make([]*Call, 0, len(p.calls))
	for _, c := range p.calls {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	for _, c := range calls {
		c.closeMedia()
	}
}

// Addr is the phone's own SIP address.
func (p *Phone) Addr() netip.AddrPort { return p.wire.local() }

// Quiet stops (or starts again) everything the phone does by itself: ACKs, answers, credentials.
func (p *Phone) Quiet(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = on
}

// Send sends bytes as they are.
func (p *Phone) Send(raw string) {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.send([]byte(raw)); err != nil {
		p.tb.Fatalf("send: %v", err)
	}
}

// Trace is everything sent and received so far, in order.
func (p *Phone) Trace() []*Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Message(nil), p.trace...)
}

// Want waits for a received message that fits and that no earlier Want has taken.
func (p *Phone) Want(what string, fits func(*Message) bool) *Message {
	p.tb.Helper()
	return p.want(what, fits, nil)
}

// WantNone checks for a while that nothing comes that fits.
func (p *Phone) WantNone(d time.Duration, fits func(*Message) bool) {
	p.tb.Helper()
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		m, changed := p.find(fits), p.changed
		p.mu.Unlock()
		if m != nil {
			p.fail("unwanted message:\n%s", m)
		}
		select {
		case <-changed:
		case <-deadline.C:
			return
		}
	}
}

// repeat is how long a phone waits before it sends again what got no answer (RFC 3261 §17.1.1.1).
const repeat = 500 * time.Millisecond

// want waits; again, if given, is sent once in a while until something comes.
func (p *Phone) want(what string, fits func(*Message) bool, again func()) *Message {
	p.tb.Helper()
	deadline := time.NewTimer(p.o.Timeout)
	defer deadline.Stop()
	tick := time.NewTicker(repeat)
	defer tick.Stop()
	for {
		p.mu.Lock()
		m, changed := p.find(fits), p.changed
		if m != nil {
			m.used = true
		}
		p.mu.Unlock()
		if m != nil {
			return m
		}
		select {
		case <-changed:
		case <-tick.C:
			if again != nil && p.o.Network == "udp" {
				p.mu.Lock()
				again()
				p.mu.Unlock()
			}
		case <-deadline.C:
			p.fail("%s did not come within %v", what, p.o.Timeout)
		}
	}
}

// find is the first received message that fits and is not used; p.mu is held.
func (p *Phone) find(fits func(*Message) bool) *Message {
	for _, m := range p.trace {
		if !m.Sent && !m.used && fits(m) {
			return m
		}
	}
	return nil
}

// fail ends the test with all the phone has seen.
func (p *Phone) fail(format string, args ...any) {
	p.tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, format, args...)
	fmt.Fprintf(&b, "\n\n%s (%s) saw:\n", p.o.Login, p.wire.local())
	for _, m := range p.Trace() {
		b.WriteString("\n" + m.String() + "\n")
	}
	p.tb.Fatal(b.String())
}

// send writes and records; p.mu is held.
func (p *Phone) send(raw []byte) error {
	p.trace = append(p.trace, newMessage(raw, true))
	return p.wire.write(raw)
}

// note tells everybody who waits that something has happened; p.mu is held.
func (p *Phone) note() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// serve reads until the wire is closed.
func (p *Phone) serve() {
	for {
		raw, err := p.wire.read()
		if err != nil {
			return
		}
		if len(raw) <= 4 {
			continue // keep-alive
		}
		m := newMessage(raw, false)
		p.mu.Lock()
		p.trace = append(p.trace, m)
		switch {
		case m.Request != nil:
			p.request(m)
		case m.Response != nil:
			if c := p.calls[m.CallID()]; c != nil {
				c.response(m)
			}
		}
		p.note()
		p.mu.Unlock()
	}
}

// request is what the phone does with a request by itself; p.mu is held.
func (p *Phone) request(m *Message) {
	key := m.branch() + " " + m.Method()
	if reply, ok := p.replies[key]; ok {
		m.used = true // a retransmission
		_ = p.send(reply)
		return
	}
	c := p.calls[m.CallID()]
	switch {
	case c != nil:
		c.request(m)
	case m.Method() == "INVITE":
		c = newIncoming(p, m)
		p.calls[m.CallID()] = c
		p.fresh = append(p.fresh, c)
	case p.quiet || m.Method() == "ACK":
	case m.Method() == "OPTIONS":
		_ = p.reply(m, 200, rand.Text(), nil, "")
	default:
		_ = p.reply(m, 481, rand.Text(), nil, "")
	}
}

// reply answers a request; p.mu is held.
func (p *Phone) reply(m *Message, code int, tag string, headers []string, body string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d Scripted\r\n", code)
	for _, v := range m.Headers("Via") {
		b.WriteString("Via: " + v + "\r\n")
	}
	for _, v := range m.Headers("Record-Route") {
		b.WriteString("Record-Route: " + v + "\r\n")
	}
	to := m.Header("To")
	if m.toTag() == "" && code > 100 {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", m.Header("From"), to, m.CallID(), m.cseq(), m.Method())
	p.finish(&b, headers, body)
	raw := []byte(b.String())
	p.replies[m.branch()+" "+m.Method()] = raw
	return p.send(raw)
}

// finish writes the headers every message of ours has, and the body. A Contact among the headers given takes the place of the phone's own.
func (p *Phone) finish(b *strings.Builder, headers []string, body string) {
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(strings.ToLower(h), "contact:") }) {
		fmt.Fprintf(b, "Contact: <%s>\r\n", p.contact())
	}
	if p.o.Agent != "" {
		b.WriteString("User-Agent: " + p.o.Agent + "\r\n")
	}
	typed := false
	for _, h := range headers {
		b.WriteString(h + "\r\n")
		typed = typed || strings.HasPrefix(strings.ToLower(h), "content-type:")
	}
	if body != "" && !typed {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

// contact is where we can be reached.
func (p *Phone) contact() string {
	uri := fmt.Sprintf("sip:%s@%s", p.o.Login, p.wire.local())
	if p.o.Network != "udp" {
		uri += ";transport=" + p.o.Network
	}
	return uri
}

func (p *Phone) via(branch string) string {
	return fmt.Sprintf("SIP/2.0/%s %s;rport;branch=%s", strings.ToUpper(p.o.Network), p.wire.local(), branch)
}

// URI is the address of a user at the phone's switch; what has a scheme already stays as it is.
func (p *Phone) URI(user string) string {
	if strings.HasPrefix(user, "sip:") || strings.HasPrefix(user, "sips:") || strings.HasPrefix(user, "tel:") {
		return user
	}
	return "sip:" + user + "@" + p.o.Domain
}

func newBranch() string { return "z9hG4bK" + rand.Text() }

// authorize answers the challenge in m; "" where there is none it can answer.
func (p *Phone) authorize(m *Message, method, uri string) string {
	name, answer := "WWW-Authenticate", "Authorization"
	if m.Code() == 407 {
		name, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	for _, v := range m.Headers(name) {
		c, err := digest.ParseChallenge(v)
		if err != nil || p.o.Algorithm != "" && !strings.EqualFold(p.o.Algorithm, c.Algorithm) {
			continue
		}
		cred, err := digest.Digest(c, digest.Options{Method: method, URI: uri, Username: p.o.Login, Password: p.o.Password, Count: 1})
		if err == nil {
			return answer + ": " + cred.String()
		}
	}
	return ""
}
