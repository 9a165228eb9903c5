package call

import (
	"context"
	"log/slog"
)

// ReplaceOptions says what becomes of the party the call is talking to.
type ReplaceOptions struct {
	MovePeer bool // it gets the new plan too, on its own; otherwise it is hung up
}

// Replace gives the call a new plan: the running one's context ends with
// ErrReplaced and the new one starts when it has returned. A call in a bridge
// leaves it; a call that was dialled becomes independent of its caller
// (rcml.md 1.12). The error is ErrEnded, ErrNotAnswered for a dialled call that
// was not answered, or the context's cause.
func (c *Call) Replace(ctx context.Context, h Handler, o ReplaceOptions) error {
	var peer *Call
	var dialled bool
	var err error
	gone := c.do(ctx, func(s *state) {
		switch {
		case s.life.over || s.life.ending:
			err = ErrEnded
		case c.direction != Inbound && s.life.answered.IsZero():
			err = ErrNotAnswered
		default:
			peer, dialled = c.leave(s)
		}
	})
	if gone != nil || err != nil {
		return firstError(gone, err)
	}
	c.log(slog.LevelInfo, "call plan replaced", slog.Bool("move_peer", o.MovePeer))
	if peer != nil {
		c.part(peer, dialled, h, o) //nolint:contextcheck // a plan's context has no parent
	}
	return c.ask(func(s *state) { c.start(s, h) }) //nolint:contextcheck // a plan's context has no parent
}

// leave takes the call out of the dial that placed it. Its peer is returned; a
// caller keeps the link until its own plan, the dial, has ended.
func (c *Call) leave(s *state) (peer *Call, dialled bool) {
	peer, dialled = s.link.peer, s.link.owner != nil
	if dialled {
		if s.link.mail != nil {
			s.link.mail.put(note{from: c, left: true})
		}
		s.link = link{self: c}
	}
	return peer, dialled
}

// part ends the bridge the call was in and settles what its peer does next.
func (c *Call) part(peer *Call, dialled bool, h Handler, o ReplaceOptions) {
	bare(c.leg.Media()).Unbridge()
	switch {
	case o.MovePeer && dialled: // the peer's dial ends by losing its plan
		_ = peer.ask(func(s *state) { peer.start(s, h) })
	case o.MovePeer: // the peer leaves our dial before that dial can hang it up
		_ = peer.ask(func(s *state) { peer.leave(s); peer.start(s, h) })
	case dialled:
		_ = peer.ask(func(s *state) { peer.end(s, CauseNormal) })
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
