package siptest

import "fmt"

// Request sends a request inside the call and returns its final answer. The
// phone ACKs the answer to an INVITE.
func (c *Call) Request(method, body string, headers ...string) *Message {
	c.p.tb.Helper()
	c.p.mu.Lock()
	c.cseq++
	branch := newBranch()
	raw := c.build(method, branch, c.cseq, headers, body)
	if method == "INVITE" {
		c.raw, c.branch, c.final = raw, branch, 0
	}
	err := c.p.send(raw)
	c.p.mu.Unlock()
	if err != nil {
		c.p.fail("%s: %v", method, err)
	}
	answered := false
	m := c.p.want("the answer to "+method, func(m *Message) bool {
		if m.branch() != branch || m.Method() != method {
			return false
		}
		answered = answered || m.Code() >= 100
		return m.Code() >= 200
	}, func() {
		if !answered {
			_ = c.p.send(raw)
		}
	})
	if m.Code() == 200 {
		c.p.mu.Lock()
		c.connect(m.Body())
		c.p.mu.Unlock()
	}
	return m
}

func (c *Call) wantOK(method, body string, headers ...string) *Message {
	c.p.tb.Helper()
	m := c.Request(method, body, headers...)
	if m.Code() != 200 {
		c.p.fail("%s: got %d, want 200", method, m.Code())
	}
	return m
}

// Hold offers sendonly by re-INVITE and wants a 200 whose SDP it returns.
func (c *Call) Hold() string { c.p.tb.Helper(); return c.Reinvite("sendonly").Body() }

// Resume offers sendrecv by re-INVITE and wants a 200 whose SDP it returns.
func (c *Call) Resume() string { c.p.tb.Helper(); return c.Reinvite("sendrecv").Body() }

// Reinvite offers a direction and wants a 200.
func (c *Call) Reinvite(direction string) *Message {
	c.p.tb.Helper()
	return c.wantOK("INVITE", c.sdp(direction))
}

// Update offers a direction by UPDATE (RFC 3311) and wants a 200.
func (c *Call) Update(direction string) *Message {
	c.p.tb.Helper()
	return c.wantOK("UPDATE", c.sdp(direction))
}

// WantReinvite waits for a re-INVITE, which the phone has answered, and checks the direction it offers.
func (c *Call) WantReinvite(direct string) *Message {
	c.p.tb.Helper()
	m := c.wantRequest("INVITE")
	if got := direction(m.Body()); got != direct {
		c.p.fail("re-INVITE: got %s, want %s", got, direct)
	}
	return m
}

// Info sends an INFO and wants a 200.
func (c *Call) Info(contentType, body string) *Message {
	c.p.tb.Helper()
	return c.wantOK("INFO", body, "Content-Type: "+contentType)
}

// WantInfo waits for an INFO, which the phone has answered.
func (c *Call) WantInfo() *Message { c.p.tb.Helper(); return c.wantRequest("INFO") }

// Bye hangs up and wants a 200.
func (c *Call) Bye(headers ...string) *Message {
	c.p.tb.Helper()
	return c.wantOK("BYE", "", headers...)
}

// WantBye waits for the other side to hang up; the phone has answered 200.
func (c *Call) WantBye() *Message { c.p.tb.Helper(); return c.wantRequest("BYE") }

// SendDigit sends a key press by INFO, as application/dtmf-relay.
func (c *Call) SendDigit(key byte) {
	c.p.tb.Helper()
	c.Info("application/dtmf-relay", fmt.Sprintf("Signal=%c\r\nDuration=100\r\n", key))
}
