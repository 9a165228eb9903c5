package registrar

import (
	"context"
	"time"
)

// sweep is how often expired bindings are removed. Lookups never return an
// expired one, whenever the sweep comes.
const sweep = time.Second

// Serve removes expired bindings until ctx ends, and returns nil then.
func (r *Registrar) Serve(ctx context.Context) error {
	t := time.NewTicker(sweep)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			r.expire(now)
		case <-ctx.Done():
			r.mu.Lock()
			r.stopped = true
			r.mu.Unlock()
			return nil
		}
	}
}

func (r *Registrar) expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.due) > 0 && !r.due[0].Expires.After(now) {
		e := r.due[0]
		r.drop(e, "expired")
		r.log.Info("registration expired", "aor", e.AOR, "contact", e.Contact)
	}
}

// expiries is a heap of bindings, the next to expire on top (container/heap).
type expiries []*entry

func (h expiries) Len() int           { return len(h) }
func (h expiries) Less(i, j int) bool { return h[i].Expires.Before(h[j].Expires) }

func (h expiries) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push appends an entry; container/heap calls it.
func (h *expiries) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

// Pop takes the last entry; container/heap calls it.
func (h *expiries) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
