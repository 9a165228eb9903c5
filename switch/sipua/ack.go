package sipua

import (
	"errors"

	"tandem/switch/call"
	"tandem/switch/transport"
)

var errNoACK = errors.New("the ACK never came")

// acked takes the ACK of a 2xx of ours.
func (l *Leg) acked(m *transport.Message) {
	t := l.in
	if t == nil || t.seq != m.CSeq || !t.acked() {
		return // again, or of something else
	}
	l.in = nil
	err := l.receiveAckedAnswer(m)
	switch {
	case l.bye != nil:
		cause := *l.bye
		l.bye = nil
		l.sendBye(cause)
		l.release()
		return
	case l.state == over:
		return
	case err != nil:
		l.tellAnswerer(err)
		l.hangup(call.Cause{By: call.ByFailure, Code: 488, Text: "Not acceptable here"})
		return
	}
	l.state = up
	l.watch()
	l.tellAnswerer(nil)
}

// receiveAckedAnswer takes the answer to an offer that stood in the 2xx.
func (l *Leg) receiveAckedAnswer(m *transport.Message) error {
	if !l.sdp.pending {
		return nil
	}
	l.s.f.scan(m)
	sdp, a := sdpOf(m, &l.s.f)
	if a != nil {
		return a
	}
	return l.receiveAnswer(sdp)
}

// tellAnswerer wakes who waits in Answer.
func (l *Leg) tellAnswerer(err error) {
	if l.answerer != nil {
		l.answerer(err)
		l.answerer = nil
	}
}

// neverAcked ends a dialog whose 2xx got no ACK (RFC 3261 §13.3.1.4).
func (l *Leg) neverAcked() {
	l.in = nil
	if l.bye != nil {
		cause := *l.bye
		l.bye = nil
		l.sendBye(cause)
		l.release()
		return
	}
	l.tellAnswerer(&call.Refusal{Code: 408, Err: errNoACK})
	l.hangup(call.Cause{By: call.ByFailure, Code: 408, Text: "ACK timeout"})
}
