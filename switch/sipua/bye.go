package sipua

import (
	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// Hangup ends the leg as its state asks: CANCEL, BYE or a refusal.
func (l *Leg) Hangup(c call.Cause) { l.s.post(func() { l.hangup(c) }) }

func (l *Leg) hangup(c call.Cause) {
	switch {
	case l.state == over:
		return
	case l.state == unanswered && l.out != nil:
		l.out.abandon(c)
	case l.state == unanswered && l.in != nil:
		l.refuse(&answer{code: hangupCode(c), headers: reasonHeader(c)}, c)
		return
	case l.in != nil && l.in.waiting:
		l.bye = &c // RFC 3261 §15: no BYE before the ACK
	case l.state != unanswered:
		l.sendBye(c)
	} // else the name of the callee is still being looked up
	l.finish(call.Event{Code: c.Code, Cause: c})
}

// hangupCode is the answer to an INVITE that is given up without a refusal.
func hangupCode(c call.Cause) int {
	if c.Code >= 300 && c.Code < 700 {
		return heard(c.Code)
	}
	return 480
}

// sendBye ends the dialog. Whatever the party says to it, the dialog is over; until it does, a BYE of its own that
// crosses ours is answered.
func (l *Leg) sendBye(c call.Cause) {
	l.ending = true
	l.tryBye(c, "")
}

func (l *Leg) tryBye(c call.Cause, auth string) {
	d := &l.dlg
	l.mend()
	d.localSeq++
	branch := l.s.newBranch()
	b := l.appendRequest(l.s.buf[:0], d, "BYE", branch, d.localSeq)
	b = append(b, auth...)
	b = appendHeaders(b, reasonHeader(c))
	b = appendBody(b, "", nil)
	l.s.buf = b
	l.s.request(d.flow, "BYE", branch, b, func(code int, m *transport.Message) {
		if line, ok := l.challenged("BYE", auth, code, m); ok {
			l.tryBye(c, line)
			return
		}
		if m == nil && code == 408 && l.rebound() {
			l.tryBye(c, auth)
			return
		}
		l.ending = false
		l.release()
	})
}

// reasonHeader is the Reason of a request or answer that ends a leg (RFC 3326).
func reasonHeader(c call.Cause) []call.Header {
	v := reasonOf(c)
	if v == "" {
		return nil
	}
	return []call.Header{{Name: "Reason", Value: v}}
}

// byeFrom takes the party's BYE, also in an early dialog (RFC 3261 §15.1.2).
func (l *Leg) byeFrom(m *transport.Message, key transaction.Key) {
	c := call.Cause{By: call.ByParty}
	_, _, c.Text = parseReason(l.s.f[headerReason])
	headers := headersOf(m)
	l.s.respond(m, key, l.tag, &answer{code: 200})
	if l.state == over {
		l.bye = nil
		l.release()
		return
	}
	code := 0
	switch {
	case l.in != nil && l.state == unanswered:
		l.in.respond(487, "", nil)
		code = 487
	case l.in != nil:
		l.in.acked() // no ACK will come any more
	case l.out != nil:
		l.out.abandon(c)
	}
	l.in = nil
	l.finish(call.Event{Code: code, Cause: c, Headers: headers})
}

// headersOf are the X- headers of a message, for the plan.
func headersOf(m *transport.Message) []call.Header {
	var list []call.Header
	for l := linesOf(m); l.next(); {
		if len(l.name) > 1 && l.name[0]|0x20 == 'x' && l.name[1] == '-' {
			list = append(list, call.Header{Name: l.name, Value: l.value})
		}
	}
	return list
}
