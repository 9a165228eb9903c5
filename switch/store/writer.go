package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
)

// retryEvery is how often rows are tried again whose commit failed.
const retryEvery = time.Second

// aliveEvery is how often the writer leaves a sign of life.
const aliveEvery = 5 * time.Second

var errClosed = errors.New("the store is closed")

// row is a statement nobody waits for. It must succeed or fail on its own.
type row interface {
	// statement returns the SQL and appends its arguments: of the types that drivers take, so no plain int.
	statement(args []driver.Value) (string, []driver.Value)
}

// task is one thing in the queue: a row, or a change that somebody waits for.
type task struct {
	row    row
	change func(tx execer) error // runs on the writer's goroutine, inside the transaction
	commit func()                // runs there after the commit: replaces what is cached
	done   chan error            // of a change: gets its result, once
	joined bool                  // a later row of the batch says it all
}

// writer owns the connection that writes.
type writer struct {
	cfg        Config
	db         *sql.DB
	conn       *sql.Conn // its only one
	log        *slog.Logger
	metrics    metrics
	queue      chan task
	statements map[string]driver.Stmt
	args       []driver.Value // of the row being written
	named      []driver.NamedValue
	last       map[call.ID]int // the last row of a call in the batch
	finished   chan struct{}
	stopping   chan struct{}

	mu       sync.RWMutex // guards closed against sends on queue
	closed   bool
	lastWarn time.Time // guarded by warnMu
	warnMu   sync.Mutex
}

func newWriter(cfg Config, db *sql.DB, conn *sql.Conn, log *slog.Logger, reg prometheus.Registerer) *writer {
	w := &writer{
		cfg: cfg, db: db, conn: conn, log: log,
		queue:      make(chan task, cfg.Queue),
		statements: make(map[string]driver.Stmt),
		last:       make(map[call.ID]int),
		finished:   make(chan struct{}),
		stopping:   make(chan struct{}),
	}
	w.metrics = newMetrics(reg, w)
	return w
}

func (w *writer) start() {
	go func() {
		defer close(w.finished)
		w.serve()
	}()
}

// stop refuses what comes from now on, writes what is queued, and closes the connection.
func (w *writer) stop() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.closed = true
	close(w.queue)
	close(w.stopping)
	w.mu.Unlock()
	<-w.finished
	var errs []error
	for _, s := range w.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// full tells whether new calls should stay away: the queue is filled to three quarters.
func (w *writer) full() bool { return len(w.queue) >= cap(w.queue)/4*3 }

// save queues a row and returns at once. A row that finds no room is lost and counted.
func (w *writer) save(r row) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.closed {
		select {
		case w.queue <- task{row: r}:
			if w.full() {
				w.warn("state queue is nearly full: new calls are refused")
			}
			return
		default:
		}
	}
	w.metrics.lost.Inc()
	w.warn("state queue is full: a row was lost")
}

// warn logs at most once a second.
func (w *writer) warn(text string) {
	w.warnMu.Lock()
	defer w.warnMu.Unlock()
	if now := time.Now(); now.Sub(w.lastWarn) >= time.Second {
		w.lastWarn = now
		//nolint:sloglint // one of two fixed texts
		w.log.Error(text, "queued", len(w.queue), "capacity", cap(w.queue))
	}
}

// do queues a change and waits for its commit. When ctx ends first the change may still happen.
func (w *writer) do(ctx context.Context, change func(tx execer) error, commit func()) error {
	t := task{change: change, commit: commit, done: make(chan error, 1)}
	if err := w.send(ctx, t); err != nil {
		return err
	}
	select {
	case err := <-t.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) send(ctx context.Context, t task) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- t:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// serve writes batches until the queue is closed and empty, and now and then a
// sign of life, so that the next start knows when this process was last seen.
func (w *writer) serve() {
	batch := make([]task, 0, w.cfg.Batch)
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		var t task
		var ok bool
		select {
		case t, ok = <-w.queue:
		case now := <-alive.C:
			t, ok = task{row: aliveRow(now.UnixMilli())}, true
		}
		if !ok {
			return
		}
		batch = w.gather(append(batch[:0], t))
		w.write(batch)
		clear(batch)
	}
}

// gather adds what else is queued. A row waits up to Delay for company; a change
// that somebody waits for is written at once, with what is there.
func (w *writer) gather(batch []task) []task {
	timer := time.NewTimer(w.cfg.Delay)
	defer timer.Stop()
	wait := timer.C
	for len(batch) < w.cfg.Batch {
		if batch[len(batch)-1].done != nil {
			wait = always
		}
		select {
		case t, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, t)
			continue
		default:
		}
		select {
		case t, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, t)
		case <-wait:
			return batch
		}
	}
	return batch
}

// always is ready at once.
var always = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()
