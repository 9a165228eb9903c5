package sipua

import (
	"time"

	"tandem/switch/directory"
	"tandem/switch/registrar"
	"tandem/switch/transport"
)

// Registrar keeps the bindings of the clients; *registrar.Registrar is one. It answers from memory.
type Registrar interface {
	Register(now time.Time, r registrar.Request) (registrar.Answer, error)
	Contacts(aor string) []registrar.Binding
	FlowClosed(id uint64)
}

// edge is what stands between the network and the handlers of requests: it
// checks messages, asks for credentials and serves REGISTER. Its methods may be
// called from every shard at once and never block.
type edge struct {
	auth      *authenticator
	registrar Registrar
}

func newEdge(cfg Config, d Deps) edge {
	return edge{auth: newAuthenticator(cfg, d.Users), registrar: d.Registrar}
}

// validate runs a request through the table of checks. nil: it may be handled.
// An answer with silent set means that nothing may be sent, as for every ACK.
func (e *edge) validate(m *transport.Message, f *fields) *answer { return validate(m, f) }

// authenticate finds the client that sent a request. The answer is nil when its
// credentials are right; else it is a challenge (401 for REGISTER, 407 for the
// rest), a refusal, or silence for a scanner.
func (e *edge) authenticate(m *transport.Message, f *fields) (directory.Client, *answer) {
	return e.auth.authenticate(time.Now(), m.Flow.Remote().Addr(), m, f)
}
