package event

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrClosed is what Next returns once the reader was closed.
var ErrClosed = errors.New("the reader is closed")

// Bus hands every event to every reader. The zero value is ready.
type Bus struct {
	readers atomic.Pointer[[]*Reader] // replaced, never changed: Publish takes no lock of the bus
	mu      sync.Mutex                // guards replacing readers
}

// New returns a bus nobody reads yet.
func New() *Bus { return &Bus{} }

// Publish gives e to all readers and returns at once.
func (b *Bus) Publish(e Event) {
	readers := b.readers.Load()
	if readers == nil {
		return
	}
	for _, r := range *readers {
		if r.filter == nil || r.filter(e) {
			r.put(e)
		}
	}
}

// Watched reports whether anybody reads, so that a publisher can spare the work.
func (b *Bus) Watched() bool {
	readers := b.readers.Load()
	return readers != nil && len(*readers) > 0
}

// Subscribe returns a reader of the events filter lets through (nil: all),
// which holds at most size events that were not read yet. Close it after use.
func (b *Bus) Subscribe(size int, filter func(Event) bool) *Reader {
	r := &Reader{bus: b, filter: filter, ring: make([]Event, max(size, 1)), wake: make(chan struct{}, 1)}
	b.change(func(old []*Reader) []*Reader { return append(old, r) })
	return r
}

func (b *Bus) change(f func([]*Reader) []*Reader) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var next []*Reader
	if old := b.readers.Load(); old != nil {
		next = append(next, *old...)
	}
	next = f(next)
	b.readers.Store(&next)
}

// Reader is one watcher's window on the bus. One goroutine reads it.
type Reader struct {
	bus    *Bus
	filter func(Event) bool
	wake   chan struct{}

	mu     sync.Mutex
	ring   []Event
	first  int // index of the oldest unread event
	count  int
	lost   uint64
	closed bool
}

func (r *Reader) put(e Event) {
	r.mu.Lock()
	if r.count == len(r.ring) {
		r.first = (r.first + 1) % len(r.ring)
		r.count--
		r.lost++
	}
	r.ring[(r.first+r.count)%len(r.ring)] = e
	r.count++
	r.mu.Unlock()
	r.signal()
}

func (r *Reader) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Next returns the oldest unread event, waiting for one if there is none, and
// how many events were lost since the last call. The error is ErrClosed or the
// context's cause.
func (r *Reader) Next(ctx context.Context) (Event, uint64, error) {
	for {
		e, lost, ok, closed := r.take()
		if ok {
			return e, lost, nil
		}
		if closed {
			return Event{}, 0, ErrClosed
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return Event{}, 0, context.Cause(ctx)
		}
	}
}

func (r *Reader) take() (e Event, lost uint64, ok, closed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == 0 {
		return Event{}, 0, false, r.closed
	}
	e, lost = r.ring[r.first], r.lost
	r.ring[r.first] = Event{}
	r.first = (r.first + 1) % len(r.ring)
	r.count--
	r.lost = 0
	return e, lost, true, r.closed
}

// Close takes the reader off the bus and wakes Next; unread events can still be read.
func (r *Reader) Close() {
	r.bus.change(func(all []*Reader) []*Reader {
		kept := all[:0]
		for _, o := range all {
			if o != r {
				kept = append(kept, o)
			}
		}
		return kept
	})
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.signal()
}
