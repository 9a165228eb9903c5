package sipua

import (
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// clientTx is a request of ours other than INVITE.
type clientTx struct {
	machine transaction.Client
	entry   transaction.Entry
	s       *shard
	key     transaction.Key
	flow    transport.Flow
	last    []byte
	// heard is called once with the final answer; m is nil for one that we made up: 408 when none
	// came, 503 when the request could not be sent (RFC 3261 §8.1.3.1). nil: nobody cares.
	heard func(code int, m *transport.Message)
}

// request sends a request other than INVITE, built in b with the branch.
func (s *shard) request(f transport.Flow, method, branch string, b []byte, heard func(code int, m *transport.Message)) {
	t := &clientTx{
		machine: transaction.NewClient(&s.u.cfg.Timers, f.Reliable(), s.now),
		s:       s, key: transaction.ClientKey(branch, method), flow: f, heard: heard,
	}
	t.entry.Owner = t
	s.clients[t.key] = t
	if f.Reliable() {
		s.onFlow[f.ID()]++
	} else {
		t.last = append([]byte(nil), b...)
	}
	s.u.metrics.request(outbound, method)
	if err := s.transmit(f, b); err != nil {
		t.fail(err)
		return
	}
	at, ok := t.machine.Next()
	s.set(&t.entry, at, ok)
}

func (t *clientTx) response(m *transport.Message) {
	acts := t.machine.Response(m.Code, t.s.now)
	t.after(acts)
	if acts.Has(transaction.Deliver) {
		if m.Code >= 200 {
			t.last = nil
			t.tell(m.Code, m)
		}
		return
	}
	t.s.u.metrics.retransmission(inbound)
}

// tell hands the final answer over, once.
func (t *clientTx) tell(code int, m *transport.Message) {
	if heard := t.heard; heard != nil {
		t.heard = nil
		heard(code, m)
	}
}

// fail ends a request whose transport has failed.
func (t *clientTx) fail(err error) {
	acts := t.machine.Fail()
	if acts.Has(transaction.Done) {
		t.after(acts)
		t.s.u.metrics.unsent.Inc()
		t.s.u.log.Debug("SIP request not sent", "to", t.flow.Remote().String(), "err", err)
		t.tell(503, nil)
	}
}

func (t *clientTx) after(acts transaction.Act) {
	if acts.Has(transaction.Done) {
		t.s.wheel.Stop(&t.entry)
		delete(t.s.clients, t.key)
		t.s.leaveFlow(t.flow)
		return
	}
	at, ok := t.machine.Next()
	t.s.set(&t.entry, at, ok)
}

func (t *clientTx) fire() {
	acts := t.machine.Fire(t.s.now)
	if acts.Has(transaction.Resend) {
		t.s.u.metrics.retransmission(outbound)
		if err := t.s.transmit(t.flow, t.last); err != nil {
			t.s.u.metrics.unsent.Inc()
		}
	}
	t.after(acts)
	if acts.Has(transaction.Timeout) {
		t.s.u.metrics.timeouts.Inc()
		t.tell(408, nil)
	}
}

// leaveFlow forgets that a client transaction ran on a connection.
func (s *shard) leaveFlow(f transport.Flow) {
	if !f.Reliable() {
		return
	}
	if n := s.onFlow[f.ID()]; n > 1 {
		s.onFlow[f.ID()] = n - 1
	} else {
		delete(s.onFlow, f.ID())
	}
}
