package call

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tandem/media"
)

// Defaults and limits of Dial (rcml.md 2.1.1, 2.1.3).
const (
	DefaultRingTime  = 30 * time.Second
	DefaultTimeLimit = 4 * time.Hour
	maxDepth         = 10 // calls that dialled one another in a chain
)

// TargetKind says how a Target is found.
type TargetKind uint8

// The kinds of targets.
const (
	TargetNumber TargetKind = iota + 1
	TargetClient
	TargetSIP
)

var targetNames = [...]string{TargetNumber: "number", TargetClient: "client", TargetSIP: "sip"}

// String is the kind's name: number, client or sip.
func (k TargetKind) String() string { return targetNames[k] }

// Target is one party to dial.
type Target struct {
	Kind               TargetKind
	Value              string   // number, login or SIP URI
	Headers            []Header // for the INVITE
	Username, Password string   // for a 401 or 407
	// Progress, if not nil, hears every step of every leg this target becomes, from
	// that leg's loop: it must not block and must not call the call.
	Progress func(Progress)
	// OnAnswer, if not nil, runs on the answered leg before it is bridged; an error
	// drops the leg. It is the leg's plan: its context ends when the party hangs up.
	OnAnswer Handler
}

// Dialer says where targets live. Several contacts of one client are several
// Outgoing. The error is a *Refusal where a SIP answer says it best (404 for
// nobody, 480 for nobody at home). What Dial knows itself (From, Formats,
// Beside, Max-Forwards) may be left out.
type Dialer interface {
	Resolve(ctx context.Context, account string, t Target) ([]Outgoing, error)
}

// Dial is whom to dial and how.
type Dial struct {
	Targets        []Target
	Timeout        time.Duration   // of ringing; 0: DefaultRingTime
	TimeLimit      time.Duration   // of talking; 0: DefaultTimeLimit
	CallerID       string          // user part of From; "": the caller's, with its display name
	Ringback       *media.Prompt   // what an answered caller hears while targets ring, looped; nil: nothing
	EarlyMedia     bool            // an unanswered caller hears the early media of a single target
	AnswerOnBridge bool            // the caller is answered when a target has; otherwise at once
	PassHold       bool            // re-INVITEs that change the direction and INFOs cross the bridge
	HangupKey      byte            // a key of the caller that ends the bridge; 0: none
	OnLeg          func(leg *Call) // is told of every leg, from the plan's goroutine, when its INVITE is on the way
}

// EndedBy says who ended a dial.
type EndedBy uint8

// Who ended a dial.
const (
	ByNobody EndedBy = iota // it was never bridged
	ByCaller                // or whatever ended the caller's plan
	ByCallee
	ByLimit    // TimeLimit
	ByKey      // HangupKey
	ByTransfer // the callee was given a plan of its own
)

var endedByNames = [...]string{"nobody", "caller", "callee", "limit", "key", "transfer"}

// String is the name for logs.
func (e EndedBy) String() string { return endedByNames[e] }

// DialResult is how a dial went.
type DialResult struct {
	Status       Status // completed, busy, no-answer, failed or canceled
	Child        ID     // the leg that was bridged, else the one that ended last; "" when there was none
	Bridged      bool
	Duration     time.Duration // of the child, from its answer to its end
	RingDuration time.Duration // from its INVITE to its answer or end
	Code         int           // final SIP status of the child's INVITE, or of the refusal why there was no child
	SIPCallID    string        // of the child
	Headers      []Header      // X-… of the child's last answer
	EndedBy      EndedBy
	Cause        Cause // why the child ended
}

// Dial rings all targets at once, joins the first that answers with the call,
// and returns when that conversation is over, or when nobody answered. The call
// stays up. The error is nil unless the plan's context ended meanwhile; then it
// is the context's cause, and the result still tells what happened.
func (c *Call) Dial(ctx context.Context, d Dial) (DialResult, error) {
	if d.Timeout <= 0 {
		d.Timeout = DefaultRingTime
	}
	if d.TimeLimit <= 0 {
		d.TimeLimit = DefaultTimeLimit
	}
	if c.depth >= maxDepth {
		c.Notify(19002, "Dial chain too deep", "")
		return DialResult{Status: StatusFailed, Code: 482}, nil
	}
	if !d.AnswerOnBridge && c.direction == Inbound {
		if err := c.Answer(ctx); err != nil {
			return DialResult{Status: StatusCanceled}, err
		}
	}
	g := &dialling{fork: newFork(c.m, c), c: c, d: d}
	g.fork.onLeg = d.OnLeg
	c.listen(g.fork.mail)
	defer c.listen(nil)
	res, err := g.run(ctx)
	c.logDial(&res)
	return res, err
}

