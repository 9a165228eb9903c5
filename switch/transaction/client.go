package transaction

// Client is the non-INVITE client transaction: RFC 3261 §17.1.2, Figure 6.
type Client struct {
	t        *Timers
	reliable bool
	state    State
	resend   retry // E
	end      Time  // F, then K
}

// NewClient starts the transaction of a request that is sent now. A reliable transport loses nothing.
func NewClient(t *Timers, reliable bool, now Time) Client {
	x := Client{t: t, reliable: reliable, state: StateTrying, resend: noRetry, end: now + t.timeout()}
	if !reliable {
		x.resend = retryFrom(now, t.T1)
	}
	return x
}

// State is where the transaction stands.
func (x *Client) State() State { return x.state }

// Next is when Fire wants to be called; false: no timer runs.
func (x *Client) Next() (Time, bool) { return earliest(x.resend.at, x.end) }

// Response takes a response that matched this transaction.
func (x *Client) Response(code int, now Time) Act {
	switch {
	case x.state != StateTrying && x.state != StateProceeding:
		return 0 // absorbed: the answer again
	case code < 200:
		x.state = StateProceeding
		if !x.reliable {
			x.resend.interval = x.t.T2 // RFC 3261 §17.1.2.2: from here on every T2
		}
		return Deliver
	case x.reliable: // timer K is zero
		return x.terminate(Deliver)
	}
	x.state, x.resend, x.end = StateCompleted, noRetry, now+x.t.T4
	return Deliver
}

// Fire runs the timers that are due.
func (x *Client) Fire(now Time) Act {
	switch {
	case now >= x.end && x.state != StateCompleted:
		return x.terminate(Timeout)
	case now >= x.end:
		return x.terminate(0)
	case x.resend.due(now, x.t.T2):
		return Resend
	}
	return 0
}

// Fail ends the transaction because the transport cannot send (RFC 3261 §17.1.4).
func (x *Client) Fail() Act {
	if x.state == StateTerminated {
		return 0
	}
	return x.terminate(0)
}

func (x *Client) terminate(a Act) Act {
	x.state, x.resend, x.end = StateTerminated, noRetry, never
	return a | Done
}
