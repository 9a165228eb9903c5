package bench

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// callPhase is how far a call of the caller has come.
type callPhase uint8

const (
	calling callPhase = iota
	up
	ending
)

// placed is one call of the caller's.
type placed struct {
	number  int
	phase   callPhase
	started time.Time
	request []byte // what is repeated until it is answered
	next    time.Time
	wait    time.Duration
	hangup  time.Time // when to send BYE
	remote  string    // request URI inside the dialog
	to      string    // To with the switch's tag
	ack     []byte
}

// caller places calls at a rate, holds each for a time and counts what becomes of them.
type caller struct {
	*agent
	to      string // whom to call
	run     string // in every Call-ID, so that runs do not meet
	hold    time.Duration
	mux     bool
	offer   func(number int) netip.AddrPort // where call number's RTP shall go
	onUp    func(p *placed, answer string)
	live    map[string]*placed
	setup   []time.Duration
	done    int64
	failed  map[string]int64 // by final status or "timeout"
	resent  int64            // requests sent again
	answers int64            // retransmitted 2xx seen
	placed  int
	peak    int // most calls up or being set up at once
	begun   time.Time
	swept   time.Time
}

// give up a request after 64*T1, as RFC 3261 §17.1 has it.
const giveUp = 32 * time.Second

// burst is how many calls are placed in one go at most, when the generator is behind.
const burst = 20

// step places the calls that are due of total ones at rate a second, and repeats and ends what is due. It
// reports whether there is still something to do.
func (c *caller) step(now time.Time, rate float64, total int) (bool, error) {
	if c.begun.IsZero() {
		c.begun = now
	}
	due := min(total, int(now.Sub(c.begun).Seconds()*rate)+1, c.placed+burst)
	for c.placed < due {
		if err := c.place(now); err != nil {
			return false, err
		}
	}
	if now.Sub(c.swept) > 10*time.Millisecond {
		c.swept = now
		c.sweep(now)
	}
	return c.placed < total || len(c.live) > 0, nil
}

// place sends one INVITE.
func (c *caller) place(now time.Time) error {
	c.placed++
	id := c.run + "-" + strconv.Itoa(c.placed)
	authorization, err := c.auth.line("INVITE", c.to)
	if err != nil {
		return err
	}
	invite := withBody(c.request("INVITE", c.to, "i"+id, id, "a", "<"+c.to+">", 1, authorization), sdp(c.offer(c.placed), c.mux))
	p := &placed{number: c.placed, started: now, request: []byte(invite), wait: 500 * time.Millisecond, next: now.Add(500 * time.Millisecond)}
	c.live[id] = p
	c.peak = max(c.peak, len(c.live))
	c.send(p.request)
	return nil
}

func (c *caller) handle(m message, now time.Time) {
	p := c.live[m.callID]
	switch {
	case m.method != "":
		c.answer(m)
	case p == nil:
	case m.cseq == "1 INVITE" && m.code >= 200 && m.code < 300:
		c.connected(m, p, now)
	case m.cseq == "1 INVITE" && m.code >= 300:
		c.fail(m, strconv.Itoa(m.code))
	case m.cseq == "1 INVITE" && p.phase == calling:
		p.next = now.Add(giveUp) // a provisional stops the retransmissions (RFC 3261 §17.1.1.2)
	case m.code >= 200 && p.phase == ending:
		delete(c.live, m.callID)
		c.done++
	}
}

// answer says 200 to a request of the switch's: a BYE means that it ended the call.
func (c *caller) answer(m message) {
	head := "SIP/2.0 200 OK\r\n" + headers(m.raw, "Via") + "From: " + header(m.raw, "From") + "\r\nTo: " + header(m.raw, "To") + "\r\nCall-ID: " + m.callID + "\r\nCSeq: " + m.cseq + "\r\n"
	c.send([]byte(withBody(head, "")))
	if m.method == "BYE" && c.live[m.callID] != nil {
		delete(c.live, m.callID)
		c.failed["BYE from the switch"]++
	}
}

func (c *caller) connected(m message, p *placed, now time.Time) {
	if p.phase != calling {
		c.answers++
		c.send(p.ack)
		return
	}
	c.setup = append(c.setup, now.Sub(p.started))
	p.phase, p.hangup = up, now.Add(c.hold)
	p.remote, p.to = uri(header(m.raw, "Contact")), header(m.raw, "To")
	p.ack = []byte(withBody(c.inDialog("ACK", p, m.callID, 1), ""))
	p.request = nil
	c.send(p.ack)
	if c.onUp != nil {
		c.onUp(p, body(m.raw))
	}
	if c.hold == 0 {
		c.bye(m.callID, p, now)
	}
}

// inDialog is the head of a request inside the call's dialog.
func (c *caller) inDialog(method string, p *placed, callID string, cseq int) string {
	return c.request(method, p.remote, method+callID, callID, "a", p.to, cseq, "")
}

func (c *caller) bye(callID string, p *placed, now time.Time) {
	p.phase, p.started = ending, now
	p.request = []byte(withBody(c.inDialog("BYE", p, callID, 2), ""))
	p.wait, p.next = 500*time.Millisecond, now.Add(500*time.Millisecond)
	c.send(p.request)
}

// fail acknowledges a refusal and forgets the call.
func (c *caller) fail(m message, why string) {
	p := c.live[m.callID]
	p.remote, p.to = c.to, header(m.raw, "To")
	ack := c.request("ACK", c.to, "i"+m.callID, m.callID, "a", p.to, 1, "")
	c.send([]byte(withBody(ack, "")))
	delete(c.live, m.callID)
	c.failed[why]++
}

// sweep repeats what was not answered, gives up what is overdue, and ends calls whose time has come.
func (c *caller) sweep(now time.Time) {
	for id, p := range c.live {
		switch {
		case p.phase == up:
			if !now.Before(p.hangup) {
				c.bye(id, p, now)
			}
		case now.Sub(p.started) > giveUp:
			delete(c.live, id)
			c.failed["timeout"]++
		case !now.Before(p.next):
			c.resent++
			c.send(p.request)
			p.wait = min(2*p.wait, 4*time.Second)
			p.next = now.Add(p.wait)
		}
	}
}

func newCaller(c client, server netip.AddrPort, callee string) (*caller, error) {
	a, err := newAgent(c, server)
	if err != nil {
		return nil, fmt.Errorf("caller: %w", err)
	}
	return &caller{
		agent: a, to: "sip:" + callee + "@" + server.String(), run: strconv.FormatInt(time.Now().UnixNano(), 36),
		live: map[string]*placed{}, failed: map[string]int64{}, offer: func(int) netip.AddrPort { return a.silence() },
	}, nil
}
