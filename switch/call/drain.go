package call

import (
	"context"
	"fmt"
	"time"
)

// Drain lets the calls end: no new ones are taken from now on, those that are up
// may finish until the context ends and are hung up with CauseShutdown then,
// their plans' contexts ending with ErrShutdown. It returns when every call has
// written its record and every plan has returned; the error says how many had
// not within Config.Grace of being told.
func (m *Manager) Drain(ctx context.Context) error {
	m.mu.Lock()
	m.draining = true
	m.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		m.goroutines.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	calls := m.live()
	m.log.Info("hanging up what is still up", "calls", len(calls))
	for _, c := range calls {
		c.shutdown()
	}
	select {
	case <-gone:
		return nil
	case <-time.After(m.cfg.Grace):
		return fmt.Errorf("%d calls did not end within %v", len(m.live()), m.cfg.Grace)
	}
}

// shutdown ends the call and its plan because the switch stops.
func (c *Call) shutdown() {
	_ = c.ask(func(s *state) {
		c.hangup(s, CauseShutdown)
		if s.plan.running() {
			s.plan.cancel(ErrShutdown)
		}
	})
}
