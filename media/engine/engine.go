package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media/ports"
)

// Engine is all workers and the ports their streams use.
type Engine struct {
	// Ports is where streams get their sockets.
	Ports *ports.Pool
	// Log is for what streams have to say.
	Log *slog.Logger

	advertise []netip.Addr
	workers   []*Worker
	order     atomic.Uint64

	mu sync.Mutex // guards every worker's load
}

// New makes an engine that runs once Serve is called; what is posted to its
// workers waits until then. The error is a configuration's that Validate refuses.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	first, last, err := cfg.portRange()
	if err != nil {
		return nil, err
	}
	pool, err := ports.New(first, last, cfg.Address)
	if err != nil {
		return nil, err
	}
	e := &Engine{Ports: pool, Log: log}
	for _, a := range cfg.Advertise {
		e.advertise = append(e.advertise, a.Unmap())
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	if cfg.Workers == 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	for i := range cfg.Workers {
		w := newWorker(i)
		w.watches[Answered].after = answeredAfter
		w.watches[Silent].after = cfg.Timeout
		e.workers = append(e.workers, w)
	}
	if reg != nil {
		if err := reg.Register(newCollector(e)); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Serve runs the workers until ctx is done or one of them fails, and returns
// after all have. Streams that are still open can be closed afterwards.
func (e *Engine) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	errs := make([]error, len(e.workers))
	for i, w := range e.workers {
		wg.Go(func() {
			if errs[i] = w.serve(ctx); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Assign returns the worker with the fewest streams and counts one more on it.
func (e *Engine) Assign() *Worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	best := e.workers[0]
	for _, w := range e.workers {
		if w.load < best.load {
			best = w
		}
	}
	best.load++
	return best
}

// Shift counts a stream that went from one worker to another; nil stands for nowhere.
func (e *Engine) Shift(from, to *Worker) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if from != nil {
		from.load--
	}
	if to != nil {
		to.load++
	}
}

func (e *Engine) loadOf(w *Worker) int32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return w.load
}

// Order returns a number higher than all before it, for commands that reach two workers.
func (e *Engine) Order() uint64 { return e.order.Add(1) }

// Advertised is the address to name to a party for a socket bound to local: the
// configured one of the same family, if any, else local itself.
func (e *Engine) Advertised(local netip.Addr) netip.Addr {
	for _, a := range e.advertise {
		if a.Is4() == local.Is4() {
			return a
		}
	}
	return local
}

// Counters is the sum of all workers' counts, as of their last rounds.
func (e *Engine) Counters() Counters {
	var t Counters
	for _, w := range e.workers {
		p := &w.public
		t.Received += p.received.Load()
		t.Sent += p.sent.Load()
		t.ReceivedRTCP += p.receivedRTCP.Load()
		t.SentRTCP += p.sentRTCP.Load()
		t.Digits += p.digits.Load()
		for i := range t.Dropped {
			t.Dropped[i] += p.dropped[i].Load()
		}
		for i := range t.Faults {
			t.Faults[i] += p.faults[i].Load()
		}
	}
	return t
}
