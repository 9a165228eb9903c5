package registrar

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
)

// Errors a registration is refused with. The AOR's bindings are then as before.
var (
	ErrOutOfOrder = errors.New("CSeq not above that of the last registration with this Call-ID") // 500, RFC 3261 §10.3 step 7
	ErrTooMany    = errors.New("too many contacts for this AOR")                                 // 403
	ErrFull       = errors.New("too many registrations")                                         // 503
)

// BriefError refuses an expiry below the minimum: 423 with Min-Expires (RFC 3261 §10.2.8).
type BriefError struct{ Min time.Duration }

// Error names the minimum.
func (e *BriefError) Error() string { return fmt.Sprintf("expiry below %v", e.Min) }

// Store keeps bindings over a restart. SaveBinding and DeleteBinding are called
// with the registrar's lock held, so that the store hears changes in their
// order: they queue and return at once.
type Store interface {
	SaveBinding(b Binding)
	DeleteBinding(aor, key string)
	Bindings(ctx context.Context) ([]Binding, error)
}

// Request is one REGISTER that passed authentication.
type Request struct {
	AOR       string
	CallID    string
	CSeq      uint32
	Contacts  []Contact // none: a query
	All       bool      // "Contact: *" with Expires 0: every binding of the AOR goes
	Path      call.Path
	UserAgent string
}

// Contact is one contact of a REGISTER.
type Contact struct {
	URI     string
	Key     string // Key of the URI
	Params  string // header parameters other than q and expires
	Q       int    // thousandths
	Expires time.Duration
	Default bool // no expiry was asked for: Config.DefaultExpires applies instead of Expires
}

// Answer is what the AOR's bindings are after a Request, in order of preference.
type Answer struct{ Bindings []Binding }

// Registrar holds the bindings of all AORs. Its methods may be called from any goroutine and never block on I/O.
type Registrar struct {
	cfg     Config
	store   Store
	log     *slog.Logger
	removed *prometheus.CounterVec

	mu      sync.RWMutex
	byAOR   map[string][]*entry
	byFlow  map[uint64][]*entry
	due     expiries
	stopped bool // Serve has returned: closing flows are our own doing
}

// entry is a binding with its place in the expiry heap.
type entry struct {
	Binding
	index int
}

// New makes an empty registrar. Load fills it, Serve expires what is not refreshed.
func New(cfg Config, store Store, log *slog.Logger, reg prometheus.Registerer) *Registrar {
	r := &Registrar{
		cfg: cfg, store: store, log: log,
		byAOR:  make(map[string][]*entry),
		byFlow: make(map[uint64][]*entry),
	}
	r.register(reg)
	return r
}

