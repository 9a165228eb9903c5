package siptest

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Call is one dialog of a phone, from its INVITE on.
type Call struct {
	p       *Phone
	id      string
	inbound bool
	tag     string // ours
	remote  string // the other side's From or To, with its tag
	own     string // ours, with our tag
	target  string // the other side's Contact; the Request-URI before there is one
	cseq    uint32
	media   *Media
	version atomic.Int64 // of our SDP

	invite *Message // the first INVITE, received or sent
	raw    []byte   // the INVITE last sent, for ACK and CANCEL
	branch string   // its
	extra  []string // its headers, to repeat it with credentials
	offer  string
	tried  bool // credentials have been sent
	final  int  // the INVITE's final answer
	acks   map[string][]byte
	reason string // Reason header of the BYE or CANCEL that ended the call
}

// Invite calls a user at the switch, or a URI, with an SDP offer of PCMU, PCMA and
// telephone-event and the headers given as "Name: value". It returns at once.
func (p *Phone) Invite(target string, headers ...string) *Call {
	p.tb.Helper()
	c := p.newCall()
	return c.place(p.URI(target), c.sdp("sendrecv"), headers)
}

// InviteSDP is Invite with an offer of the test's own; "" sends none.
func (p *Phone) InviteSDP(target, sdp string, headers ...string) *Call {
	p.tb.Helper()
	return p.newCall().place(p.URI(target), sdp, headers)
}

func (p *Phone) newCall() *Call {
	p.tb.Helper()
	c := &Call{p: p, id: rand.Text(), tag: rand.Text(), acks: map[string][]byte{}}
	c.own = fmt.Sprintf("<sip:%s@%s>;tag=%s", p.o.Login, p.o.Domain, c.tag)
	c.openMedia()
	return c
}

func (c *Call) place(uri, sdp string, headers []string) *Call {
	c.p.tb.Helper()
	c.target, c.remote, c.offer, c.extra = uri, "<"+uri+">", sdp, headers
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.calls[c.id] = c
	c.sendInvite()
	c.invite = c.p.trace[len(c.p.trace)-1]
	return c
}

// sendInvite sends the INVITE with the next CSeq; p.mu is held.
func (c *Call) sendInvite(auth ...string) {
	c.branch, c.final = newBranch(), 0
	c.cseq++
	c.raw = c.build("INVITE", c.branch, c.cseq, append(append([]string(nil), c.extra...), auth...), c.offer)
	_ = c.p.send(c.raw)
}

// build writes a request inside the call.
func (c *Call) build(method, branch string, cseq uint32, headers []string, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n",
		method, c.target, c.p.via(branch), c.own, c.remote, c.id, cseq, method)
	c.p.finish(&b, headers, body)
	return []byte(b.String())
}

// ID is the call's Call-ID.
func (c *Call) ID() string { return c.id }

// INVITE is the message the call began with.
func (c *Call) INVITE() *Message { return c.invite }

// Reason is the Reason header of the BYE or CANCEL that ended the call.
func (c *Call) Reason() string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.reason
}

// WantProvisional waits for a provisional answer with this code to our INVITE.
func (c *Call) WantProvisional(code int) *Message {
	c.p.tb.Helper()
	return c.p.want(fmt.Sprintf("a %d to the INVITE", code), func(m *Message) bool {
		return m.CallID() == c.id && m.Method() == "INVITE" && m.Code() == code
	}, c.again)
}

// WantFinal waits for the final answer to our INVITE, behind any challenge, and fails when it has another code.
func (c *Call) WantFinal(code int) *Message {
	c.p.tb.Helper()
	m := c.Final()
	if m.Code() != code {
		c.p.fail("INVITE: got %d, want %d", m.Code(), code)
	}
	return m
}

// Final waits for the final answer to our INVITE, behind any challenge the phone answers.
func (c *Call) Final() *Message {
	c.p.tb.Helper()
	return c.p.want("a final answer to the INVITE", func(m *Message) bool {
		if m.CallID() != c.id || m.Method() != "INVITE" || m.Code() < 200 {
			return false
		}
		return m.cseq() == c.cseq || !challenge(m) // one that was answered is none
	}, c.again)
}