//go:noinline
func (c *Call) logDial(res *DialResult) {
	c.log(slog.LevelDebug, "dial ended", slog.String("status", res.Status.String()), slog.Int("code", res.Code),
		slog.String("child", string(res.Child)), slog.Bool("bridged", res.Bridged), slog.String("ended_by", res.EndedBy.String()))
}

// dialling is one Dial under way; it lives in the plan's goroutine.
type dialling struct {
	fork    *fork
	c       *Call
	d       Dial
	early   bool // a single target's early media crosses
	ringing bool // the ringback plays
}

func (g *dialling) run(ctx context.Context) (DialResult, error) {
	defer g.fork.release()
	g.fork.invite(ctx, g.d.Targets, outgoing{callerID: g.d.CallerID})
	if err := ctx.Err(); err != nil {
		g.fork.hangup(causeGone, nil)
		return g.fork.canceled(), context.Cause(ctx)
	}
	if g.fork.open() == 0 {
		return g.fork.result(), nil
	}
	g.ringback()
	winner, err := g.fork.await(ctx, g.d.Timeout, g.rings)
	if err != nil {
		g.quiet()
		g.fork.hangup(causeGone, nil)
		g.partEarly()
		return g.fork.canceled(), err
	}
	if winner == nil {
		g.quiet()
		g.partEarly()
		return g.fork.result(), nil
	}
	return g.connected(ctx, winner)
}

// ringback lets an answered caller hear that it rings.
func (g *dialling) ringback() {
	if g.d.Ringback == nil || g.c.Status() != StatusInProgress {
		return
	}
	if err := g.c.leg.Media().Play(g.d.Ringback, 0, nil); err != nil {
		g.c.log(slog.LevelWarn, "no ringback", slog.Any("err", err))
		return
	}
	g.ringing = true
}

// quiet ends the ringback.
func (g *dialling) quiet() {
	if g.ringing {
		g.c.leg.Media().Stop()
		g.ringing = false
	}
}

// rings passes a child's 180 or 183 to an unanswered caller.
func (g *dialling) rings(ctx context.Context, b *branch, e Event) {
	if g.c.Status() != StatusRinging {
		return
	}
	if !e.Early || !g.d.EarlyMedia || len(g.fork.legs) != 1 {
		g.warn("caller was not told that it rings", g.c.Ring(ctx))
		return
	}
	if g.early {
		return
	}
	if err := g.c.progress(ctx, b.call.Formats()); err != nil {
		g.warn("no early media", err)
		return
	}
	if err := joinMedia(g.c, b.call); err != nil {
		g.warn("no early media", err)
		return
	}
	g.early = true
}

func (g *dialling) warn(msg string, err error) {
	if err != nil && !errors.Is(err, ErrEnded) { // a caller that has gone is not a fault
		g.c.log(slog.LevelWarn, msg, slog.Any("err", err))
	}
}

func (g *dialling) partEarly() {
	if g.early {
		bare(g.c.leg.Media()).Unbridge()
	}
}

// connected joins the caller with the leg that answered and waits for the end.
func (g *dialling) connected(ctx context.Context, w *branch) (DialResult, error) {
	g.fork.hangup(CauseElsewhere, w)
	g.quiet()
	if err := g.answerCaller(ctx, w); err != nil {
		g.fork.drop(w, causeGone)
		g.partEarly()
		res := g.fork.canceled()
		return res, firstError(context.Cause(ctx), err)
	}
	// One that hung up while they were being joined ends the conversation before it begins, like any other.
	if err := connect(g.c, w.call); err != nil && !errors.Is(err, ErrEnded) {
		g.warn("callee cannot be bridged", err)
		g.fork.drop(w, Cause{By: BySwitch, Code: 488, Text: "Not acceptable here"})
		g.fork.best.lost(w, StatusFailed, 488, time.Now())
		return g.fork.result(), nil
	}
	limit := time.NewTimer(g.d.TimeLimit)
	defer limit.Stop()
	t := converse(ctx, g.c, w.call, g.fork.mail, rules{passHold: g.d.PassHold, hangupKey: g.d.HangupKey, limit: limit.C})
	disconnect(g.c, w.call)
	if t.by != ByTransfer {
		g.fork.drop(w, t.cause)
	}
	return g.fork.completed(w, t), t.err
}

// answerCaller answers a caller that waited for this with what the callee agreed to.
func (g *dialling) answerCaller(ctx context.Context, w *branch) error {
	if g.c.Status() == StatusInProgress {
		return nil
	}
	return g.c.answer(ctx, w.call.Formats())
}
