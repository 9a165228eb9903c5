package call

import (
	"context"
	"errors"
	"time"
)

// causeGone is what the targets hear when whoever dialled them has gone.
var causeGone = Cause{By: BySwitch, Code: 487, Text: "Request terminated"}

// fork is the legs one dial has placed at the same time. It belongs to the goroutine that dials.
type fork struct {
	m      *Manager
	caller *Call // nil: placed over REST
	mail   *mailbox
	legs   []*branch
	onLeg  func(*Call)
	best   best
}

var errNotScreened = errors.New("the screening did not end")

func newFork(m *Manager, caller *Call) *fork { return &fork{m: m, caller: caller, mail: newMailbox()} }

// branch is one leg of a fork.
type branch struct {
	call     *Call
	target   *Target
	state    branchState
	answered time.Time
}

type branchState uint8

const (
	ringing   branchState = iota
	screening             // answered, its OnAnswer runs
	won
	over
)

// outgoing is what all legs of a fork have in common.
type outgoing struct {
	callerID string
	account  string // of a fork without caller
}

// invite places a leg for every contact of every target. Targets that cannot be reached only leave their mark in the result.
func (f *fork) invite(ctx context.Context, targets []Target, o outgoing) {
	account := o.account
	if f.caller != nil {
		account = f.caller.Account()
	}
	for i := range targets {
		t := &targets[i]
		outs, err := f.m.dialer.Resolve(ctx, account, *t)
		if err == nil && len(outs) == 0 {
			err = &Refusal{Code: 480, Reason: "Temporarily Unavailable"}
		}
		if err != nil {
			f.unplaced(t, err)
			continue
		}
		for _, out := range outs {
			if ctx.Err() != nil {
				return
			}
			if err := f.place(ctx, t, out, o); err != nil {
				f.unplaced(t, err)
			}
		}
	}
}

func (f *fork) unplaced(t *Target, err error) {
	code := 500
	if r, ok := errors.AsType[*Refusal](err); ok {
		code = r.Code
	}
	f.best.unplaced(code)
	f.m.log.Info("target not dialled", "kind", t.Kind.String(), "target", t.Value, "code", code, "err", err)
}

// place sends one INVITE and gives its leg a Call.
func (f *fork) place(ctx context.Context, t *Target, out Outgoing, o outgoing) error {
	b := newCall(f.m, NewID(), OutboundAPI)
	account := o.account
	if f.caller != nil {
		b.direction, b.parent, b.depth = OutboundDial, f.caller.id, f.caller.depth+1
		account = f.caller.Account()
		if err := f.fill(&out, o.callerID); err != nil {
			return err
		}
	} else {
		if len(f.legs) > 0 {
			b.parent = f.legs[0].call.id
		}
		if out.From == (Identity{}) {
			out.From.User = o.callerID
		}
	}
	b.owner.Store(&owner{account: account})
	if out.Username == "" {
		out.Username, out.Password = t.Username, t.Password
	}
	out.Headers = append(append([]Header(nil), out.Headers...), t.Headers...)
	if f.m.restcomm {
		out.Headers = append(out.Headers, stamp(account, b.id)...)
	}
	leg, err := f.leg(ctx, out, b)
	if err != nil {
		return err
	}
	b.leg = leg
	s := &state{link: link{self: b, mail: f.mail, owner: f}, steps: steps{watch: t.Progress}}
	br := &branch{call: b, target: t}
	f.legs = append(f.legs, br)
	if !f.m.enter(b, s) { //nolint:contextcheck // a plan's context has no parent
		leg.Hangup(CauseShutdown)
		f.legs = f.legs[:len(f.legs)-1]
		return errShuttingDown()
	}
	if f.onLeg != nil {
		f.onLeg(b)
	}
	return nil
}

// leg places the leg: over the wire, or in memory when the target is a number of ours.
func (f *fork) leg(ctx context.Context, out Outgoing, b *Call) (Leg, error) {
	if !out.Local {
		return f.m.inviter.Invite(ctx, out)
	}
	if f.caller == nil {
		return f.m.cabled(out, b.Account()) //nolint:contextcheck // a plan's context has no parent
	}
	return f.m.callHome(f.caller, out, b.depth) //nolint:contextcheck // a plan's context has no parent
}

