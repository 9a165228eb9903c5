package call

// Status is the state of a call as REST and RCML report it.
type Status uint8

// The states; the last six are final.
const (
	StatusQueued     Status = iota // made over REST or dialled, no answer from the far side yet
	StatusRinging                  // inbound: not answered yet; outbound: 180 or 183 is in
	StatusInProgress               // answered
	StatusCompleted                // was answered and has ended
	StatusBusy                     // 486, 600 or 603
	StatusFailed                   // any other final answer, no route, network error
	StatusNoAnswer                 // 408, 480, or the ringing time ran out
	StatusNotFound                 // 404, 410 or 604
	StatusCanceled                 // given up before the answer, by the caller or over REST
	statuses         = iota
)

var statusNames = [statuses]string{
	"queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "not-found", "canceled",
}

// String is the status as REST prints it.
func (s Status) String() string { return statusNames[s] }

// Final reports whether a call in this status has ended.
func (s Status) Final() bool { return s >= StatusCompleted }

// Plain is the status as RCML and its callbacks know it: not-found is failed there.
func (s Status) Plain() Status {
	if s == StatusNotFound {
		return StatusFailed
	}
	return s
}

// ParseStatus reads a status by its name.
func ParseStatus(name string) (Status, bool) {
	for i, n := range statusNames {
		if n == name {
			return Status(i), true
		}
	}
	return 0, false
}

// received says what becomes of a call whose far side refused it with code.
func received(code int) Status {
	switch code {
	case 486, 600, 603:
		return StatusBusy
	case 408, 480:
		return StatusNoAnswer
	case 404, 410, 604:
		return StatusNotFound
	}
	return StatusFailed
}

// sent says what becomes of an inbound call we refused with code: a 603 of ours
// is RCML's Reject, which counts as no-answer and not as busy.
func sent(code int) Status {
	if code == 603 {
		return StatusNoAnswer
	}
	return received(code)
}

// outcome is the final status of a call that ended before it was answered.
func outcome(d Direction, c Cause) Status {
	switch {
	case c.By == BySwitch && d == Inbound && c.Code >= 300:
		return sent(c.Code)
	case c.By == BySwitch && c.Code == 408:
		return StatusNoAnswer // the dial's time-out
	case c.By == BySwitch:
		return StatusCanceled
	case c.By == ByParty && d == Inbound:
		return StatusCanceled // its CANCEL
	case c.Code == 487:
		return StatusCanceled
	case c.Code != 0:
		return received(c.Code)
	}
	return StatusFailed
}

// Direction says how a call came to be.
type Direction uint8

// The directions.
const (
	Inbound      Direction = iota // an INVITE reached us
	OutboundAPI                   // placed over REST
	OutboundDial                  // dialled by another call
	directions   = iota
)

var directionNames = [directions]string{"inbound", "outbound-api", "outbound-dial"}

// String is the direction as REST and RCML print it.
func (d Direction) String() string { return directionNames[d] }
