package call

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/offer"
)

// Call is one party's connection to the switch: a handle that any goroutine may
// hold. What changes belongs to the call's loop.
type Call struct {
	id        ID
	direction Direction
	parent    ID
	depth     int // how many dials of ours led here
	started   time.Time
	leg       Leg
	m         *Manager

	owner  atomic.Pointer[owner] // set by the loop, at most once after the start
	status atomic.Uint32         // written by the loop alone

	inbox chan *command
	done  chan struct{} // closed when the loop has ended; what follows is set before

	final       *Summary
	lastHeaders []Header
}

// owner is to whom the call belongs.
type owner struct{ account, number string }

// state is what changes in a call. Only the loop holds a pointer to it.
type state struct {
	life   life   // loop.go
	plan   plan   // plan.go
	steps  steps  // progress.go
	digits digits // digits.go
	hold   hold   // hold.go
	link   link   // bridge.go
	values values // values.go
}

// ID is the call's own name, printed as CallSid.
func (c *Call) ID() ID { return c.id }

// Direction says how the call came to be.
func (c *Call) Direction() Direction { return c.direction }

// Parent is the call that dialled this one, or "".
func (c *Call) Parent() ID { return c.parent }

// Party says who is on the other end and what the INVITE said.
func (c *Call) Party() Party { return c.leg.Party() }

// Started is when the call came to be.
func (c *Call) Started() time.Time { return c.started }

// Status is the call's state now.
func (c *Call) Status() Status { return Status(c.status.Load()) }

// SIPCallID is the Call-ID header of the call's dialog.
func (c *Call) SIPCallID() string { return c.leg.ID() }

// Formats is what the party can take: what it offered or, once answered, what was agreed.
func (c *Call) Formats() []offer.Format { return c.leg.Formats() }

// Media is the party's audio.
func (c *Call) Media() media.Stream { return c.leg.Media() }

// Done is closed when the call and its plan are over.
func (c *Call) Done() <-chan struct{} { return c.done }

// Account is the account the call belongs to, or "" while no plan has claimed it.
func (c *Call) Account() string { return c.owner.Load().account }

// NumberSID is the PN… of the number that was called, or "".
func (c *Call) NumberSID() string { return c.owner.Load().number }

// Log is the manager's logger with the call's names on every line.
func (c *Call) Log() *slog.Logger {
	return c.m.log.With("call_id", string(c.id), "sip_call_id", c.leg.ID())
}

// log writes one line about the call; it keeps no logger, which would cost every call half a kilobyte.
// A line that is not wanted costs nothing: attrs stay on the stack.
func (c *Call) log(level slog.Level, msg string, attrs ...slog.Attr) {
	if c.m.enabled(level) {
		c.m.line(level, msg, c, slices.Clone(attrs))
	}
}

// Claim says to which account and number (PN…, or "") the call belongs. A Mux
// calls it before the plan runs; the call's record begins here. Later claims
// are ignored.
func (c *Call) Claim(account, numberSID string) {
	_ = c.ask(func(s *state) {
		if s.life.claimed {
			return
		}
		c.owner.Store(&owner{account: account, number: numberSID})
		c.claimed(s)
	})
}

// Summary tells all about the call now, or as it ended.
func (c *Call) Summary() Summary {
	var sum Summary
	if err := c.ask(func(s *state) { sum = *c.summary(s) }); err != nil {
		return *c.final
	}
	return sum
}

// do has the loop run f and waits until it did. The error is ErrEnded or the
// context's cause; in both cases f does not run. It must not be called from f.
func (c *Call) do(ctx context.Context, f func(*state)) error {
	if c.order(ctx.Done(), f) {
		return nil
	}
	if c.ended() {
		return ErrEnded
	}
	return context.Cause(ctx)
}

// ask is do for what is due whatever became of the plan that asks: a loop answers in microseconds.
func (c *Call) ask(f func(*state)) error {
	if !c.order(nil, f) {
		return ErrEnded
	}
	return nil
}

// order has the loop run f, unless the call ends or stop is closed first; true says that f has run.
func (c *Call) order(stop <-chan struct{}, f func(*state)) bool {
	o := c.m.command(f)
	select {
	case c.inbox <- o:
		<-o.ran
		c.m.commands.Put(o)
		return true
	case <-c.done:
	case <-stop:
	}
	return false
}

// ended reports whether the loop has.
func (c *Call) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// command is a function for a loop. It is used again, by calls of the same manager: a call takes dozens.
type command struct {
	f   func(*state)
	ran chan struct{} // room for one
}

// command returns one that runs f.
func (m *Manager) command(f func(*state)) *command {
	order, ok := m.commands.Get().(*command)
	if !ok {
		order = &command{ran: make(chan struct{}, 1)}
	}
	order.f = f
	return order
}

// run is for the loop. Who waits is released even when f panics.
func (o *command) run(s *state) {
	defer func() {
		o.f = nil
		o.ran <- struct{}{}
	}()
	o.f(s)
}

// String is the call's ID, status and parties, for logs and tests.
func (c *Call) String() string {
	p := c.leg.Party()
	return fmt.Sprintf("%s %s %s from %s to %s", c.id, c.direction, c.Status(), p.From.User, p.To.User)
}
