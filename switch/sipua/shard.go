package sipua

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// shard is one event loop. It alone touches the transactions, dialogs and
// timers of the Call-IDs that hash to it; others hand it messages and functions.
type shard struct {
	u *UA
	n int

	mu     sync.Mutex
	inbox  []transport.Message
	calls  []func()
	closed bool
	wake   chan struct{}
	behind int // messages that were waiting when this turn began

	start time.Time
	now   transaction.Time
	wheel transaction.Wheel
	rand  *rand.ChaCha8
	buf   []byte // the message being built
	f     fields // of the message being handled

	invites map[transaction.Key]*inviteServer
	servers map[transaction.Key]*serverTx
	placed  map[transaction.Key]*inviteClient
	clients map[transaction.Key]*clientTx
	merged  map[transaction.Key]struct{}        // requests outside dialogs that are being answered
	legs    map[string]*Leg                     // by our tag
	noTCP   map[netip.AddrPort]transaction.Time // see noteNoTCP
	onFlow  map[uint64]int                      // client transactions under way on a connection
	gauges  gauges
}

// firer is what a wheel entry belongs to.
type firer interface{ fire() }

func newShard(u *UA, n int) *shard {
	return &shard{
		u: u, n: n, wake: make(chan struct{}, 1), rand: newRand(), buf: make([]byte, 0, 4096),
		invites: make(map[transaction.Key]*inviteServer),
		servers: make(map[transaction.Key]*serverTx),
		placed:  make(map[transaction.Key]*inviteClient),
		clients: make(map[transaction.Key]*clientTx),
		merged:  make(map[transaction.Key]struct{}),
		legs:    make(map[string]*Leg),
		noTCP:   make(map[netip.AddrPort]transaction.Time),
		onFlow:  make(map[uint64]int),
		gauges:  u.metrics.gauges(n),
	}
}

// receive appends messages to the inbox; any goroutine may call it.
func (s *shard) receive(batch []transport.Message) {
	s.mu.Lock()
	switch {
	case s.closed:
	case len(s.inbox)+len(batch) <= maxInbox:
		s.inbox = append(s.inbox, batch...)
	default:
		s.inbox = s.appendVital(s.inbox, batch)
	}
	s.mu.Unlock()
	s.nudge()
}

// post has f run by the shard; false when it has ended. Any goroutine may call it.
func (s *shard) post(f func()) bool {
	s.mu.Lock()
	open := !s.closed
	if open {
		s.calls = append(s.calls, f)
	}
	s.mu.Unlock()
	s.nudge()
	return open
}

func (s *shard) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run is the loop.
func (s *shard) run(ctx context.Context) {
	s.start = time.Now()
	var inbox []transport.Message
	var calls []func()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		s.now = time.Since(s.start)
		s.wheel.Advance(s.now, func(e *transaction.Entry) { s.guard(e.Owner.(firer).fire) })
		s.mu.Lock()
		inbox, s.inbox = s.inbox, inbox[:0]
		calls, s.calls = s.calls, calls[:0]
		s.mu.Unlock()
		s.behind = len(inbox)
		if len(inbox) == 0 && len(calls) == 0 {
			s.wait(ctx, timer)
			continue
		}
		for i := range inbox {
			s.handleGuarded(&inbox[i])
		}
		for i, f := range calls {
			s.guard(f)
			calls[i] = nil
		}
		clear(inbox) // lets go of the messages' bytes
		s.gauge()
	}
}

// wait sleeps until there is work or a timer is due.
func (s *shard) wait(ctx context.Context, timer *time.Timer) {
	s.gauge()
	var due <-chan time.Time
	if at, ok := s.wheel.Next(); ok {
		timer.Reset(max(at-time.Since(s.start), 0))
		due = timer.C
	}
	select {
	case <-s.wake:
	case <-due:
	case <-ctx.Done():
	}
}

// close ends what is left when the loop has ended: every leg, and every function that waits.
func (s *shard) close() {
	s.mu.Lock()
	s.closed = true
	calls := s.calls
	s.calls, s.inbox = nil, nil
	s.mu.Unlock()
	for _, f := range calls {
		s.guard(f)
	}
	for _, l := range s.legs {
		l.abandon()
	}
}

// handleGuarded handles one message; a panic costs that message and nothing else.
func (s *shard) handleGuarded(m *transport.Message) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked(p)
			if m.Method != "" && m.Method != "ACK" && m.CallID != "" {
				s.refuse(m, "", answerOf(500, fmt.Errorf("panic: %v", p)))
			}
		}
	}()
	s.handle(m)
}

// guard runs a timer or a posted function; a panic costs that alone.
func (s *shard) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked(p)
		}
	}()
	f()
}

func (s *shard) panicked(p any) {
	s.u.metrics.panics.Inc()
	s.u.log.Error("panic in a SIP event loop", "shard", s.n, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// set arms the timer of a transaction for the instant its machine names.
func (s *shard) set(e *transaction.Entry, at transaction.Time, ok bool) {
	if ok {
		s.wheel.Set(e, at)
	} else {
		s.wheel.Stop(e)
	}
}

// flowClosed fails every request that waits for an answer on a connection that has gone (RFC 3261 §17.1.4).
func (s *shard) flowClosed(flow uint64, err error) {
	if s.onFlow[flow] == 0 {
		return
	}
	for _, t := range s.placed {
		if t.flow.ID() == flow {
			t.fail(err)
		}
	}
	for _, t := range s.clients {
		if t.flow.ID() == flow {
			t.fail(err)
		}
	}
}
