package siptest

import (
	"crypto/rand"
	"strings"
)

// newIncoming is a call somebody makes to us; p.mu is held.
func newIncoming(p *Phone, m *Message) *Call {
	c := &Call{p: p, id: m.CallID(), inbound: true, tag: rand.Text(), acks: map[string][]byte{}, invite: m}
	c.own = m.Header("To") + ";tag=" + c.tag
	c.openMedia()
	c.learn(m, "From")
	return c
}

// WantCall waits for the next call to this phone. Nothing is answered yet but
// what repeats itself.
func (p *Phone) WantCall() *Call {
	p.tb.Helper()
	m := p.want("a call", func(m *Message) bool {
		return m.Method() == "INVITE" && m.Request != nil && m.toTag() == ""
	}, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.fresh {
		if c.invite == m {
			p.fresh = append(p.fresh[:i:i], p.fresh[i+1:]...)
			return c
		}
	}
	p.tb.Fatalf("INVITE %s is no new call", m.CallID())
	return nil
}

// Ring answers the INVITE with 180.
func (c *Call) Ring(headers ...string) { c.p.tb.Helper(); c.Respond(180, "", headers...) }

// Progress answers the INVITE with 183 and SDP: early media.
func (c *Call) Progress(headers ...string) {
	c.p.tb.Helper()
	c.Respond(183, c.sdp("sendrecv"), headers...)
}

// Answer answers the INVITE with 200 and SDP and waits for the ACK, repeating the 200 meanwhile.
func (c *Call) Answer(headers ...string) *Message {
	c.p.tb.Helper()
	c.Respond(200, c.sdp("sendrecv"), headers...)
	return c.WantACK()
}

// Busy refuses the call with 486.
func (c *Call) Busy(headers ...string) { c.p.tb.Helper(); c.Refuse(486, headers...) }

// Refuse refuses the call and waits for the ACK.
func (c *Call) Refuse(code int, headers ...string) {
	c.p.tb.Helper()
	c.Respond(code, "", headers...)
	c.WantACK()
}

// Respond sends any answer to the INVITE and waits for nothing.
func (c *Call) Respond(code int, sdp string, headers ...string) {
	c.p.tb.Helper()
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if code >= 200 {
		c.final = code
	}
	if err := c.p.reply(c.invite, code, c.tag, headers, sdp); err != nil {
		c.p.tb.Fatalf("answer %d: %v", code, err)
	}
}

// WantACK waits for the ACK to our final answer, which it repeats (RFC 3261 §13.3.1.4).
func (c *Call) WantACK() *Message {
	c.p.tb.Helper()
	return c.p.want("an ACK", func(m *Message) bool {
		return m.Request != nil && m.Method() == "ACK" && m.CallID() == c.id
	}, func() {
		if reply := c.p.replies[c.invite.branch()+" INVITE"]; reply != nil {
			_ = c.p.send(reply)
		}
	})
}

// WantCancel waits for the caller to give up; the phone has answered 200 and 487 itself.
func (c *Call) WantCancel() *Message {
	c.p.tb.Helper()
	m := c.wantRequest("CANCEL")
	if !c.p.isQuiet() {
		c.WantACK()
	}
	return m
}

func (p *Phone) isQuiet() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quiet
}

// wantRequest waits for a request inside the call.
func (c *Call) wantRequest(method string) *Message {
	c.p.tb.Helper()
	return c.p.want("a "+method, func(m *Message) bool {
		return m.Request != nil && m.Method() == method && m.CallID() == c.id && (method != "INVITE" || m.toTag() != "")
	}, nil)
}

// request is what the phone does by itself with a request inside a call; p.mu is held.
func (c *Call) request(m *Message) {
	switch {
	case m.Method() == "ACK":
		c.connect(m.Body())
		return
	case m.Method() == "INVITE" && m.toTag() == "":
		m.used = true // the first one again, before it is answered
		return
	case m.Method() == "BYE" || m.Method() == "CANCEL":
		c.reason = m.Header("Reason")
	}
	if c.p.quiet {
		return
	}
	switch m.Method() {
	case "INVITE", "UPDATE":
		c.reoffered(m)
	case "CANCEL":
		_ = c.p.reply(m, 200, c.tag, nil, "")
		if c.final == 0 {
			c.final = 487
			_ = c.p.reply(c.invite, 487, c.tag, nil, "")
		}
	default:
		_ = c.p.reply(m, 200, c.tag, nil, "")
	}
}

// reoffered answers a re-INVITE or UPDATE with the direction the offer leaves us (RFC 3264 §6.1); p.mu is held.
func (c *Call) reoffered(m *Message) {
	c.learn(m, "From")
	body := ""
	if m.Body() != "" || m.Method() == "INVITE" {
		body = c.sdp(reverse(direction(m.Body())))
	}
	_ = c.p.reply(m, 200, c.tag, nil, body)
}

// direction is the direction attribute of an SDP; sendrecv without one.
func direction(sdp string) string {
	for line := range strings.SplitSeq(sdp, "\n") {
		switch line = strings.TrimSpace(line); line {
		case "a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv":
			return line[2:]
		}
	}
	return "sendrecv"
}

func reverse(direction string) string {
	switch direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return direction
}
