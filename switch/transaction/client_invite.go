package transaction

// ClientInvite is the INVITE client transaction: RFC 3261 §17.1.1, Figure 5, as changed by RFC 6026 §7.2.
type ClientInvite struct {
	t        *Timers
	reliable bool
	state    State
	resend   retry // A
	end      Time  // B, D or M
}

// NewClientInvite starts the transaction of an INVITE that is sent now. A reliable transport loses nothing.
func NewClientInvite(t *Timers, reliable bool, now Time) ClientInvite {
	x := ClientInvite{t: t, reliable: reliable, state: StateCalling, resend: noRetry, end: now + t.firstAnswer()}
	if !reliable {
		x.resend = retryFrom(now, t.T1)
	}
	return x
}

// State is where the transaction stands.
func (x *ClientInvite) State() State { return x.state }

// Next is when Fire wants to be called; false: no timer runs.
func (x *ClientInvite) Next() (Time, bool) { return earliest(x.resend.at, x.end) }

// Response takes a response that matched this transaction.
func (x *ClientInvite) Response(code int, now Time) Act {
	unanswered := x.state == StateCalling || x.state == StateProceeding
	switch {
	case code < 200 && unanswered:
		if x.state == StateCalling {
			x.enter(StateProceeding, never) // a ringing phone may ring for ever: timer B is over
		} // else a limit set by Cancel stays
		return Deliver
	case code < 200:
		return 0
	case code < 300 && unanswered:
		x.enter(StateAccepted, now+x.t.timeout()) // timer M
		return Deliver
	case code < 300 && x.state != StateTerminated:
		return Deliver // the 2xx again, or one of another branch
	case code < 300:
		return 0
	case unanswered && x.reliable: // timer D is zero
		return x.terminate(Deliver | Ack)
	case unanswered:
		x.enter(StateCompleted, now+x.t.D)
		return Deliver | Ack
	case x.state == StateCompleted:
		return Ack
	}
	return 0
}

// Cancel is told that a CANCEL was sent: without a final answer within 64*T1 the
// transaction times out (RFC 3261 §9.1).
func (x *ClientInvite) Cancel(now Time) {
	if x.state == StateProceeding {
		x.end = min(x.end, now+x.t.timeout())
	}
}

// Fire runs the timers that are due.
func (x *ClientInvite) Fire(now Time) Act {
	switch {
	case now >= x.end && (x.state == StateCalling || x.state == StateProceeding):
		return x.terminate(Timeout)
	case now >= x.end:
		return x.terminate(0)
	case x.resend.due(now, never):
		return Resend
	}
	return 0
}

// Fail ends the transaction because the transport cannot send (RFC 3261 §17.1.4).
func (x *ClientInvite) Fail() Act {
	if x.state == StateTerminated {
		return 0
	}
	return x.terminate(0)
}

func (x *ClientInvite) enter(s State, end Time) { x.state, x.resend, x.end = s, noRetry, end }

func (x *ClientInvite) terminate(a Act) Act {
	x.enter(StateTerminated, never)
	return a | Done
}
