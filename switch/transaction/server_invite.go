package transaction

// ServerInvite is the INVITE server transaction: RFC 3261 §17.2.1, Figure 7, as changed by RFC 6026 §7.1.
type ServerInvite struct {
	t        *Timers
	reliable bool
	sent     bool // a provisional response is there to be sent again
	state    State
	resend   retry // G; while Proceeding, the 200 ms after which a 100 is wanted
	end      Time  // H, I or L
}

// NewServerInvite starts the transaction of an INVITE that came in now. A reliable transport loses nothing.
func NewServerInvite(t *Timers, reliable bool, now Time) ServerInvite {
	return ServerInvite{t: t, reliable: reliable, state: StateProceeding, resend: retryFrom(now, t.Trying), end: never}
}

// State is where the transaction stands.
func (x *ServerInvite) State() State { return x.state }

// Next is when Fire wants to be called; false: no timer runs.
func (x *ServerInvite) Next() (Time, bool) { return earliest(x.resend.at, x.end) }

// Request takes a retransmission of the INVITE.
func (x *ServerInvite) Request(Time) Act {
	if x.state == StateProceeding && x.sent || x.state == StateCompleted {
		return Resend
	}
	return 0 // RFC 6026 §7.1: while Accepted it is absorbed; the user sends its 2xx again by itself
}

// Respond is told of a response the user wants to send; without Send among the acts it must not be sent.
func (x *ServerInvite) Respond(code int, now Time) Act {
	switch {
	case x.state == StateAccepted && code >= 200 && code < 300:
		return Send
	case x.state != StateProceeding:
		return 0
	case code < 200:
		x.sent = true
		x.resend = noRetry
	case code < 300:
		x.enter(StateAccepted, noRetry, now+x.t.timeout()) // timer L
	case x.reliable:
		x.enter(StateCompleted, noRetry, now+x.t.timeout())
	default:
		x.enter(StateCompleted, retryFrom(now, x.t.T1), now+x.t.timeout()) // timers G and H
	}
	return Send
}

// Ack takes an ACK that matched this transaction.
func (x *ServerInvite) Ack(now Time) Act {
	switch {
	case x.state == StateAccepted:
		return Deliver
	case x.state == StateCompleted && x.reliable: // timer I is zero
		return x.terminate(0)
	case x.state == StateCompleted:
		x.enter(StateConfirmed, noRetry, now+x.t.T4)
	}
	return 0
}

// Fire runs the timers that are due.
func (x *ServerInvite) Fire(now Time) Act {
	switch {
	case now >= x.end && x.state == StateCompleted:
		return x.terminate(Timeout)
	case now >= x.end:
		return x.terminate(0)
	case x.state == StateProceeding && now >= x.resend.at:
		x.sent = true
		x.resend = noRetry
		return Trying
	case x.resend.due(now, x.t.T2):
		return Resend
	}
	return 0
}

// Fail ends the transaction because the transport cannot send (RFC 3261 §17.2.4).
// While Accepted it lives on: RFC 6026 §7.1 leaves a lost 2xx to the user.
func (x *ServerInvite) Fail() Act {
	if x.state == StateTerminated || x.state == StateAccepted {
		return 0
	}
	return x.terminate(0)
}

func (x *ServerInvite) enter(s State, r retry, end Time) { x.state, x.resend, x.end = s, r, end }

func (x *ServerInvite) terminate(a Act) Act {
	x.enter(StateTerminated, noRetry, never)
	return a | Done
}
