package sipua

import (
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// inviteClient is an INVITE of ours.
type inviteClient struct {
	machine transaction.ClientInvite
	entry   transaction.Entry
	s       *shard
	key     transaction.Key
	flow    transport.Flow
	branch  string
	seq     uint32
	last    []byte // the INVITE while it may be sent again, then the ACK of a non-2xx
	refused bool   // last is that ACK
	late    bool   // given up: what is left ACKs and ends a 2xx that comes after all
	cancel  bool   // a CANCEL is out
	user    inviteUser
	acks    []ack // of 2xx, to be sent again when the 2xx is
}

// ack is the ACK that a 2xx with this To tag got.
type ack struct {
	tag  string
	flow transport.Flow
	b    []byte
}

// inviteUser is who sent an INVITE: a leg being placed, or a re-INVITE.
type inviteUser interface {
	// heard takes every provisional answer, the first non-2xx, and every 2xx whose To tag is new.
	heard(t *inviteClient, m *transport.Message)
	// lost is told that no final answer will come: 408 when it is late, 503 when the transport has failed.
	lost(t *inviteClient, code int, err error)
	// appendACK writes the ACK of a non-2xx with the To of the answer.
	appendACK(b []byte, t *inviteClient, to string) []byte
}

// invite sends an INVITE, built in b with the branch.
func (s *shard) invite(f transport.Flow, branch string, seq uint32, b []byte, user inviteUser) *inviteClient {
	t := &inviteClient{
		machine: transaction.NewClientInvite(&s.u.cfg.Timers, f.Reliable(), s.now),
		s:       s, key: transaction.ClientKey(branch, "INVITE"), flow: f, branch: branch, seq: seq, user: user,
	}
	t.entry.Owner = t
	s.placed[t.key] = t
	if f.Reliable() {
		s.onFlow[f.ID()]++
	} else {
		t.last = append([]byte(nil), b...)
	}
	s.u.metrics.request(outbound, "INVITE")
	if err := s.transmit(f, b); err != nil {
		s.post(func() { t.fail(err) }) // later: the user does not know the transaction yet
		return t
	}
	at, ok := t.machine.Next()
	s.set(&t.entry, at, ok)
	return t
}

func (t *inviteClient) response(m *transport.Message) {
	if success := m.Code >= 200 && m.Code < 300; t.late || t.refused && success {
		if !success || !t.ackAgain(m.ToTag) { // RFC 3261 §16.7 step 5: proxies pass a late 2xx on; who sent it believes in a call
			t.user.heard(t, m)
		}
		return
	}
	acts := t.machine.Response(m.Code, t.s.now)
	t.after(acts)
	if acts.Has(transaction.Ack) {
		t.ackRefusal(m)
	}
	if !acts.Has(transaction.Deliver) {
		t.s.u.metrics.retransmission(inbound)
		return
	}
	if m.Code >= 200 && m.Code < 300 {
		if t.ackAgain(m.ToTag) {
			return
		}
		t.last = nil
	}
	t.user.heard(t, m)
}

// ackRefusal ACKs a non-2xx, within the transaction (RFC 3261 §17.1.1.3).
func (t *inviteClient) ackRefusal(m *transport.Message) {
	if !t.refused {
		t.refused = true
		t.s.f.scan(m)
		b := t.user.appendACK(t.s.buf[:0], t, t.s.f[headerTo])
		t.s.buf = b
		t.last = append([]byte(nil), b...)
		t.s.u.metrics.request(outbound, "ACK")
	}
	if err := t.s.transmit(t.flow, t.last); err != nil {
		t.s.u.metrics.unsent.Inc()
	}
}

// ackAgain sends the ACK of a 2xx again, if it had one.
func (t *inviteClient) ackAgain(tag string) bool {
	for _, a := range t.acks {
		if a.tag == tag {
			t.s.u.metrics.retransmission(inbound)
			t.s.u.metrics.retransmission(outbound)
			if t.s.transmit(a.flow, a.b) != nil && t.s.transmit(t.flow, a.b) != nil { // its Contact cannot be reached: back the way it came
				t.s.u.metrics.unsent.Inc()
			}
			return true
		}
	}
	return false
}

// ack sends the ACK of a 2xx, built in b, and keeps it for when the 2xx comes again (RFC 3261 §13.2.2.4).
func (t *inviteClient) ack(f transport.Flow, tag string, b []byte) {
	t.acks = append(t.acks, ack{tag: string(append([]byte(nil), tag...)), flow: f, b: append([]byte(nil), b...)})
	t.s.u.metrics.request(outbound, "ACK")
	if err := t.s.transmit(f, b); err != nil {
		t.s.u.metrics.unsent.Inc() // the 2xx comes again, and with it another chance
	}
}

// cancelled is told that a CANCEL went out.
func (t *inviteClient) cancelled() {
	t.cancel = true
	t.limit()
}

// limit ends an INVITE that nobody waits for any more, even if no final answer comes.
func (t *inviteClient) limit() {
	if t.late {
		return
	}
	t.machine.Cancel(t.s.now)
	at, ok := t.machine.Next()
	t.s.set(&t.entry, at, ok)
}

// fail ends an INVITE whose transport has failed.
func (t *inviteClient) fail(err error) {
	if t.machine.State() > transaction.StateProceeding {
		return // answered: the rest is the dialog's
	}
	if t.machine.Fail().Has(transaction.Done) {
		t.linger()
		t.s.u.metrics.unsent.Inc()
		t.user.lost(t, 503, err)
	}
}

func (t *inviteClient) after(acts transaction.Act) {
	if acts.Has(transaction.Done) {
		t.s.wheel.Stop(&t.entry)
		delete(t.s.placed, t.key)
		t.s.leaveFlow(t.flow)
		return
	}
	at, ok := t.machine.Next()
	t.s.set(&t.entry, at, ok)
}

// linger keeps the key of an INVITE that was given up for as long as its 2xx may still come, and come again.
func (t *inviteClient) linger() {
	t.s.leaveFlow(t.flow)
	t.late, t.last = true, nil
	t.s.wheel.Set(&t.entry, t.s.now+64*t.s.u.cfg.Timers.T1)
}

func (t *inviteClient) fire() {
	if t.late {
		delete(t.s.placed, t.key)
		return
	}
	acts := t.machine.Fire(t.s.now)
	if acts.Has(transaction.Resend) {
		t.s.u.metrics.retransmission(outbound)
		if err := t.s.transmit(t.flow, t.last); err != nil {
			t.s.u.metrics.unsent.Inc()
		}
	}
	if acts.Has(transaction.Timeout) {
		t.linger()
		t.s.u.metrics.timeouts.Inc()
		t.user.lost(t, 408, errNoAnswer)
		return
	}
	t.after(acts)
}
