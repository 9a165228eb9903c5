package rcml

import (
	"context"
	"time"
)

// pause waits. It does not answer: as the first verb it lets an inbound caller go on ringing.
type pause struct{ length time.Duration }

func (pause) verb() string { return "Pause" }

func parsePause(_ language, e *element) (Verb, error) {
	e.only()
	return pause{length: e.seconds("length", time.Second, warnPause)}, nil
}

func (p pause) Execute(ctx context.Context, _ *Run) (Next, error) {
	select {
	case <-time.After(p.length):
		return Next{}, nil
	case <-ctx.Done():
		return Next{}, context.Cause(ctx)
	}
}
