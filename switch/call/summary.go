package call

import (
	"time"

	"tandem/media"
)

// Summary is all there is to tell about a call at one moment. It is a value:
// nothing in it is shared with the call.
type Summary struct {
	ID, Parent    ID     // Parent: the call that dialled this one; "" for none
	Account       string // AC…; "" while no plan has claimed the call
	NumberSID     string // PN… of the number that was called; "" for none
	Direction     Direction
	Status        Status
	From, To      string // user parts
	CallerName    string // display name of the caller
	ForwardedFrom string // user part of the first Diversion header
	Client        string // login of the authenticated client; "" for none
	Source        string // "udp:192.0.2.1:5060"
	UserAgent     string
	SIPCallID     string
	Code          int   // final SIP status of an attempt that was not answered; 0 for none
	Cause         Cause // why it ended; zero while it is up
	Bridged       bool  // it was joined with another call at least once
	Held, Muted   bool  // by us
	Created       time.Time
	Rang          time.Time // first 180 or 183; zero for none
	Answered      time.Time // zero for never
	Ended         time.Time // zero while it is up
	Media         media.Stats
}

// talked is Duration of a call that has ended, without a copy on the stack.
func (s *Summary) talked() time.Duration {
	if s.Answered.IsZero() {
		return 0
	}
	return s.Ended.Sub(s.Answered)
}

// Duration is the time from the answer to the end, or to now while the call is up.
func (s Summary) Duration() time.Duration {
	if s.Answered.IsZero() {
		return 0
	}
	return s.until().Sub(s.Answered)
}

// Ring is the time from the beginning to the answer, or to the end (or now) of a call that was not answered.
func (s Summary) Ring() time.Duration {
	if !s.Answered.IsZero() {
		return s.Answered.Sub(s.Created)
	}
	return s.until().Sub(s.Created)
}

func (s Summary) until() time.Time {
	if s.Ended.IsZero() {
		return time.Now()
	}
	return s.Ended
}

// Records keeps one record of every call. Its methods must not block, nor keep
// the summary, which comes as a pointer because calls run on small stacks.
type Records interface {
	// Began is called once, when a plan has claimed the call or its leg was placed.
	Began(s *Summary)
	// Answered is called at most once for a call that Began, when it is answered:
	// what survives if the process dies. Rang is zero for a call that did not ring.
	Answered(id ID, rang, answered time.Time)
	// Ended is called once for every call that Began, with its last summary.
	Ended(s *Summary)
}
