package call

import (
	"sync"
	"time"
)

// note is one thing a dial or join hears of the calls it joins.
type note struct {
	from     *Call
	event    Event
	at       time.Time
	screened bool  // the screening of from ended, with err
	left     bool  // from was given a plan of its own
	err      error // of the screening
}

// mailbox carries notes from loops, which must not wait, to a plan that does.
type mailbox struct {
	mu    sync.Mutex
	notes []note
	wake  chan struct{}
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) put(n note) {
	n.at = time.Now()
	m.mu.Lock()
	m.notes = append(m.notes, n)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// next returns the oldest note; false when there is none.
func (m *mailbox) next() (note, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.notes) == 0 {
		m.notes = nil
		return note{}, false
	}
	n := m.notes[0]
	m.notes = m.notes[1:]
	return n, true
}
