package call

import (
	"context"
	"errors"

	"tandem/media/offer"
)

// ErrNotAnswered is what a capability returns that needs an answered call.
var ErrNotAnswered = errors.New("the call is not answered")

// ErrAnswered is what Refuse returns when it is too late to refuse.
var ErrAnswered = errors.New("the call is already answered")

// Ring tells an unanswered inbound caller that it is ringing (180), once. It
// does nothing on any other call.
func (c *Call) Ring(ctx context.Context) error {
	if c.direction != Inbound || c.Status() != StatusRinging {
		return c.alive()
	}
	told := false
	if err := c.ask(func(s *state) { told = !s.life.rang.IsZero() }); err != nil || told {
		return err
	}
	if err := c.leg.Ring(ctx); err != nil {
		return err
	}
	return c.ask(c.rang)
}

// Answer answers an inbound call with what its party can take and returns once
// the party has acknowledged. An answered call is left as it is. The error is
// ErrEnded, or says why the party's ACK never came.
func (c *Call) Answer(ctx context.Context) error { return c.answer(ctx, nil) }

// answer is Answer with the formats to agree on; nil: our own choice.
func (c *Call) answer(ctx context.Context, formats []offer.Format) error {
	if c.Status() == StatusInProgress {
		return nil
	}
	if err := c.alive(); err != nil {
		return err
	}
	if c.direction != Inbound {
		return ErrNotAnswered
	}
	// Once the 2xx is out, only the ACK or the end of the leg decides: a plan that is
	// replaced meanwhile must not leave a call whose state nobody knows.
	if err := c.leg.Answer(context.WithoutCancel(ctx), formats); err != nil {
		return err
	}
	if err := c.ask(c.answered); err != nil {
		return err
	}
	return c.alive()
}

// progress sends early media's description to an unanswered inbound caller.
func (c *Call) progress(ctx context.Context, formats []offer.Format) error {
	if err := c.leg.Progress(ctx, formats); err != nil {
		return err
	}
	return c.ask(c.rang)
}

// alive reports ErrEnded for a call whose leg has ended.
func (c *Call) alive() error {
	if c.Status().Final() {
		return ErrEnded
	}
	return nil
}

// Refuse gives an unanswered inbound caller its final answer. The error is
// ErrAnswered, ErrEnded, or the leg's.
func (c *Call) Refuse(ctx context.Context, r *Refusal) error {
	var err error
	if gone := c.do(ctx, func(s *state) { err = c.refuse(s, r) }); gone != nil {
		return gone
	}
	return err
}

func (c *Call) refuse(s *state, r *Refusal) error {
	switch {
	case s.life.over || s.life.ending:
		return ErrEnded
	case !s.life.answered.IsZero() || c.direction != Inbound:
		return ErrAnswered
	}
	if err := c.leg.Refuse(r); err != nil {
		return err
	}
	s.life.refused, s.life.ending = true, true
	s.life.cause = Cause{By: BySwitch, Code: r.Code, Text: r.Text}
	return nil
}

// Hangup ends the call the way its state asks for: CANCEL, BYE or a refusal. It
// returns once the leg was told; the plan's context ends with ErrHangup.
func (c *Call) Hangup(ctx context.Context, cause Cause) error {
	return c.do(ctx, func(s *state) { c.end(s, cause) })
}

// end hangs up and tells the plan.
func (c *Call) end(s *state, cause Cause) {
	c.hangup(s, cause)
	if s.plan.running() {
		s.plan.cancel(ErrHangup)
	}
}

// hangup ends the leg; the plan is left alone.
func (c *Call) hangup(s *state, cause Cause) {
	if s.life.over || s.life.ending {
		return
	}
	s.life.ending = true
	s.life.cause = cause
	c.leg.Hangup(cause)
}
