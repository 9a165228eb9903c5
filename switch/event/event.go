package event

import "time"

// Event is one thing that happened. Fields that make no sense for a kind are empty.
type Event struct {
	Kind      Kind
	At        time.Time
	Account   string // AC…
	Call      string // CA…
	Parent    string // CA… of the call that dialled this one
	From, To  string // user parts
	Direction string // inbound, outbound-api, outbound-dial
	Status    string // the call's status after the event
	Code      int    // SIP status that ended it, where there was one
	Text      string // a key, a reason
}

// Kind tells events apart.
type Kind uint8

// The kinds of events.
const (
	CallBegan Kind = iota + 1
	CallRinging
	CallAnswered
	CallHeld
	CallResumed
	CallBridged
	CallEnded
)

var kindNames = [...]string{
	CallBegan: "call.began", CallRinging: "call.ringing", CallAnswered: "call.answered",
	CallHeld: "call.held", CallResumed: "call.resumed", CallBridged: "call.bridged", CallEnded: "call.ended",
}

// String is the kind as watchers see it, such as "call.answered".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}
