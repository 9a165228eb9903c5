package sipua

import (
	"errors"
	"time"

	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// inviteServer is an INVITE being answered: the party's first one, or a re-INVITE.
type inviteServer struct {
	machine  transaction.ServerInvite
	accepted transaction.Accepted // the 2xx's own timer, which is the user's and not the transaction's
	entry    transaction.Entry
	again2xx transaction.Entry // of accepted or, before that, for a provisional answer
	s        *shard
	key      transaction.Key
	merge    transaction.Key
	first    bool // of a call: merge is in the shard's set
	waiting  bool // a 2xx is out and its ACK is not in
	flow     transport.Flow
	seq      uint32
	head     []byte // what every answer repeats
	last     []byte // the last answer
	leg      *Leg
}

// newInviteServer begins the transaction and says 100.
func (s *shard) newInviteServer(m *transport.Message, key transaction.Key, l *Leg) *inviteServer {
	t := &inviteServer{
		machine: transaction.NewServerInvite(&s.u.cfg.Timers, m.Flow.Reliable(), s.now),
		s:       s, key: key, flow: m.Flow, seq: m.CSeq, leg: l,
	}
	t.entry.Owner, t.again2xx.Owner = t, (*ackWait)(t)
	s.buf = appendHead(s.buf[:0], m, l.tag)
	t.head = append(make([]byte, 0, len(s.buf)), s.buf...)
	s.invites[key] = t
	return t
}

// respond sends an answer whose headers behind those every answer has, and whose body, are written by
// extra (nil: none). It reports whether the transaction still wanted it.
func (t *inviteServer) respond(code int, reason string, extra func(b []byte) []byte) bool {
	acts := t.machine.Respond(code, t.s.now)
	if acts.Has(transaction.Send) {
		b := appendStatus(t.s.buf[:0], code, reason)
		b = append(b, t.head...)
		if extra == nil {
			b = appendBody(t.s.appendServer(b), "", nil)
		} else {
			b = extra(b)
		}
		t.s.buf = b
		t.last = append(t.last[:0], b...)
		t.s.u.metrics.response(outbound, "INVITE", code)
		t.transmit(b)
		if code >= 200 && code < 300 {
			t.waiting = true
			t.accepted = transaction.NewAccepted(&t.s.u.cfg.Timers, t.s.now)
			t.armAccepted()
		} else {
			t.s.set(&t.again2xx, t.s.now+keepRinging, code > 100 && code < 200)
		}
	}
	t.after(acts)
	return acts.Has(transaction.Send)
}

// keepRinging is how often a provisional answer is said again, lest a proxy takes the call for lost (RFC 3261 §13.3.1.1).
const keepRinging = time.Minute

// after does what is left of a set of acts: the timer, or the end.
func (t *inviteServer) after(acts transaction.Act) {
	if acts.Has(transaction.Done) {
		t.remove()
		return
	}
	at, ok := t.machine.Next()
	t.s.set(&t.entry, at, ok)
}

func (t *inviteServer) remove() {
	t.s.wheel.Stop(&t.entry)
	if !t.waiting { // else it ends the leg, in this very tick
		t.s.wheel.Stop(&t.again2xx)
	}
	delete(t.s.invites, t.key)
	if t.first {
		delete(t.s.merged, t.merge)
	}
}

// again answers an INVITE that came again.
func (t *inviteServer) again() {
	t.s.u.metrics.retransmission(inbound)
	if t.machine.Request(t.s.now).Has(transaction.Resend) && len(t.last) > 0 {
		t.resend()
	}
}

func (t *inviteServer) resend() {
	t.s.u.metrics.retransmission(outbound)
	t.transmit(t.last)
}

// transmit sends an answer the way the INVITE came or, where that connection has gone, another. When all fails there
// is nobody to tell: the INVITE comes again, or the ACK does not come.
func (t *inviteServer) transmit(b []byte) {
	err := t.s.transmit(t.flow, b)
	if errors.Is(err, transport.ErrClosed) && t.flow.Reliable() {
		if f, ok := t.s.wayBack(t.flow, t.leg, b); ok {
			t.flow = f
			err = t.s.transmit(f, b)
		}
	}
	if err != nil {
		t.s.u.metrics.unsent.Inc()
	}
}

// ack takes the ACK of a non-2xx.
func (t *inviteServer) ack() {
	acts := t.machine.Ack(t.s.now)
	if t.machine.State() == transaction.StateConfirmed {
		t.head, t.last, t.leg = nil, nil, nil
	}
	t.after(acts)
}

// acked takes the ACK of the 2xx: what is left keeps its key and nothing else.
func (t *inviteServer) acked() bool {
	if !t.waiting {
		return false
	}
	t.waiting = false
	t.accepted.Ack(t.s.now)
	t.s.wheel.Stop(&t.again2xx)
	t.head, t.last, t.leg = nil, nil, nil
	return true
}

func (t *inviteServer) fire() {
	acts := t.machine.Fire(t.s.now)
	if acts.Has(transaction.Resend) {
		t.resend()
	}
	if acts.Has(transaction.Timeout) {
		t.s.u.metrics.timeouts.Inc() // RFC 3261 §17.2.1: the user need not care that a non-2xx was not ACKed
	}
	t.after(acts)
}

// ackWait is an inviteServer as its second timer knows it.
type ackWait inviteServer

func (w *ackWait) fire() {
	t := (*inviteServer)(w)
	if !t.waiting {
		t.resend()
		t.s.wheel.Set(&t.again2xx, t.s.now+keepRinging)
		return
	}
	acts := t.accepted.Fire(t.s.now)
	if acts.Has(transaction.Resend) {
		t.resend()
	}
	if acts.Has(transaction.Timeout) {
		l := t.leg
		t.acked()
		t.s.u.metrics.timeouts.Inc()
		l.neverAcked()
		return
	}
	t.armAccepted()
}

func (t *inviteServer) armAccepted() {
	at, ok := t.accepted.Next()
	t.s.set(&t.again2xx, at, ok)
}
