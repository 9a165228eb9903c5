package transport

import (
	"context"
	"net/netip"
	"sync"
)

// connTable are the stream connections there are, and the counts that limits are held against.
type connTable struct {
	mu      sync.Mutex
	ctx     context.Context // of Serve; ends what is being connected
	served  bool
	closing error // set: no more connections
	last    uint64
	ids     map[uint64]*conn
	remotes map[Listen]*conn // the newest to each remote address

	accepted int
	sources  map[netip.Addr]int // accepted, by source
}

func (t *connTable) init(lastID uint64) {
	t.last, t.closing = lastID, ErrNotServing
	t.ids, t.remotes, t.sources = make(map[uint64]*conn), make(map[Listen]*conn), make(map[netip.Addr]int)
}

// open lets connections in; false the second time.
func (t *connTable) open(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.served {
		return false
	}
	t.ctx, t.served, t.closing = ctx, true, nil
	return true
}

// shut lets no more connections in and closes all there are.
func (t *connTable) shut(err error) {
	t.mu.Lock()
	t.closing = err
	all := make([]*conn, 0, len(t.ids))
	for _, c := range t.ids {
		all = append(all, c)
	}
	t.mu.Unlock()
	for _, c := range all {
		c.fail(err)
	}
}

func (t *connTable) byID(id uint64) (*conn, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.ids[id]
	return c, ok
}

// admit counts an accepted connection in, unless a limit forbids it.
func (t *connTable) admit(source netip.Addr, cfg *Config, traffic *traffic) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.accepted >= cfg.MaxConns:
		traffic.fullTotal.Inc()
		return false
	case t.sources[source] >= cfg.MaxConnsPerSource:
		traffic.fullOfSource.Inc()
		return false
	}
	t.accepted++
	t.sources[source]++
	return true
}

// leave counts out an accepted connection that was not put in.
func (t *connTable) leave(source netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveLocked(source)
}

func (t *connTable) leaveLocked(source netip.Addr) {
	t.accepted--
	if t.sources[source]--; t.sources[source] == 0 {
		delete(t.sources, source)
	}
}

// put gives c its ID and starts its goroutine; the error says why not.
func (t *connTable) put(c *conn, wg *sync.WaitGroup, run func()) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.putLocked(c, wg, run)
}

func (t *connTable) putLocked(c *conn, wg *sync.WaitGroup, run func()) error {
	if t.closing != nil {
		return t.closing
	}
	t.last++
	c.flowID = t.last
	t.ids[c.flowID] = c
	t.remotes[Listen{c.net, c.remote}] = c
	wg.Go(run)
	return nil
}

// reuse is the connection to a remote address, or the new one that make begins.
func (t *connTable) reuse(to Listen, local netip.Addr, wg *sync.WaitGroup, begin func() *conn) (*conn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.remotes[to]; c != nil && c.usable() && (!local.IsValid() || local.IsUnspecified() || local == c.local().Addr()) {
		return c, nil
	}
	c := begin()
	return c, t.putLocked(c, wg, func() { c.dial(t.ctx) })
}

// remove forgets c and, if it was accepted, counts it out.
func (t *connTable) remove(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.ids, c.flowID)
	if to := (Listen{c.net, c.remote}); t.remotes[to] == c {
		delete(t.remotes, to)
	}
	if c.source.IsValid() {
		t.leaveLocked(c.source)
	}
}
