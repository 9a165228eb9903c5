package transaction

// Accepted is the user's own retransmission of a 2xx to INVITE until the ACK
// comes, over reliable transports too, because a hop further on may be
// unreliable (RFC 3261 §13.3.1.4).
type Accepted struct {
	t      *Timers
	resend retry
	end    Time
}

// NewAccepted starts when the 2xx was first sent.
func NewAccepted(t *Timers, now Time) Accepted {
	return Accepted{t: t, resend: retryFrom(now, t.T1), end: now + t.timeout()}
}

// Next is when Fire wants to be called; false: the ACK is in, or was given up.
func (x *Accepted) Next() (Time, bool) { return earliest(x.resend.at, x.end) }

// Ack takes the ACK. It returns Deliver|Done the first time and nothing for an ACK that comes again.
func (x *Accepted) Ack(Time) Act {
	if x.end == never {
		return 0
	}
	x.resend, x.end = noRetry, never
	return Deliver | Done
}

// Fire says Resend when it is time again, and Timeout|Done after 64*T1: the user then sends a BYE.
func (x *Accepted) Fire(now Time) Act {
	switch {
	case now >= x.end:
		x.resend, x.end = noRetry, never
		return Timeout | Done
	case x.resend.due(now, x.t.T2):
		return Resend
	}
	return 0
}
