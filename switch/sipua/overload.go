package sipua

import "tandem/switch/transport"

// Under overload what is up comes first. A shard that is behind answers new
// calls and registrations with 503 and Retry-After before anything is parsed; one that is far behind drops what would
// begin something new. Both work on the messages that wait, not on the time they take: that is
// known only when it is too late.
const (
	busyInbox = 8 << 10  // messages waiting: about a tenth of a second's work
	maxInbox  = 32 << 10 // messages waiting: half a second's, as much as T1 allows
)

// overload answers what the switch has no room for; nil: go on. There is no log line, which would be one too many: the counter says it.
func (s *shard) overload(m *transport.Message) *answer {
	begins := m.Err == nil && m.ToTag == "" && (m.Method == "INVITE" || m.Method == "REGISTER")
	if !begins {
		return nil
	}
	if s.behind > busyInbox {
		return answerOf(503, nil, retryAfter(2+int(s.rand.Uint64()%8))) // spread, or all come back at once
	}
	if m.Method != "INVITE" || s.u.deps.Admit == nil {
		return nil
	}
	r := s.u.deps.Admit()
	if r == nil {
		return nil
	}
	a := refused(r)
	a.err = nil
	return a
}

// appendVital appends the messages of a batch that something which is up waits for, and counts the others as dropped.
func (s *shard) appendVital(inbox, batch []transport.Message) []transport.Message {
	for i := range batch {
		if m := &batch[i]; m.Code != 0 || m.ToTag != "" || m.Method == "CANCEL" {
			inbox = append(inbox, *m)
		} else {
			s.u.metrics.dropped.Inc()
		}
	}
	return inbox
}
