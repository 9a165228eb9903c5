package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Notice is one callback: a request whose answer nobody reads.
type Notice struct {
	Line    string // what it belongs to, a call's SID: notices of one line are delivered in order
	Account string
	Method  string
	URL     string // absolute
	Params  Params
	Jar     http.CookieJar
}

// Queue delivers notices. Send never waits; what a line cannot hold any more is dropped, counted and logged.
type Queue struct {
	client *Client
	log    *slog.Logger
	cfg    Config

	mu      sync.Mutex
	lines   map[string]*line
	pending int
	closed  bool
	busy    sync.WaitGroup
	ctx     context.Context // of all deliveries; ends when the drain is over
	stop    context.CancelCauseFunc

	dropped *prometheus.CounterVec
	waiting prometheus.GaugeFunc
}

// line is what waits for one call; it exists while a goroutine works on it.
type line struct{ notices []Notice }

var errDrained = errors.New("the switch is shutting down")

// NewQueue makes a queue that sends by client, within the client's Config.
func NewQueue(client *Client, reg prometheus.Registerer) *Queue {
	q := &Queue{client: client, log: client.log, cfg: client.cfg, lines: make(map[string]*line)}
	q.ctx, q.stop = context.WithCancelCause(context.Background())
	q.dropped = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "tandem", Subsystem: "webhook", Name: "callbacks_lost_total",
		Help: "Callbacks that were not delivered, by reason.",
	}, []string{"reason"})
	q.waiting = prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "tandem", Subsystem: "webhook", Name: "callbacks_pending",
		Help: "Callbacks not delivered yet.",
	}, func() float64 { return float64(q.Pending()) })
	if reg != nil {
		reg.MustRegister(q.dropped, q.waiting)
	}
	return q
}

// Pending is how many notices are not delivered yet.
func (q *Queue) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending
}

// Send puts n behind the notices of its line and returns.
func (q *Queue) Send(n Notice) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[n.Line]
	switch {
	case q.closed:
		q.lose(n, "shutdown", errDrained)
		return
	case q.pending >= q.cfg.CallbackPending, l != nil && len(l.notices) >= q.cfg.CallbackQueue:
		q.lose(n, "full", errors.New("too many callbacks are waiting"))
		return
	}
	q.pending++
	if l != nil {
		l.notices = append(l.notices, n)
		return
	}
	l = &line{notices: []Notice{n}}
	q.lines[n.Line] = l
	q.busy.Go(func() { q.work(n.Line, l) })
}

// work delivers a line until it is empty.
func (q *Queue) work(name string, l *line) {
	for {
		q.mu.Lock()
		if len(l.notices) == 0 {
			delete(q.lines, name)
			q.mu.Unlock()
			return
		}
		n := l.notices[0]
		l.notices = l.notices[1:]
		q.mu.Unlock()
		q.deliver(n)
		q.mu.Lock()
		q.pending--
		q.mu.Unlock()
	}
}

// deliver tries a notice as often as configured; every try carries the same parameters.
func (q *Queue) deliver(n Notice) {
	request := Request{
		Account: n.Account, Kind: Callback, Method: n.Method, URL: n.URL,
		Params: n.Params, Jar: n.Jar, Redirects: callbackRedirects,
	}
	pause := q.cfg.CallbackPause
	for try := 0; ; try++ {
		resp, err := q.client.Do(q.ctx, request)
		failed, _ := errors.AsType[*Error](err)
		switch {
		case q.ctx.Err() != nil:
			q.lose(n, "shutdown", context.Cause(q.ctx))
			return
		case err == nil && resp.Status < http.StatusInternalServerError:
			return
		case failed != nil && failed.Code == CodeTooLarge: // it was heard, and the answer is nobody's concern
			return
		case failed != nil && failed.Code != CodeConnect, try >= q.cfg.CallbackRetries:
			q.lose(n, "failed", err)
			return
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-q.ctx.Done():
		}
	}
}

func (q *Queue) lose(n Notice, reason string, err error) {
	q.dropped.WithLabelValues(reason).Inc()
	q.log.Warn("callback lost", "call_id", n.Line, "url", Redact(n.URL), "reason", reason, "err", err)
}

// Serve waits for ctx to end, takes nothing more, and goes on delivering for at most the configured time.
func (q *Queue) Serve(ctx context.Context) error {
	<-ctx.Done()
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	deadline := time.AfterFunc(q.cfg.CallbackDrain, func() { q.stop(errDrained) })
	q.busy.Wait()
	deadline.Stop()
	q.stop(errDrained)
	return nil
}
