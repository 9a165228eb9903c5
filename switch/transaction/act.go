package transaction

import (
	"math"
	"strings"
	"time"
)

// Time is an instant on the owner's monotonic clock, as the duration since the owner's start.
type Time = time.Duration

// never is the instant of a timer that does not run.
const never = Time(math.MaxInt64)

// Act is a set of things the owner of a machine has to do now.
type Act uint8

const (
	// Send the message just handed to Respond.
	Send Act = 1 << iota
	// Resend the last message of this machine, byte for byte.
	Resend
	// Deliver the event to the transaction user.
	Deliver
	// Ack the non-2xx final response just received (client INVITE, RFC 3261 §17.1.1.3).
	Ack
	// Trying wants a 100 sent: the user said nothing for 200 ms (server INVITE, RFC 3261 §17.2.1).
	Trying
	// Timeout tells the user that the other side never answered (client), or never sent the ACK (server).
	Timeout
	// Done ends the machine: forget it.
	Done
)

var actNames = [...]string{"send", "resend", "deliver", "ack", "trying", "timeout", "done"}

// Has reports whether all acts of b are in a.
func (a Act) Has(b Act) bool { return a&b == b }

// String lists the acts, joined by "+", or says "none".
func (a Act) String() string {
	var names []string
	for i, name := range actNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, "+")
}

// State is where a machine stands, by the names of the RFC's figures.
type State uint8

const (
	// StateCalling is a client INVITE without any response.
	StateCalling State = iota + 1
	// StateTrying is a non-INVITE without any response.
	StateTrying
	// StateProceeding has seen a provisional response; a server INVITE begins here.
	StateProceeding
	// StateCompleted has seen the final response (INVITE: a non-2xx).
	StateCompleted
	// StateAccepted has seen a 2xx to INVITE (RFC 6026).
	StateAccepted
	// StateConfirmed is a server INVITE whose non-2xx was ACKed.
	StateConfirmed
	// StateTerminated is over.
	StateTerminated
)

var stateNames = [...]string{"", "calling", "trying", "proceeding", "completed", "accepted", "confirmed", "terminated"}

// String is the state's name in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return ""
}
