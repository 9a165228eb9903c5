package call

import (
	"context"
	"time"

	"tandem/media"
)

// Play sends a prompt to the party, loops times (0: until the context ends), and
// returns when it has been heard. The duration is what was played; the error is
// the stream's, ErrEnded, or the context's cause.
func (c *Call) Play(ctx context.Context, p *media.Prompt, loops int) (time.Duration, error) {
	if c.Status() != StatusInProgress {
		return 0, ErrNotAnswered
	}
	type end struct {
		played   time.Duration
		finished bool
	}
	done := make(chan end, 1)
	err := c.leg.Media().Play(p, loops, func(played time.Duration, finished bool) { done <- end{played, finished} })
	if err != nil {
		return 0, err
	}
	select {
	case e := <-done:
		if !e.finished {
			return e.played, stopped(ctx)
		}
		return e.played, nil
	case <-ctx.Done():
	case <-c.done:
	}
	c.leg.Media().Stop()
	select {
	case e := <-done:
		return e.played, stopped(ctx)
	case <-time.After(time.Second): // a stream that is closed need not report
		return 0, stopped(ctx)
	}
}

// stopped says why a prompt did not reach its end.
func stopped(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return ErrEnded
}

// Echo sends the party's audio back to it until the context ends.
func (c *Call) Echo(ctx context.Context) error {
	if c.Status() != StatusInProgress {
		return ErrNotAnswered
	}
	m := bare(c.leg.Media())
	if err := m.Bridge(m); err != nil {
		return err
	}
	defer m.Unbridge()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		return ErrEnded
	}
}
