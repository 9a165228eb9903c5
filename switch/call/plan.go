package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// plan is the handler that runs on the call, and the one that will.
type plan struct {
	cancel context.CancelCauseFunc // of the running plan's context; nil: none runs
	next   Handler                 // takes over when the running one has returned
	// The running plan screens a dialled leg: when it returns, the dial decides what follows.
	screening bool
}

func (p *plan) running() bool { return p.cancel != nil }

// start gives the call a plan; the caller holds the state. A running plan is told and h waits for its return.
func (c *Call) start(s *state, h Handler) {
	if s.plan.running() {
		s.plan.next = h
		s.plan.cancel(ErrReplaced)
		return
	}
	ctx := s.plan.begin()
	c.m.goroutines.Go(func() {
		roomForPlan()
		c.run(ctx, h)
	})
}

func (p *plan) begin() context.Context {
	ctx, cancel := orphan()
	p.cancel = cancel
	return ctx
}

// orphan is a context without a parent: the call itself cancels it (see the package's decisions).
var orphan = func() (context.Context, context.CancelCauseFunc) {
	return context.WithCancelCause(context.Background())
}

// run is the plan's goroutine: one handler after the other until none is left.
func (c *Call) run(ctx context.Context, h Handler) {
	for h != nil {
		err := c.serve(ctx, h)
		h = nil
		_ = c.ask(func(s *state) { ctx, h = c.planEnded(s, err) })
	}
}

// serve runs one handler and turns its panic into an error.
func (c *Call) serve(ctx context.Context, h Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.panicked("plan", p)
			err = &Refusal{Code: 500, Reason: "Server Internal Error", Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	return h.ServeCall(ctx, c)
}

// planEnded decides what follows a plan: the next one, or the end of the call.
func (c *Call) planEnded(s *state, err error) (context.Context, Handler) {
	s.plan.cancel(ErrEnded)
	s.plan.cancel = nil
	next, screening := s.plan.next, s.plan.screening
	s.plan.next, s.plan.screening = nil, false
	if next != nil && !s.life.over && !s.life.ending {
		return s.plan.begin(), next
	}
	if err != nil && !quiet(err) {
		c.log(slog.LevelWarn, "plan ended with an error", slog.Any("err", err))
	}
	if !screening {
		c.endAfterPlan(s, err)
	}
	return nil, nil
}

// quiet reports whether err only says that the call's context ended.
func quiet(err error) bool {
	return errors.Is(err, ErrHangup) || errors.Is(err, ErrReplaced) || errors.Is(err, ErrShutdown) || errors.Is(err, ErrEnded)
}

// endAfterPlan ends a leg its plan has left: refused when it was never answered, hung up otherwise.
func (c *Call) endAfterPlan(s *state, err error) {
	if s.life.over || s.life.ending {
		return
	}
	if c.direction == Inbound && s.life.answered.IsZero() {
		if r := c.refuse(s, refusalOf(err)); r == nil {
			return
		}
	}
	c.hangup(s, CauseNormal)
}

// refusalOf is what an unanswered caller hears of a plan's error.
func refusalOf(err error) *Refusal {
	if err == nil {
		return &Refusal{Code: 480, Reason: "Temporarily Unavailable"}
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r
	}
	return &Refusal{Code: 500, Reason: "Server Internal Error", Err: err}
}

// panicked counts and reports a panic in one of the call's goroutines.
func (c *Call) panicked(where string, p any) {
	c.m.metrics.panics.WithLabelValues(where).Inc()
	c.log(slog.LevelError, "panic in a call", slog.String("where", where), slog.Any("panic", p),
		slog.String("stack", string(debug.Stack())))
}
