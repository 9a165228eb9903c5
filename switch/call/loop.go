package call

import (
	"log/slog"
	"time"

	"tandem/switch/event"
)

// life is the call's own progress.
type life struct {
	claimed   bool
	refused   bool      // we sent a final refusal
	ending    bool      // we asked the leg to end
	over      bool      // the leg has ended
	accounted bool      // and its record is written
	bridged   bool      // it was joined at least once
	rang      time.Time // first 180 or 183
	answered  time.Time
	ended     time.Time
	code      int
	cause     Cause
	headers   []Header // X- headers of the leg's last answer
}

// loop hears the leg and runs commands until the leg has ended and no plan runs.
func (c *Call) loop(s *state) {
	defer c.finish(s)
	if c.direction != Inbound { // an inbound call's record begins when it is claimed
		c.claimed(s)
		c.step(s, StepInitiated)
	}
	events := c.leg.Events()
	for !s.life.over || s.plan.running() {
		select {
		case e, open := <-events:
			if !open {
				events = nil
				c.over(s, Event{Cause: Cause{By: ByFailure, Text: "the leg went silent"}})
				break
			}
			c.hear(s, e)
		case order := <-c.inbox:
			order.run(s)
		}
	}
}

// finish runs when the loop ends, also by a panic: then it ends the call by force.
func (c *Call) finish(s *state) {
	if p := recover(); p != nil {
		c.panicked("loop", p)
		c.leg.Hangup(Cause{By: BySwitch, Code: 500, Text: "Internal error"})
		s.steps.watch = nil // whatever panicked is not tried again
		c.overSafely(s)
	}
	c.final, c.lastHeaders = c.summary(s), s.life.headers
	close(c.done)
}

// overSafely ends the call's state after a panic; what panics again is dropped.
func (c *Call) overSafely(s *state) {
	defer func() { _ = recover() }()
	if s.plan.running() {
		s.plan.cancel(ErrEnded)
	}
	c.over(s, Event{Cause: Cause{By: ByFailure, Code: 500, Text: "Internal error"}})
	c.account(s) // where it was the end itself that panicked
}

// hear acts on one event of the leg.
func (c *Call) hear(s *state, e Event) {
	switch e.Kind {
	case Ringing:
		c.rang(s)
	case Answered:
		s.life.headers = e.Headers
		c.answered(s)
	case Digit:
		s.digits.press(e.Digit)
	case Held:
		c.log(slog.LevelInfo, "call held by its party", slog.String("direction", e.Direction.String()))
	case Ended:
		c.over(s, e)
		return // over has told the link
	}
	s.link.tell(e)
}

func (c *Call) rang(s *state) {
	if !s.life.rang.IsZero() || !s.life.answered.IsZero() || s.life.over {
		return
	}
	s.life.rang = time.Now()
	c.setStatus(StatusRinging)
	c.step(s, StepRinging)
	c.publish(s, event.CallRinging)
	c.log(slog.LevelDebug, "call ringing")
}

func (c *Call) answered(s *state) {
	if !s.life.answered.IsZero() || s.life.over || s.life.ending {
		return // a 2xx that crossed our CANCEL: the leg ends itself
	}
	c.confirmed(s)
}

// confirmed notes the answer, once.
func (c *Call) confirmed(s *state) {
	if !s.life.answered.IsZero() {
		return
	}
	s.life.answered = time.Now()
	c.setStatus(StatusInProgress)
	c.recordAnswer(s)
	c.m.metrics.answered(c.direction, s.life.answered.Sub(c.started))
	c.step(s, StepAnswered)
	c.publish(s, event.CallAnswered)
	c.log(slog.LevelDebug, "call answered", slog.Duration("after", s.life.answered.Sub(c.started)))
}

// over is the end of the leg: the record is written here, whatever the plan still does.
func (c *Call) over(s *state, e Event) {
	if s.life.over {
		return
	}
	if e.Confirmed { // the party was quicker with its BYE than the plan with noting the ACK
		c.confirmed(s)
	}
	s.life.over = true
	s.life.ended = time.Now()
	if !s.life.ending || s.quicker(e) {
		s.life.cause = e.Cause
	}
	if s.life.answered.IsZero() {
		s.life.code = firstCode(e.Code, e.Cause.Code, s.life.cause.Code)
		c.setStatus(outcome(c.direction, withCode(s.life.cause, s.life.code)))
	} else {
		c.setStatus(StatusCompleted)
	}
	if len(e.Headers) > 0 {
		s.life.headers = e.Headers
	}
	s.digits.stop()
	if s.plan.running() {
		s.plan.cancel(ErrHangup)
	}
	c.claimed(s)
	sum := c.account(s)
	c.step(s, StepCompleted)
	c.publish(s, event.CallEnded)
	c.logEnd(sum)
	e.Cause = s.life.cause
	e.Code = s.life.code
	s.link.tell(e)
}

