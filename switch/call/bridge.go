package call

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tandem/media"
	"tandem/switch/event"
)

// link is a call's part in a dial or a join.
type link struct {
	self  *Call
	mail  *mailbox // hears the call's events; nil: nobody does
	owner *fork    // the dial that placed this call and may hang it up; nil: none
	peer  *Call    // whose media this call's is joined with
}

// tell passes an event on to the dial or join the call is part of.
func (l *link) tell(e Event) {
	if l.mail != nil {
		l.mail.put(note{from: l.self, event: e})
	}
}

// bare is the stream behind a borrowed one: what the media engine knows.
func bare(m media.Stream) media.Stream {
	if b, ok := m.(*borrowed); ok {
		return b.stream()
	}
	return m
}

// joinMedia lets two parties hear each other. A leg in memory has no audio of
// its own: its far half is given the caller's.
func joinMedia(a, b *Call) error {
	if p := borrower(b.leg); p != nil {
		p.grant()
		return nil
	}
	return bare(a.leg.Media()).Bridge(bare(b.leg.Media()))
}

// connect joins the media of two calls and remembers it with both. The error is
// ErrEnded when one of them hung up meanwhile: its loop may not have heard of it yet.
func connect(a, b *Call) error {
	if err := joinMedia(a, b); err != nil {
		if errors.Is(err, media.ErrClosed) {
			return ErrEnded
		}
		return err
	}
	a.joined(b)
	b.joined(a)
	return nil
}

func (c *Call) joined(peer *Call) {
	_ = c.ask(func(s *state) {
		s.link.peer = peer
		if !s.life.bridged {
			s.life.bridged = true
			c.publish(s, event.CallBridged)
			c.log(slog.LevelDebug, "call bridged", slog.String("peer", string(peer.id)))
		}
	})
}

// disconnect parts two calls, unless one of them has gone elsewhere already.
func disconnect(a, b *Call) {
	if !a.parted(b) {
		return
	}
	b.parted(a)
	if p := borrower(b.leg); p != nil {
		p.withdraw()
	}
	bare(a.leg.Media()).Unbridge()
}

// parted forgets the peer and reports whether it was still joined.
func (c *Call) parted(peer *Call) bool {
	was := false
	err := c.ask(func(s *state) {
		was = s.link.peer == peer
		if was {
			s.link.peer = nil
		}
	})
	return was || err != nil
}

// talk is how a bridge ended.
type talk struct {
	by    EndedBy
	cause Cause
	err   error // of the context
}

// rules says what passes a bridge and what ends it.
type rules struct {
	passHold  bool
	hangupKey byte             // a key of a's party that ends the bridge; 0: none
	limit     <-chan time.Time // ends the bridge; nil: never
}

// converse waits until one side of a bridge ends, passing on what may pass.
func converse(ctx context.Context, a, b *Call, mail *mailbox, r rules) talk {
	ctx, cancel := context.WithCancel(ctx)
	var couriers sync.WaitGroup
	defer couriers.Wait()
	defer cancel()
	toA, toB := courier{to: a, group: &couriers}, courier{to: b, group: &couriers}
	for {
		for n, ok := mail.next(); ok; n, ok = mail.next() {
			if t, ended := overheard(ctx, a, b, n, r, &toA, &toB); ended {
				return t
			}
		}
		select {
		case <-mail.wake:
		case <-r.limit:
			return talk{by: ByLimit, cause: Cause{By: BySwitch, Text: "Time limit reached"}}
		case <-ctx.Done():
			return talk{by: ByCaller, cause: CauseNormal, err: context.Cause(ctx)}
		}
	}
}

