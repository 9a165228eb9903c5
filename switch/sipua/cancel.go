package sipua

import (
	"errors"

	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

var errNothingToCancel = errors.New("no INVITE to cancel")

// cancelled takes a CANCEL (RFC 3261 §9.2): 200 to it with the To tag of the
// INVITE's answers, and 487 to the INVITE if that has no final answer yet.
func (s *shard) cancelled(m *transport.Message, key transaction.Key) {
	t := s.invites[serverKey(m, "INVITE")]
	if t == nil {
		s.refuse(m, "", answerOf(481, errNothingToCancel))
		return
	}
	l := t.leg
	tag := s.stableTag(m)
	if l != nil {
		tag = l.tag
	}
	c := call.Cause{By: call.ByParty, Code: 487}
	_, _, c.Text = parseReason(s.f[headerReason])
	s.respond(m, key, tag, &answer{code: 200})
	if l == nil || l.state != unanswered || l.in != t {
		return // it crossed our answer: the caller ACKs that and sends BYE
	}
	l.refuse(&answer{code: 487}, c)
}
