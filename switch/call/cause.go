package call

import "errors"

// Why a plan's context ended: read with context.Cause.
var (
	ErrHangup   = errors.New("the party hung up")
	ErrReplaced = errors.New("another plan took over")
	ErrShutdown = errors.New("the switch is shutting down")
	ErrEnded    = errors.New("the call has ended")
)

// Cause is why a leg ended.
type Cause struct {
	By   Side   // who ended it
	Code int    // the final SIP status that ended an attempt, or 0 for a BYE
	Text string // of the Reason header, sent or received
}

// Side tells who ended a leg.
type Side uint8

// Who can end a leg.
const (
	ByParty   Side = iota + 1 // its BYE, CANCEL or refusal
	BySwitch                  // the plan, a sibling that answered, REST
	ByFailure                 // a time-out, a dead transport, lost media
)

// Causes the switch hangs up with; the text goes into the Reason header.
var (
	CauseNormal    = Cause{By: BySwitch, Text: "Normal clearing"}
	CauseElsewhere = Cause{By: BySwitch, Code: 200, Text: "Call completed elsewhere"}
	CauseTimeout   = Cause{By: BySwitch, Code: 408, Text: "Request timeout"}
	CauseShutdown  = Cause{By: BySwitch, Code: 503, Text: "Shutting down"}
)
