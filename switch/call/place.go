package call

import (
	"context"
	"errors"
	"time"
)

// Placement is a call to be placed over REST (rest.md 2.7.3).
type Placement struct {
	Account  string
	From     string        // user part of From
	Target   Target        // its Progress hears the steps of every leg
	Timeout  time.Duration // of ringing; 0: one minute
	OnAnswer Handler       // the plan of the leg that answers first
}

// DefaultPlacementTime is how long a call placed over REST rings.
const DefaultPlacementTime = time.Minute

// Place calls a target and returns as soon as its first leg exists, in status
// queued. When a leg answers, the plan runs on it and the other legs are given
// up; they carry the first leg as their parent. The error is a *Refusal: 503 from
// Admit, or why no leg could be placed.
func (m *Manager) Place(ctx context.Context, p Placement) (*Call, error) {
	if r := m.Admit(); r != nil {
		return nil, r
	}
	if p.Timeout <= 0 {
		p.Timeout = DefaultPlacementTime
	}
	f := newFork(m, nil)
	f.invite(ctx, []Target{p.Target}, outgoing{callerID: p.From, account: p.Account})
	if len(f.legs) == 0 {
		code := f.best.refused
		return nil, &Refusal{Code: firstCode(code, 500), Err: errors.New("no leg could be placed")}
	}
	m.mu.Lock()
	draining := m.draining
	if !draining {
		m.goroutines.Add(1)
	}
	m.mu.Unlock()
	if draining {
		f.hangup(CauseShutdown, nil)
		f.release()
		return nil, errShuttingDown()
	}
	go func() { //nolint:contextcheck // a plan's context has no parent
		defer m.goroutines.Done()
		f.hatch(p)
	}()
	return f.legs[0].call, nil
}

// hatch waits for the leg that answers and gives it the plan.
func (f *fork) hatch(p Placement) {
	defer f.release()
	winner, _ := f.await(context.Background(), p.Timeout, nil) // the request that placed the call is long answered
	if winner == nil {
		return
	}
	f.hangup(CauseElsewhere, winner)
	c := winner.call
	_ = c.ask(func(s *state) {
		if !s.life.over && !s.life.ending {
			s.link = link{self: c}
			c.start(s, p.OnAnswer)
		}
	})
}