func challenge(m *Message) bool { return m.Code() == 401 || m.Code() == 407 }

// answeredAtAll tells whether any response to the INVITE came; p.mu is held.
func (c *Call) answeredAtAll() bool {
	for _, m := range c.p.trace {
		if !m.Sent && m.Code() != 0 && m.branch() == c.branch && m.Method() == "INVITE" {
			return true
		}
	}
	return false
}

// again repeats our INVITE until anything answers it; p.mu is held.
func (c *Call) again() {
	if !c.answeredAtAll() {
		_ = c.p.send(c.raw)
	}
}

// response is what the phone does with a response by itself; p.mu is held.
func (c *Call) response(m *Message) {
	if m.Method() != "INVITE" || m.Code() < 101 {
		return
	}
	if m.toTag() != "" && m.Code() < 300 {
		c.learn(m, "To")
	}
	if m.Code() < 200 {
		return
	}
	if ack, ok := c.acks[m.branch()+m.toTag()]; ok { // a retransmission
		m.used = true
		_ = c.p.send(ack)
		return
	}
	if m.branch() == c.branch {
		c.final = m.Code()
	}
	if c.p.quiet {
		return
	}
	c.ack(m)
	if challenge(m) && !c.tried && c.p.o.Password != "" {
		if auth := c.p.authorize(m, "INVITE", c.target); auth != "" {
			c.tried = true
			c.sendInvite(auth)
		}
	}
}

// learn takes the other side's tag, contact and media from a message; p.mu is held.
func (c *Call) learn(m *Message, header string) {
	c.remote = m.Header(header)
	if v := m.Header("Contact"); v != "" {
		_, uri, ok := strings.Cut(v, "<")
		if uri, _, ok2 := strings.Cut(uri, ">"); ok && ok2 {
			c.target = uri
		}
	}
	c.connect(m.Body())
}

// ack sends the ACK to a final answer; p.mu is held.
func (c *Call) ack(m *Message) {
	branch := newBranch() // of its own for a 2xx, RFC 3261 §13.2.2.4
	to := m.Header("To")
	target := c.target
	if m.Code() >= 300 { // §17.1.1.3
		branch, target = m.branch(), string(c.raw[len("INVITE "):strings.Index(string(c.raw), " SIP/2.0")])
	}
	raw := fmt.Appendf(nil, "ACK %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d ACK\r\nContent-Length: 0\r\n\r\n",
		target, c.p.via(branch), c.own, to, c.id, m.cseq())
	c.acks[m.branch()+m.toTag()] = raw
	_ = c.p.send(raw)
}

// Ack sends the ACK to a final answer by hand, for a quiet phone.
func (c *Call) Ack(m *Message) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.ack(m)
}

// Cancel cancels our INVITE and wants the 200 to the CANCEL. The 487 comes as the INVITE's final answer.
func (c *Call) Cancel(headers ...string) *Message {
	c.p.tb.Helper()
	c.p.mu.Lock()
	branch := c.branch
	invite := newMessage(c.raw, true)
	raw := fmt.Appendf(nil, "CANCEL %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d CANCEL\r\n%sContent-Length: 0\r\n\r\n",
		c.raw[len("INVITE "):strings.Index(string(c.raw), " SIP/2.0")], c.p.via(branch), c.own, invite.Header("To"), c.id, invite.cseq(), lines(headers))
	_ = c.p.send(raw)
	c.p.mu.Unlock()
	return c.p.want("the answer to a CANCEL", func(m *Message) bool {
		return m.Code() >= 200 && m.Method() == "CANCEL" && m.branch() == branch
	}, func() { _ = c.p.send(raw) })
}

func lines(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	return strings.Join(headers, "\r\n") + "\r\n"
}

// Settle waits until the phone has seen nothing new for d: for tests that count messages.
func (p *Phone) Settle(d time.Duration) {
	p.tb.Helper()
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
			t.Reset(d)
		case <-t.C:
			return
		}
	}
}