// fill adds what a dialled leg takes over from its caller.
func (f *fork) fill(out *Outgoing, callerID string) error {
	p := f.caller.leg.Party()
	if out.From == (Identity{}) {
		out.From = f.caller.identity()
		if callerID != "" {
			out.From = Identity{User: callerID}
		}
	}
	if out.Formats == nil {
		out.Formats = f.caller.leg.Formats()
	}
	out.Beside = onWire(f.caller.leg)
	if out.MaxForwards == 0 && p.Inbound && p.MaxForwards > 0 {
		if out.MaxForwards = p.MaxForwards - 1; out.MaxForwards == 0 {
			return &Refusal{Code: 483, Reason: "Too Many Hops"} // RFC 3261 §16.3
		}
	}
	return nil
}

// identity is the party itself: who called, or whom we called.
func (c *Call) identity() Identity {
	p := c.leg.Party()
	if p.Inbound {
		return p.From
	}
	return p.To
}

func (f *fork) open() int {
	n := 0
	for _, b := range f.legs {
		if b.state != over {
			n++
		}
	}
	return n
}

func (f *fork) branch(c *Call) *branch {
	for _, b := range f.legs {
		if b.call == c {
			return b
		}
	}
	return nil
}

// await returns the first leg that answered and passed its screening, or nil
// when there is none left. The error is the context's cause.
func (f *fork) await(ctx context.Context, timeout time.Duration, rings func(context.Context, *branch, Event)) (*branch, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		for n, ok := f.mail.next(); ok; n, ok = f.mail.next() {
			if b := f.branch(n.from); b != nil && b.state != over {
				if f.hear(ctx, b, n, rings); b.state == won {
					return b, nil
				}
			}
		}
		if f.open() == 0 {
			return nil, nil
		}
		select {
		case <-f.mail.wake:
		case <-timer.C:
			f.timeout()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// hear acts on one word of a branch.
func (f *fork) hear(ctx context.Context, b *branch, n note, rings func(context.Context, *branch, Event)) {
	switch {
	case n.left:
		b.state = over
		f.best.lost(b, StatusFailed, 0, n.at)
	case n.screened && n.err == nil:
		b.state = won
	case n.screened:
		f.drop(b, CauseNormal)
		f.best.lost(b, StatusNoAnswer, 0, n.at) // rcml.md P21
	case n.event.Kind == Ringing && rings != nil:
		rings(ctx, b, n.event)
	case n.event.Kind == Answered:
		b.answered = n.at
		b.state = won
		if b.target.OnAnswer != nil {
			b.state = screening
			f.screen(b) //nolint:contextcheck // a plan's context has no parent
		}
	case n.event.Kind == Ended:
		b.state = over
		status := outcome(OutboundDial, withCode(n.event.Cause, n.event.Code)).Plain()
		if !b.answered.IsZero() {
			status = StatusNoAnswer // it hung up while it was screened
		}
		f.best.ended(b, status, n)
	}
}

// screen runs the target's OnAnswer as the leg's own plan; its end is a note.
func (f *fork) screen(b *branch) {
	h, mail, child := b.target.OnAnswer, f.mail, b.call
	plan := HandlerFunc(func(ctx context.Context, c *Call) error {
		n := note{from: child, screened: true, err: errNotScreened} // stands if the handler panics
		defer func() { mail.put(n) }()
		if n.err = h.ServeCall(ctx, c); n.err == nil {
			n.err = context.Cause(ctx)
		}
		return n.err
	})
	_ = child.ask(func(s *state) {
		if !s.life.over && !s.life.ending {
			s.plan.screening = true
			child.start(s, plan)
		}
	})
}

// timeout gives up the legs that still ring; those that are screened go on (rcml.md 2.1.7 item 6).
func (f *fork) timeout() {
	now := time.Now()
	for _, b := range f.legs {
		if b.state == ringing {
			f.drop(b, CauseTimeout)
			f.best.lost(b, StatusNoAnswer, 408, now)
		}
	}
}

// hangup gives up all legs but one.
func (f *fork) hangup(cause Cause, but *branch) {
	for _, b := range f.legs {
		if b != but && b.state != over {
			f.drop(b, cause)
		}
	}
}

// drop hangs a leg up, unless it has left this fork for a plan of its own.
func (f *fork) drop(b *branch, cause Cause) {
	b.state = over
	_ = b.call.ask(func(s *state) {
		if s.link.owner == f {
			b.call.end(s, cause)
		}
	})
}

// release lets go of the legs: what they do from now on interests nobody here.
func (f *fork) release() {
	for _, b := range f.legs {
		_ = b.call.ask(func(s *state) {
			if s.link.owner == f {
				s.link = link{self: b.call}
			}
		})
	}
}
