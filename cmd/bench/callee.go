package bench

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// callee answers every call at once: 180, 200 until the ACK, 200 to the BYE.
type callee struct {
	*agent
	answers  func(callID, offer string) netip.AddrPort // where this call's RTP shall go
	mux      bool
	waiting  map[string]*pending // 2xx without an ACK, by Call-ID
	resent   int64               // 2xx sent again
	requests int64               // retransmitted requests seen
	swept    time.Time
}

// pending is a 2xx that waits for its ACK.
type pending struct {
	answer []byte
	next   time.Time
	wait   time.Duration
	tries  int
}

func (c *callee) handle(m message, now time.Time) {
	switch m.method {
	case "INVITE":
		if p := c.waiting[m.callID]; p != nil {
			c.requests++
			c.send(p.answer)
			return
		}
		c.reply(m, "180 Ringing", "")
		media := c.answers(m.callID, body(m.raw))
		answer := c.reply(m, "200 OK", sdp(media, c.mux && strings.Contains(string(m.raw), "a=rtcp-mux")))
		c.waiting[m.callID] = &pending{answer: answer, next: now.Add(500 * time.Millisecond), wait: 500 * time.Millisecond}
	case "ACK":
		delete(c.waiting, m.callID)
	case "BYE", "OPTIONS", "CANCEL":
		c.reply(m, "200 OK", "")
	}
}

// reply answers a request and returns the bytes sent.
func (c *callee) reply(m message, status, body string) []byte {
	to := header(m.raw, "To")
	if !strings.Contains(to, "tag=") {
		to += ";tag=callee"
	}
	head := "SIP/2.0 " + status + "\r\n" + headers(m.raw, "Via") + headers(m.raw, "Record-Route") + "From: " + header(m.raw, "From") + "\r\nTo: " + to +
		"\r\nCall-ID: " + m.callID + "\r\nCSeq: " + m.cseq + "\r\nContact: " + c.contact() + "\r\n"
	b := []byte(withBody(head, body))
	c.send(b)
	return b
}

// step repeats what is due.
func (c *callee) step(now time.Time) {
	if now.Sub(c.swept) > 100*time.Millisecond {
		c.swept = now
		c.resend(now)
	}
}

// resend repeats the 2xx that were not acknowledged (RFC 3261 §13.3.1.4).
func (c *callee) resend(now time.Time) {
	for id, p := range c.waiting {
		if now.Before(p.next) {
			continue
		}
		if p.tries++; p.tries > 7 {
			delete(c.waiting, id)
			continue
		}
		c.resent++
		c.send(p.answer)
		p.wait = min(2*p.wait, 4*time.Second)
		p.next = now.Add(p.wait)
	}
}

// silence is an address that is this agent's own and that nobody sends RTP from.
func (a *agent) silence() netip.AddrPort { return netip.AddrPortFrom(a.local.Addr(), 9) }

func newCallee(c client, server netip.AddrPort) (*callee, error) {
	a, err := newAgent(c, server)
	if err != nil {
		return nil, fmt.Errorf("callee: %w", err)
	}
	return &callee{agent: a, waiting: map[string]*pending{}, answers: func(string, string) netip.AddrPort { return a.silence() }}, nil
}
