package sipua

import (
	"errors"
	"strconv"

	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// serverTx is a request other than INVITE that was answered: all of them are
// answered at once, so what is kept is the answer for when the request comes again.
type serverTx struct {
	machine transaction.Server
	entry   transaction.Entry
	s       *shard
	key     transaction.Key
	flow    transport.Flow
	last    []byte
}

// serverKey is the transaction a request belongs to.
func serverKey(m *transport.Message, method string) transaction.Key {
	return transaction.ServerKey(transaction.Request{
		Method: method, Branch: m.Branch, SentBy: m.SentBy,
		URI: m.URI, CallID: m.CallID, FromTag: m.FromTag, CSeq: m.CSeq,
	})
}

func mergeKey(m *transport.Message) transaction.Key {
	return transaction.MergeKey(m.Method, m.CallID, m.FromTag, m.CSeq)
}

// respond answers a request other than INVITE and keeps the answer for as long as the request may come again.
func (s *shard) respond(m *transport.Message, key transaction.Key, tag string, a *answer) {
	if a.silent {
		s.drop(m, a)
		return
	}
	s.respondBody(m, key, tag, a, func(b []byte) []byte {
		b = appendHeaders(b, a.headers)
		b = s.appendServer(b)
		return appendBody(b, "", nil)
	})
}

// respondBody is respond with the headers behind those every answer has, and the body, written by extra.
func (s *shard) respondBody(m *transport.Message, key transaction.Key, tag string, a *answer, extra func([]byte) []byte) {
	b := appendStatus(s.buf[:0], a.code, a.phrase())
	b = extra(appendHead(b, m, tag))
	s.buf = b
	t := &serverTx{machine: transaction.NewServer(&s.u.cfg.Timers, m.Flow.Reliable(), s.now), s: s, key: key, flow: m.Flow}
	t.machine.Respond(a.code, s.now)
	s.sendAnswer(m.Flow, m.Method, a.code, b)
	if at, ok := t.machine.Next(); ok {
		t.last = append([]byte(nil), b...)
		t.entry.Owner = t
		s.servers[key] = t
		s.wheel.Set(&t.entry, at)
	}
}

// refuse answers a request that left no state behind (RFC 3261 §8.2.7): the same
// request again gets the same answer, with the same tag, made anew.
func (s *shard) refuse(m *transport.Message, tag string, a *answer) {
	s.u.metrics.refused(a)
	if a.silent || m.Method == "ACK" {
		s.drop(m, a)
		return
	}
	if tag == "" {
		tag = s.stableTag(m)
	}
	b := s.appendAnswer(s.buf[:0], m, tag, a)
	s.buf = b
	s.sendAnswer(m.Flow, m.Method, a.code, b)
	s.tell(m, a)
}

// deny refuses a request within a dialog. Unlike refuse it keeps the answer: the request has used up its CSeq, so coming
// again it would be taken for one out of order.
func (l *Leg) deny(m *transport.Message, key transaction.Key, a *answer) {
	s := l.s
	s.u.metrics.refused(a)
	s.tell(m, a)
	if m.Method != "INVITE" {
		s.respond(m, key, l.tag, a)
		return
	}
	s.newInviteServer(m, key, l).respond(a.code, a.phrase(), func(b []byte) []byte {
		return appendBody(s.appendServer(appendHeaders(b, a.headers)), "", nil)
	})
}

// tell logs why a request was refused. A challenge is no news, unless a password was wrong.
func (s *shard) tell(m *transport.Message, a *answer) {
	challenge := a.code == 401 || a.code == 407
	if a.err != nil && (!challenge || errors.Is(a.err, errWrongDigest)) {
		s.u.log.Info("SIP request refused", "method", known(m.Method), "code", a.code, "source", m.Flow.Remote().String(),
			"sip_call_id", m.CallID, "err", a.err)
	}
}

// drop says nothing, on purpose.
func (s *shard) drop(m *transport.Message, a *answer) {
	s.u.metrics.dropped.Inc()
	s.u.log.Debug("SIP request dropped", "method", known(m.Method), "source", m.Flow.Remote().String(), "err", a.err)
}

// stableTag is a To tag that the same request always gets.
func (s *shard) stableTag(m *transport.Message) string {
	return strconv.FormatUint(s.u.stateless(m), 36)
}

// appendAnswer writes a whole answer without a body.
func (s *shard) appendAnswer(b []byte, m *transport.Message, tag string, a *answer) []byte {
	b = appendStatus(b, a.code, a.phrase())
	b = appendHead(b, m, tag)
	b = appendHeaders(b, a.headers)
	b = s.appendServer(b)
	return appendBody(b, "", nil)
}

// appendServer names the product, if it is to be named.
func (s *shard) appendServer(b []byte) []byte {
	if p := s.u.cfg.Product; p != "" {
		return appendHeader(b, "Server", p)
	}
	return b
}

func appendHeaders(b []byte, headers []call.Header) []byte {
	for _, h := range headers {
		b = appendHeader(b, h.Name, h.Value)
	}
	return b
}

// sendAnswer hands an answer to its flow. When that fails there is nobody to tell: the request comes again or times out.
func (s *shard) sendAnswer(f transport.Flow, method string, code int, b []byte) {
	s.u.metrics.response(outbound, method, code)
	if err := s.transmit(f, b); err != nil {
		s.u.metrics.unsent.Inc()
	}
}

// again sends the answer again to a request that came again.
func (t *serverTx) again() {
	t.s.u.metrics.retransmission(inbound)
	if t.machine.Request(t.s.now).Has(transaction.Resend) {
		t.resend()
	}
}

func (t *serverTx) resend() {
	t.s.u.metrics.retransmission(outbound)
	if err := t.s.transmit(t.flow, t.last); err != nil {
		t.s.u.metrics.unsent.Inc()
	}
}

func (t *serverTx) fire() {
	if t.machine.Fire(t.s.now).Has(transaction.Done) {
		delete(t.s.servers, t.key)
		return
	}
	at, ok := t.machine.Next()
	t.s.set(&t.entry, at, ok)
}
