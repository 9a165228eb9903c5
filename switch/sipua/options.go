package sipua

import (
	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// capabilities are what an OPTIONS asks for (RFC 3261 §11.2).
var capabilities = []call.Header{
	{Name: "Allow", Value: allowed},
	{Name: "Accept", Value: typeSDP},
	{Name: "Accept-Encoding", Value: "identity"},
}

// newOptions answers an OPTIONS outside any dialog; it keeps nothing, as it would be the same again.
func (s *shard) newOptions(m *transport.Message, _ transaction.Key) {
	s.refuse(m, "", &answer{code: 200, headers: capabilities})
}

// options answers an OPTIONS within a dialog.
func (l *Leg) options(m *transport.Message, key transaction.Key) {
	l.s.respond(m, key, l.tag, &answer{code: 200, headers: capabilities})
}
