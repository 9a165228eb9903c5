package webhook

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// limiter bounds the requests each account has in flight. An account without any takes no memory.
type limiter struct {
	each int64
	mu   sync.Mutex
	slot map[string]*slot
}

type slot struct {
	sem   *semaphore.Weighted
	users int // holding or waiting
}

func newLimiter(each int) *limiter {
	return &limiter{each: int64(each), slot: make(map[string]*slot)}
}

// acquire waits for a free place of the account; release gives it back.
func (l *limiter) acquire(ctx context.Context, account string) (release func(), err error) {
	l.mu.Lock()
	s := l.slot[account]
	if s == nil {
		s = &slot{sem: semaphore.NewWeighted(l.each)}
		l.slot[account] = s
	}
	s.users++
	l.mu.Unlock()
	if err := s.sem.Acquire(ctx, 1); err != nil {
		l.leave(account, s)
		return nil, context.Cause(ctx)
	}
	return func() {
		s.sem.Release(1)
		l.leave(account, s)
	}, nil
}

func (l *limiter) leave(account string, s *slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(l.slot, account)
	}
}
