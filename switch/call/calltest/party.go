package calltest

import (
	"tandem/media/offer"
	"tandem/switch/call"
)

// Send makes any event happen on the leg; after its end nothing happens any more.
func (l *Leg) Send(e call.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	if e.Kind == call.Answered {
		l.answered = true
	}
	l.events <- e
}

// End is the leg's last event and closes its stream.
func (l *Leg) End(e call.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	e.Kind = call.Ended
	l.events <- e
	close(l.events)
	close(l.over)
	l.stream.Close()
}

// Press presses keys.
func (l *Leg) Press(keys string) {
	for _, k := range []byte(keys) {
		l.Send(call.Event{Kind: call.Digit, Digit: k})
	}
}

// Hang is the party hanging up: its BYE, or an inbound caller's CANCEL.
func (l *Leg) Hang() {
	l.mu.Lock()
	code := 487
	if l.answered {
		code = 0
	}
	l.mu.Unlock()
	l.End(call.Event{Code: code, Cause: call.Cause{By: call.ByParty, Code: code}})
}

// Ringing is the far side's 180.
func (l *Leg) Ringing() { l.Send(call.Event{Kind: call.Ringing, Code: 180}) }

// EarlyMedia is the far side's 183 with a description.
func (l *Leg) EarlyMedia() { l.Send(call.Event{Kind: call.Ringing, Code: 183, Early: true}) }

// Answered is the far side's 2xx.
func (l *Leg) Answered(h ...call.Header) {
	l.Send(call.Event{Kind: call.Answered, Code: 200, Headers: h})
}

// Refused is the far side's final answer above 299.
func (l *Leg) Refused(code int, h ...call.Header) {
	l.End(call.Event{Code: code, Cause: call.Cause{By: call.ByParty, Code: code}, Headers: h})
}

// Busy is the far side's 486.
func (l *Leg) Busy() { l.Refused(486) }

// Lost is the end of a leg whose far side answers nothing any more.
func (l *Leg) Lost() {
	l.End(call.Event{Code: 408, Cause: call.Cause{By: call.ByFailure, Code: 408, Text: "Request timeout"}})
}

// Holds is the party's re-INVITE to another direction, seen from the party.
func (l *Leg) Holds(d offer.Direction) { l.Send(call.Event{Kind: call.Held, Direction: d}) }

// Informs is an INFO of the party.
func (l *Leg) Informs(contentType, body string) {
	l.Send(call.Event{Kind: call.Info, Type: contentType, Body: []byte(body)})
}
