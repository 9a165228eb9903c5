package sipua

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits for sources that have not shown credentials. A source that has once
// shown right ones is free of them for trust.
const (
	strangerRate  = 5  // challenges a second
	strangerBurst = 60 // at once
	tellBurst     = 10 // refusals to a guesser, then one a second, then silence
	trust         = time.Hour
	keptSources   = 1 << 14 // sources a generation
)

// guard counts what sources do wrong. It keeps two generations of at most
// keptSources: memory is bounded whatever strangers send, and a source is
// forgotten only after as many others came.
type guard struct {
	guesses rate.Limit
	burst   int

	mu    sync.Mutex
	young map[netip.Addr]*source
	old   map[netip.Addr]*source
}

// source is what is known of one address. Its limiters guard themselves.
type source struct {
	guesses   *rate.Limiter
	strangers *rate.Limiter
	told      *rate.Limiter

	mu      sync.Mutex
	trusted time.Time // end of the trust
}

func newGuard(guesses int, window time.Duration) *guard {
	return &guard{
		guesses: rate.Limit(float64(guesses) / window.Seconds()), burst: guesses,
		young: map[netip.Addr]*source{}, old: map[netip.Addr]*source{},
	}
}

// source finds or makes what is kept for an address.
func (g *guard) source(a netip.Addr) *source {
	a = sourceOf(a)
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.young[a]; s != nil {
		return s
	}
	s := g.old[a]
	if s == nil {
		s = &source{
			guesses:   rate.NewLimiter(g.guesses, g.burst),
			strangers: rate.NewLimiter(strangerRate, strangerBurst),
			told:      rate.NewLimiter(1, tellBurst),
		}
	}
	if len(g.young) >= keptSources {
		g.old, g.young = g.young, make(map[netip.Addr]*source, keptSources)
	}
	g.young[a] = s
	return s
}

// stranger counts a request without credentials; false when there were too many.
func (s *source) stranger(now time.Time) bool {
	s.mu.Lock()
	trusted := now.Before(s.trusted)
	s.mu.Unlock()
	return trusted || s.strangers.AllowN(now, 1)
}

// wait is how long the source must wait before its next digest is looked at; 0 for not at all.
func (s *source) wait(now time.Time) time.Duration {
	left := s.guesses.TokensAt(now)
	if left >= 1 {
		return 0
	}
	return time.Duration((1 - left) / float64(s.guesses.Limit()) * float64(time.Second))
}

// wrong counts a wrong digest.
func (s *source) wrong(now time.Time) { s.guesses.AllowN(now, 1) }

// tell says whether a source that must wait still hears so.
func (s *source) tell(now time.Time) bool { return s.told.AllowN(now, 1) }

// right notes a right digest.
func (s *source) right(now time.Time) {
	s.mu.Lock()
	s.trusted = now.Add(trust)
	s.mu.Unlock()
}
