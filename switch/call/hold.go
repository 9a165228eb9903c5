package call

import (
	"context"
	"log/slog"

	"tandem/media/offer"
	"tandem/switch/event"
)

type hold struct {
	on    bool // we have put the party on hold
	muted bool
}

// Hold puts the party on hold by a re-INVITE with a=sendonly. A held call is
// left alone. The error is a *Refusal with the party's code, or says why no
// agreement was reached; the call goes on unheld then.
func (c *Call) Hold(ctx context.Context) error { return c.turn(ctx, true) }

// Resume takes the party off hold. A call that is not held is left alone.
func (c *Call) Resume(ctx context.Context) error { return c.turn(ctx, false) }

// Held reports whether Hold put the party on hold.
func (c *Call) Held() bool {
	on := false
	_ = c.ask(func(s *state) { on = s.hold.on })
	return on
}

func (c *Call) turn(ctx context.Context, on bool) error {
	if c.Status() != StatusInProgress {
		return ErrNotAnswered
	}
	if c.Held() == on {
		return nil
	}
	direction, kind := offer.SendRecv, event.CallResumed
	if on {
		direction, kind = offer.SendOnly, event.CallHeld
	}
	if err := c.leg.Reinvite(ctx, direction); err != nil {
		return err
	}
	return c.ask(func(s *state) {
		s.hold.on = on
		c.publish(s, kind)
		c.log(slog.LevelInfo, "call hold changed", slog.Bool("held", on))
	})
}

// Mute stops or resumes forwarding the party's audio; no message is sent.
func (c *Call) Mute(ctx context.Context, on bool) error {
	if c.Status() != StatusInProgress {
		return ErrNotAnswered
	}
	return c.do(ctx, func(s *state) {
		c.leg.Media().Mute(on)
		s.hold.muted = on
		c.log(slog.LevelInfo, "call mute changed", slog.Bool("muted", on))
	})
}