// overheard acts on one note of a bridge; true says that it ended it.
func overheard(ctx context.Context, a, b *Call, n note, r rules, toA, toB *courier) (talk, bool) {
	to := toB
	switch n.from {
	case b:
		to = toA
	case a:
	default:
		return talk{}, false // a late word of a leg that lost
	}
	switch {
	case n.left:
		return talk{by: ByTransfer, cause: CauseNormal}, n.from == b
	case n.event.Kind == Ended:
		return talk{by: ByCallee, cause: n.event.Cause}, n.from == b
	case n.event.Kind == Digit:
		if n.from == a && r.hangupKey != 0 && n.event.Digit == r.hangupKey {
			return talk{by: ByKey, cause: CauseNormal}, true
		}
		pressed(to.to, n.event)
	case (n.event.Kind == Held || n.event.Kind == Info) && r.passHold:
		to.carry(ctx, n.event)
	}
	return talk{}, false
}

// pressed gives a key to a peer in memory; between real legs keys travel with the media.
func pressed(to *Call, e Event) {
	if p := borrower(to.leg); p != nil {
		p.far.push(e)
	}
}

// courierLoad is how many INFOs wait for a peer that is slow to answer them; more are dropped.
const courierLoad = 16

// courier repeats to one side of a bridge what the other side did, beside the
// bridge and in order. Its goroutine lives only while there is something to carry.
type courier struct {
	to    *Call
	group *sync.WaitGroup

	mu   sync.Mutex
	busy bool
	load []Event
}

func (k *courier) carry(ctx context.Context, e Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if last := len(k.load) - 1; last >= 0 && e.Kind == Held && k.load[last].Kind == Held {
		k.load[last] = e // only the newest wish counts
	} else if len(k.load) < courierLoad {
		k.load = append(k.load, e)
	}
	if !k.busy {
		k.busy = true
		k.group.Go(func() { k.run(ctx) })
	}
}

func (k *courier) next() (Event, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.load) == 0 {
		k.busy = false
		return Event{}, false
	}
	e := k.load[0]
	k.load = k.load[1:]
	return e, true
}

func (k *courier) run(ctx context.Context) {
	for {
		e, ok := k.next()
		if !ok {
			return
		}
		var err error
		if e.Kind == Held {
			// The peer is offered what the party wrote: a party that only sends makes us one that only sends.
			err = k.to.leg.Reinvite(ctx, e.Direction)
		} else {
			err = k.to.leg.Info(ctx, e.Type, e.Body)
		}
		if err != nil && ctx.Err() == nil {
			k.to.log(slog.LevelWarn, "peer did not take what its partner did", slog.Any("err", err))
		}
	}
}

// JoinOptions says what passes a bridge.
type JoinOptions struct {
	PassHold bool // re-INVITEs that change the direction, and INFOs
}

// ErrSelf is what Join returns for a call joined with itself; Echo does that.
var ErrSelf = errors.New("a call cannot be joined with itself")

// Join takes other out of whatever it does and joins its media with this
// call's, until one of them ends or is given another plan. Then other, if it is
// still up and still joined, is hung up. Both must be answered.
func (c *Call) Join(ctx context.Context, other *Call, o JoinOptions) error {
	if other == c {
		return ErrSelf
	}
	if c.Status() != StatusInProgress || other.Status() != StatusInProgress {
		return ErrNotAnswered
	}
	mail := newMailbox()
	taken, release := make(chan struct{}), make(chan struct{})
	err := other.Replace(ctx, HandlerFunc(func(ctx context.Context, _ *Call) error {
		close(taken)
		select {
		case <-ctx.Done():
			mail.put(note{from: other, left: true})
			return context.Cause(ctx)
		case <-release:
			return nil
		}
	}), ReplaceOptions{})
	if err != nil {
		return err
	}
	defer close(release)
	select {
	case <-taken:
	case <-other.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	c.listen(mail)
	other.listen(mail)
	defer c.listen(nil)
	defer other.listen(nil)
	if err := connect(c, other); err != nil {
		return err
	}
	defer disconnect(c, other)
	return converse(ctx, c, other, mail, rules{passHold: o.PassHold}).err
}

// listen has mail hear the call's events from now on.
func (c *Call) listen(mail *mailbox) {
	_ = c.ask(func(s *state) { s.link.mail = mail })
}