// Load takes the bindings back that the store kept over a restart. What has
// expired meanwhile is removed there; connections are gone, so flows are forgotten.
func (r *Registrar) Load(ctx context.Context) error {
	list, err := r.store.Bindings(ctx)
	if err != nil {
		return fmt.Errorf("load bindings: %w", err)
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range list {
		left := b.Expires.Sub(now)
		if left <= 0 {
			r.store.DeleteBinding(b.AOR, b.Key)
			continue
		}
		b.Expires = now.Add(left) // on the monotonic clock from here
		if b.Path.Flow != 0 {
			b.Path = call.Path{Local: b.Path.Local}
		}
		r.put(&entry{Binding: b})
	}
	return nil
}

// Register applies one REGISTER as RFC 3261 §10.3 says: wholly or not at all.
// Errors are *BriefError, ErrOutOfOrder, ErrTooMany and ErrFull.
func (r *Registrar) Register(now time.Time, q Request) (Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check(now, q); err != nil {
		return Answer{}, err
	}
	if q.All {
		for len(r.byAOR[q.AOR]) > 0 {
			r.drop(r.byAOR[q.AOR][0], "unregistered")
		}
	}
	for _, c := range q.Contacts {
		r.apply(now, q, c)
	}
	return Answer{Bindings: r.list(now, q.AOR)}, nil
}

// check refuses what must not be applied, before anything changes.
func (r *Registrar) check(now time.Time, q Request) error {
	added := 0
	for i, c := range q.Contacts {
		d := r.interval(c)
		if d > 0 && d < r.cfg.MinExpires {
			return &BriefError{Min: r.cfg.MinExpires}
		}
		e := r.find(q.AOR, c.Key)
		if e != nil && e.CallID == q.CallID && q.CSeq <= e.CSeq {
			return ErrOutOfOrder
		}
		if e == nil && d > 0 && !repeated(q.Contacts[:i], c.Key) {
			added++
		}
	}
	if q.All {
		for _, e := range r.byAOR[q.AOR] {
			if e.CallID == q.CallID && q.CSeq <= e.CSeq {
				return ErrOutOfOrder
			}
		}
	}
	if added > 0 && len(r.byAOR[q.AOR])+added > r.cfg.MaxContacts {
		return ErrTooMany
	}
	if added > 0 && len(r.due)+added > r.cfg.MaxBindings {
		r.log.Warn("registration refused: too many bindings", "bindings", len(r.due))
		return ErrFull
	}
	return nil
}

func repeated(list []Contact, key string) bool {
	for _, c := range list {
		if c.Key == key {
			return true
		}
	}
	return false
}

// interval is the expiry a contact gets: its own wish within our limits. Zero removes it.
func (r *Registrar) interval(c Contact) time.Duration {
	if c.Default {
		return r.cfg.DefaultExpires
	}
	return min(max(c.Expires, 0), r.cfg.MaxExpires)
}

// apply makes, refreshes or removes the binding of one contact.
func (r *Registrar) apply(now time.Time, q Request, c Contact) {
	old, d := r.find(q.AOR, c.Key), r.interval(c)
	if d == 0 {
		if old != nil {
			r.drop(old, "unregistered")
		}
		return
	}
	if old != nil {
		r.take(old)
	}
	e := &entry{Binding: Binding{
		AOR: q.AOR, Key: c.Key, Contact: c.URI, Params: c.Params, Q: c.Q,
		CallID: q.CallID, CSeq: q.CSeq, Expires: now.Add(d), Updated: now,
		Path: q.Path, UserAgent: q.UserAgent,
	}}
	r.put(e)
	r.store.SaveBinding(e.Binding)
}

// Contacts is where an AOR can be reached now, best first; nil for nowhere.
func (r *Registrar) Contacts(aor string) []Binding {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list(time.Now(), aor)
}

func (r *Registrar) list(now time.Time, aor string) []Binding {
	var list []Binding
	for _, e := range r.byAOR[aor] {
		if e.Expires.After(now) {
			list = append(list, e.Binding)
		}
	}
	byPreference(list)
	return list
}

// FlowClosed removes the bindings that were registered over a connection that
// has gone: nothing could be delivered there.
func (r *Registrar) FlowClosed(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == 0 || r.stopped {
		return
	}
	for len(r.byFlow[id]) > 0 {
		r.drop(r.byFlow[id][0], "flow_closed")
	}
}

// Remove forgets an AOR: its client was deleted, disabled or got another
// password. It tells how many bindings went.
func (r *Registrar) Remove(aor string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.byAOR[aor])
	for len(r.byAOR[aor]) > 0 {
		r.drop(r.byAOR[aor][0], "removed")
	}
	return n
}

// Count is the number of bindings.
func (r *Registrar) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.due)
}

func (r *Registrar) find(aor, key string) *entry {
	for _, e := range r.byAOR[aor] {
		if e.Key == key {
			return e
		}
	}
	return nil
}

// put enters a binding everywhere it is looked up.
func (r *Registrar) put(e *entry) {
	r.byAOR[e.AOR] = append(r.byAOR[e.AOR], e)
	if e.Path.Flow != 0 {
		r.byFlow[e.Path.Flow] = append(r.byFlow[e.Path.Flow], e)
	}
	heap.Push(&r.due, e)
}

// take removes a binding everywhere it is looked up; the store is not told.
func (r *Registrar) take(e *entry) {
	without(r.byAOR, e.AOR, e)
	if e.Path.Flow != 0 {
		without(r.byFlow, e.Path.Flow, e)
	}
	heap.Remove(&r.due, e.index)
}

// drop removes a binding for good.
func (r *Registrar) drop(e *entry, why string) {
	r.take(e)
	r.store.DeleteBinding(e.AOR, e.Key)
	r.removed.WithLabelValues(why).Inc()
}

func without[K comparable](m map[K][]*entry, k K, e *entry) {
	list := m[k]
	for i := range list {
		if list[i] == e {
			list[i] = list[len(list)-1]
			list[len(list)-1] = nil
			list = list[:len(list)-1]
			break
		}
	}
	if len(list) == 0 {
		delete(m, k)
		return
	}
	m[k] = list
}
