package transaction

// Server is the non-INVITE server transaction: RFC 3261 §17.2.2, Figure 8.
type Server struct {
	t        *Timers
	reliable bool
	state    State
	end      Time // J
}

// NewServer starts the transaction of a request that came in. A reliable transport loses nothing.
// No timer runs before the final response, so the instant does not matter.
func NewServer(t *Timers, reliable bool, _ Time) Server {
	return Server{t: t, reliable: reliable, state: StateTrying, end: never}
}

// State is where the transaction stands.
func (x *Server) State() State { return x.state }

// Next is when Fire wants to be called; false: no timer runs.
func (x *Server) Next() (Time, bool) { return earliest(never, x.end) }

// Request takes a retransmission of the request.
func (x *Server) Request(Time) Act {
	if x.state == StateProceeding || x.state == StateCompleted {
		return Resend
	}
	return 0
}

// Respond is told of a response the user wants to send; without Send among the acts it must not be sent.
func (x *Server) Respond(code int, now Time) Act {
	switch {
	case x.state != StateTrying && x.state != StateProceeding:
		return 0 // RFC 3261 §17.2.2: later final responses of the user are discarded
	case code < 200:
		x.state = StateProceeding
		return Send
	case x.reliable: // timer J is zero
		x.state = StateTerminated
		return Send | Done
	}
	x.state, x.end = StateCompleted, now+x.t.timeout()
	return Send
}

// Fire runs the timers that are due.
func (x *Server) Fire(now Time) Act {
	if now < x.end {
		return 0
	}
	x.state, x.end = StateTerminated, never
	return Done
}

// Fail ends the transaction because the transport cannot send (RFC 3261 §17.2.4).
func (x *Server) Fail() Act {
	if x.state == StateTerminated {
		return 0
	}
	x.state, x.end = StateTerminated, never
	return Done
}
