package call

import "time"

// Progress is one step in the life of a call, for status callbacks.
type Progress struct {
	Step     Step
	Sequence int // 0, 1, 2 … over the steps that happened on this leg
	At       time.Time
	Call     Summary // as it was at that moment
}

// Step is what a status callback can be asked to report. Each happens at most
// once a call; StepCompleted always comes.
type Step uint8

// The steps.
const (
	StepInitiated Step = iota // the INVITE is on its way
	StepRinging               // first 180 or 183, or ours to an inbound caller
	StepAnswered              // 2xx
	StepCompleted             // it is over, however
)

var stepNames = [...]string{"initiated", "ringing", "answered", "completed"}

// String is the step's name in statusCallbackEvent.
func (s Step) String() string { return stepNames[s] }

// Watch has f called at every further step of the call, in order, from the
// call's loop: f must not block and must not call the call. One at a time: a new
// one replaces the old.
func (c *Call) Watch(f func(Progress)) {
	_ = c.ask(func(s *state) { s.steps.watch = f })
}

type steps struct {
	watch func(Progress)
	next  int
	done  [4]bool
}

// step reports one step, unless it has happened already.
func (c *Call) step(s *state, what Step) {
	if s.steps.done[what] {
		return
	}
	s.steps.done[what] = true
	sequence := s.steps.next
	s.steps.next++
	if s.steps.watch != nil {
		c.report(s, what, sequence)
	}
}

// report tells the watcher of a step. It stands apart because a summary takes room on the stack.
//
//go:noinline
func (c *Call) report(s *state, what Step, sequence int) {
	s.steps.watch(Progress{Step: what, Sequence: sequence, At: time.Now(), Call: *c.summary(s)})
}