// logEnd stands apart, as do others here, to keep what a loop needs of its stack below 4 KiB.
//
//go:noinline
func (c *Call) logEnd(sum *Summary) {
	c.log(slog.LevelInfo, "call ended", slog.String("direction", c.direction.String()), slog.String("parent", string(c.parent)),
		slog.String("from", sum.From), slog.String("to", sum.To), slog.String("status", sum.Status.String()), slog.Int("code", sum.Code),
		slog.String("reason", sum.Cause.Text), slog.Bool("bridged", sum.Bridged), slog.Duration("duration", sum.talked()))
}

// account writes the call's last record, once.
func (c *Call) account(s *state) *Summary {
	sum := c.summary(s)
	if !s.life.accounted {
		s.life.accounted = true
		c.m.ended(sum)
	}
	return sum
}

// quicker reports whether the far side's own refusal came before what we asked for.
func (s *state) quicker(e Event) bool {
	return s.life.answered.IsZero() && !s.life.refused && e.Cause.By == ByParty && e.Code != 0 && e.Code != 487
}

func firstCode(codes ...int) int {
	for _, c := range codes {
		if c != 0 {
			return c
		}
	}
	return 0
}

// withCode gives the cause of a party's refusal its code where only the event carried it.
func withCode(c Cause, code int) Cause {
	if c.Code == 0 && c.By != BySwitch {
		c.Code = code
	}
	return c
}

// claimed begins the call's record, once.
func (c *Call) claimed(s *state) {
	if s.life.claimed {
		return
	}
	s.life.claimed = true
	if c.m.restcomm {
		c.leg.Stamp(stamp(c.Account(), c.id))
	}
	c.m.began(c.summary(s))
	c.publish(s, event.CallBegan)
	p := c.leg.Party()
	level := slog.LevelInfo
	if c.parent != "" {
		level = slog.LevelDebug // a dialled call's end says all: two lines for the caller, one for each party it dials
	}
	c.log(level, "call began", slog.String("direction", c.direction.String()),
		slog.String("from", p.From.User), slog.String("to", p.To.User), slog.String("account", c.Account()))
}

// stamp is what users of Restcomm read off every message (rcml.md 1.9.2).
func stamp(account string, id ID) []Header {
	return []Header{
		{Name: "X-RestComm-ApiVersion", Value: "2012-04-24"},
		{Name: "X-RestComm-AccountSid", Value: account},
		{Name: "X-RestComm-CallSid", Value: string(id)},
	}
}

// recordAnswer adds the answer to a record that has begun; one that begins later has it from the start.
func (c *Call) recordAnswer(s *state) {
	if s.life.claimed && c.m.records != nil {
		c.m.records.Answered(c.id, s.life.rang, s.life.answered)
	}
}

func (c *Call) setStatus(to Status) {
	from := c.Status()
	if from == to {
		return
	}
	c.status.Store(uint32(to))
	c.m.metrics.moved(c.direction, from, to)
}

func (c *Call) publish(s *state, kind event.Kind) {
	if c.m.bus != nil && c.m.bus.Watched() {
		c.broadcast(s, kind)
	}
}

//go:noinline
func (c *Call) broadcast(s *state, kind event.Kind) {
	p := c.leg.Party()
	c.m.bus.Publish(event.Event{
		Kind: kind, At: time.Now(), Account: c.Account(), Call: string(c.id), Parent: string(c.parent),
		From: p.From.User, To: p.To.User, Direction: c.direction.String(), Status: c.Status().String(),
		Code: s.life.code, Text: s.life.cause.Text,
	})
}

// summary is the state as a value.
func (c *Call) summary(s *state) *Summary {
	p := c.leg.Party()
	sum := &Summary{
		ID: c.id, Parent: c.parent, Account: c.Account(), NumberSID: c.NumberSID(),
		Direction: c.direction, Status: c.Status(), From: p.From.User, To: p.To.User,
		CallerName: p.From.Display, ForwardedFrom: p.Diverted, Client: p.Client, Source: p.Source,
		UserAgent: p.UserAgent, SIPCallID: c.leg.ID(), Code: s.life.code, Cause: s.life.cause,
		Bridged: s.life.bridged, Held: s.hold.on, Muted: s.hold.muted,
		Created: c.started, Rang: s.life.rang, Answered: s.life.answered, Ended: s.life.ended,
	}
	if m := c.leg.Media(); m != nil {
		sum.Media = m.Stats()
	}
	return sum
}
