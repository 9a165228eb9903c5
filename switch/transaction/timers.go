package transaction

import (
	"errors"
	"fmt"
	"time"
)

// Timers are the times all machines are made of (RFC 3261 §17.1.1.1, Table 4).
// Machines keep a pointer to it: it must not change once in use.
type Timers struct {
	T1 Time `toml:"t1"` // estimate of the round trip; retransmissions start with it, 64*T1 ends most things
	T2 Time `toml:"t2"` // longest interval between retransmissions of a non-INVITE request or an INVITE response
	T4 Time `toml:"t4"` // how long a message stays in the network

	B      Time `toml:"timer_b"` // client INVITE: how long to wait for the first answer of any kind; 0: 64*T1
	D      Time `toml:"timer_d"` // client INVITE: how long retransmitted non-2xx answers are ACKed over an unreliable transport; at least 32 s
	Trying Time `toml:"trying"`  // server INVITE: how long the user may say nothing before a 100 is wanted
}

// DefaultTimers are the RFC's own: T1 500 ms, T2 4 s, T4 5 s, D 32 s, Trying 200 ms.
func DefaultTimers() Timers {
	return Timers{T1: 500 * time.Millisecond, T2: 4 * time.Second, T4: 5 * time.Second, D: 32 * time.Second, Trying: 200 * time.Millisecond}
}

// Validate names every time that is not positive, and a T2 below T1.
func (t Timers) Validate() error {
	var errs []error
	for _, f := range []struct {
		name string
		v    Time
	}{{"t1", t.T1}, {"t2", t.T2}, {"t4", t.T4}, {"timer_d", t.D}, {"trying", t.Trying}} {
		if f.v <= 0 {
			errs = append(errs, fmt.Errorf("sip.timers.%s: %v is not positive", f.name, f.v))
		}
	}
	if t.B < 0 {
		errs = append(errs, fmt.Errorf("sip.timers.timer_b: %v is negative", t.B))
	}
	if t.T2 < t.T1 {
		errs = append(errs, fmt.Errorf("sip.timers.t2: %v is below t1 (%v)", t.T2, t.T1))
	}
	return errors.Join(errs...)
}

// timeout is 64*T1, the length of timers F, H, J, L and M, and of B where nothing else is said.
func (t *Timers) timeout() Time { return 64 * t.T1 }

func (t *Timers) firstAnswer() Time {
	if t.B > 0 {
		return t.B
	}
	return t.timeout()
}

// retry is a timer that doubles its interval each time it fires: A, E, G and the 2xx's own.
type retry struct{ at, interval Time }

func retryFrom(now, first Time) retry { return retry{now + first, first} }

var noRetry = retry{at: never}

// due reports whether the timer has fired by now, and if so starts it again with twice the interval, at most limit.
func (r *retry) due(now, limit Time) bool {
	if now < r.at {
		return false
	}
	r.interval = min(2*r.interval, limit)
	r.at = now + r.interval
	return true
}

// earliest is a machine's Next: the earlier of its two timers, if one runs.
func earliest(a, b Time) (Time, bool) {
	t := min(a, b)
	return t, t != never
}
