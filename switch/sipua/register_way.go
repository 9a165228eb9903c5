package sipua

import (
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// newRegister takes a REGISTER through the registrar. A challenge leaves nothing behind; an answer is kept.
func (s *shard) newRegister(m *transport.Message, key transaction.Key) {
	a := s.u.edge.register(m, &s.f)
	if a.silent || a.code == 401 || a.code == 407 {
		s.refuse(m, "", a)
		return
	}
	s.respond(m, key, s.stableTag(m), a)
}
