package sipua

import (
	"errors"

	"tandem/switch/transaction"
	"tandem/switch/transport"
)

var (
	errNoAnswer   = errors.New("no answer in time")
	errNoDialog   = errors.New("no such dialog")
	errMerged     = errors.New("the same request came by two ways")
	errNotInside  = errors.New("not within a dialog")
	errOutOfOrder = errors.New("CSeq is not above that of the last request")
)

// outside says who handles a request that belongs to no dialog; inside, one that does. A method is a row and a file.
var (
	outside = map[string]func(*shard, *transport.Message, transaction.Key){
		"INVITE": (*shard).newCall, "REGISTER": (*shard).newRegister, "OPTIONS": (*shard).newOptions,
	}
	inside = map[string]func(*Leg, *transport.Message, transaction.Key){
		"INVITE": (*Leg).reinvited, "BYE": (*Leg).byeFrom, "UPDATE": (*Leg).update,
		"INFO": (*Leg).info, "OPTIONS": (*Leg).options,
	}
)

// handle takes one message to where it belongs. Retransmissions end here, before anything is parsed.
func (s *shard) handle(m *transport.Message) {
	trace(s.u.log, false, m.Flow, m.Raw)
	switch {
	case m.Code != 0:
		s.incomingResponse(m)
	case m.Method == "ACK":
		s.incomingACK(m)
	case m.Method == "INVITE":
		key := serverKey(m, "INVITE")
		if t := s.invites[key]; t != nil {
			t.again()
			return
		}
		s.incoming(m, key)
	default:
		key := serverKey(m, m.Method)
		if t := s.servers[key]; t != nil {
			t.again()
			return
		}
		s.incoming(m, key)
	}
}

// incoming takes a request that is new.
func (s *shard) incoming(m *transport.Message, key transaction.Key) {
	s.u.metrics.request(inbound, m.Method)
	if a := s.overload(m); a != nil {
		s.refuse(m, "", a)
		return
	}
	s.f.scan(m)
	if a := s.u.edge.validate(m, &s.f); a != nil {
		s.refuse(m, "", a)
		return
	}
	switch {
	case m.Method == "CANCEL":
		s.cancelled(m, key)
	case m.ToTag != "":
		s.inDialog(m, key)
	default:
		s.outOfDialog(m, key)
	}
}

func (s *shard) outOfDialog(m *transport.Message, key transaction.Key) {
	handler := outside[m.Method]
	if handler == nil {
		s.refuse(m, "", answerOf(481, errNoDialog)) // BYE, INFO and UPDATE make no sense without a To tag
		return
	}
	if _, twice := s.merged[mergeKey(m)]; twice {
		s.refuse(m, "", answerOf(482, errMerged)) // RFC 3261 §8.2.2.2
		return
	}
	handler(s, m, key)
}

// inDialog takes a request with a To tag (RFC 3261 §12.2.2).
func (s *shard) inDialog(m *transport.Message, key transaction.Key) {
	l := s.legFor(m)
	if l == nil || l.state == over && m.Method != "BYE" {
		s.refuse(m, "", answerOf(481, errNoDialog))
		return
	}
	handler := inside[m.Method]
	if handler == nil { // REGISTER; what is not served at all does not come here
		s.refuse(m, "", answerOf(405, errNotInside, allowHeader))
		return
	}
	if l.dlg.remoteSeq != 0 && m.CSeq <= l.dlg.remoteSeq {
		s.refuse(m, "", answerOf(500, errOutOfOrder))
		return
	}
	l.dlg.remoteSeq = m.CSeq
	handler(l, m, key)
}

// legFor finds the leg whose dialog a request names.
func (s *shard) legFor(m *transport.Message) *Leg {
	l := s.legs[m.ToTag]
	if l == nil || l.id != m.CallID || !l.knows(m.FromTag) {
		return nil
	}
	return l
}

// incomingACK takes an ACK: of a non-2xx it belongs to the INVITE's transaction, of a 2xx to the dialog.
func (s *shard) incomingACK(m *transport.Message) {
	s.u.metrics.request(inbound, "ACK")
	if t := s.invites[serverKey(m, "INVITE")]; t != nil && t.machine.State() != transaction.StateAccepted {
		t.ack()
		return
	}
	if l := s.legFor(m); l != nil && m.Err == nil {
		l.acked(m)
		return
	}
	s.u.metrics.dropped.Inc()
}

// incomingResponse takes a response to the request of ours it answers.
func (s *shard) incomingResponse(m *transport.Message) {
	if m.Vias > 1 || m.Err != nil {
		s.u.metrics.dropped.Inc() // RFC 3261 §8.1.3.3: not for us
		return
	}
	s.u.metrics.response(inbound, m.CSeqMethod, m.Code)
	key := transaction.ClientKey(m.Branch, m.CSeqMethod)
	if m.CSeqMethod == "INVITE" {
		if t := s.placed[key]; t != nil {
			t.response(m)
			return
		}
	} else if t := s.clients[key]; t != nil {
		t.response(m)
		return
	}
	s.u.metrics.dropped.Inc()
}
