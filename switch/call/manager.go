package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"tandem/switch/event"
)

// Config is what an operator can set about calls.
type Config struct {
	MaxCalls       int           `toml:"max_calls"`        // up at the same time, children included; 0: no limit
	CallsPerSecond float64       `toml:"calls_per_second"` // new inbound calls and calls over REST; 0: no limit
	Burst          int           `toml:"burst"`            // how many may come at once where CallsPerSecond is set
	RetryAfter     int           `toml:"retry_after"`      // seconds, in a 503
	Grace          time.Duration `toml:"grace"`            // how long Drain waits for calls it has hung up
	Headers        bool          `toml:"-"`                // X-RestComm-… headers on every message (rcml.md 1.9.2)
}

// Default is the configuration of a switch nobody has configured.
func Default() Config {
	return Config{MaxCalls: 20000, Burst: 100, RetryAfter: 5, Grace: 5 * time.Second, Headers: true}
}

// Validate names every mistake.
func (c Config) Validate() error {
	var errs []error
	if c.MaxCalls < 0 {
		errs = append(errs, fmt.Errorf("calls.max_calls: %d is negative", c.MaxCalls))
	}
	if c.CallsPerSecond < 0 {
		errs = append(errs, fmt.Errorf("calls.calls_per_second: %v is negative", c.CallsPerSecond))
	}
	if c.CallsPerSecond > 0 && c.Burst < 1 {
		errs = append(errs, fmt.Errorf("calls.burst: %d is below 1", c.Burst))
	}
	if c.RetryAfter < 0 {
		errs = append(errs, fmt.Errorf("calls.retry_after: %d is negative", c.RetryAfter))
	}
	if c.Grace < 0 {
		errs = append(errs, fmt.Errorf("calls.grace: %v is negative", c.Grace))
	}
	return errors.Join(errs...)
}

// Mux chooses the plan of an inbound call; it calls Claim. The error is a *Refusal where there is none.
type Mux interface {
	Route(ctx context.Context, c *Call) (Handler, error)
}

// Deps is what calls need of others. Bus, Registerer, Notifier, Cable and Full may be nil.
type Deps struct {
	Inviter    Inviter
	Dialer     Dialer
	Mux        Mux
	Records    Records
	Bus        *event.Bus
	Notifier   Notifier
	Cable      Lay
	Full       func() bool // the store cannot take more records: no new calls
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Manager knows the live calls.
type Manager struct {
	cfg      Config
	restcomm bool
	inviter  Inviter
	dialer   Dialer
	mux      Mux
	records  Records
	bus      *event.Bus
	notifier Notifier
	cable    Lay
	full     func() bool
	log      *slog.Logger
	line     func(level slog.Level, msg string, c *Call, attrs []slog.Attr)
	enabled  func(level slog.Level) bool
	metrics  *metrics
	rate     *rate.Limiter // nil: no limit

	commands   sync.Pool      // of *command
	goroutines sync.WaitGroup // every loop and plan

	mu       sync.Mutex
	calls    map[ID]*Call // until loop and plan have ended
	up       int          // whose leg has not ended
	draining bool
}

// New returns a manager without calls.
func New(cfg Config, d Deps) *Manager {
	m := &Manager{
		cfg: cfg, restcomm: cfg.Headers, inviter: d.Inviter, dialer: d.Dialer, mux: d.Mux, records: d.Records,
		bus: d.Bus, notifier: d.Notifier, cable: d.Cable, full: d.Full, log: d.Log,
		metrics: newMetrics(d.Registerer), calls: map[ID]*Call{},
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.line, m.enabled = lines(m.log)
	if cfg.CallsPerSecond > 0 {
		m.rate = rate.NewLimiter(rate.Limit(cfg.CallsPerSecond), cfg.Burst)
	}
	return m
}

// Admit says whether one more call may begin; it is asked before an INVITE costs
// anything. The answer is nil or a 503 with Retry-After.
func (m *Manager) Admit() *Refusal {
	m.mu.Lock()
	draining, up := m.draining, m.up
	m.mu.Unlock()
	switch {
	case draining:
		return m.refusal("shutting_down", "the switch is shutting down")
	case m.cfg.MaxCalls > 0 && up >= m.cfg.MaxCalls:
		return m.refusal("max_calls", "too many calls")
	case m.full != nil && m.full():
		return m.refusal("store_full", "records cannot be stored fast enough")
	case m.rate != nil && !m.rate.Allow():
		return m.refusal("rate", "too many calls a second")
	}
	return nil
}

func (m *Manager) refusal(reason, text string) *Refusal {
	m.metrics.refused.WithLabelValues(reason).Inc()
	return &Refusal{Code: 503, Reason: "Service Unavailable", Err: errors.New(text), Retry: m.cfg.RetryAfter}
}

func errShuttingDown() *Refusal {
	return &Refusal{Code: 503, Reason: "Service Unavailable", Err: ErrShutdown}
}

// Accept gives an inbound leg its Call and returns at once: the call is
// registered, its loop runs, and its plan is being chosen.
func (m *Manager) Accept(leg Leg) { m.accept(leg, 0) }

func (m *Manager) accept(leg Leg, depth int) bool {
	c := newCall(m, NewID(), Inbound)
	c.leg, c.depth = leg, depth
	c.owner.Store(&owner{account: leg.Party().Account})
	s := &state{link: link{self: c}}
	c.status.Store(uint32(StatusRinging))
	if !m.enterWith(c, s, HandlerFunc(m.route)) {
		r := errShuttingDown()
		r.Retry = m.cfg.RetryAfter
		_ = leg.Refuse(r)
		return false
	}
	return true
}

// route is every inbound call's first plan: it finds the real one and becomes it.
func (m *Manager) route(ctx context.Context, c *Call) error {
	h, err := m.mux.Route(ctx, c)
	if err != nil {
		return err
	}
	c.Claim(c.Account(), "")
	return h.ServeCall(ctx, c)
}

func newCall(m *Manager, id ID, d Direction) *Call {
	return &Call{
		id: id, direction: d, m: m, started: time.Now(),
		inbox: make(chan *command), done: make(chan struct{}),
	}
}

// enter registers a call that was placed and starts its loop. False: the switch is shutting down.
func (m *Manager) enter(c *Call, s *state) bool {
	return m.enterWith(c, s, nil)
}

func (m *Manager) enterWith(c *Call, s *state, h Handler) bool {
	m.mu.Lock()
	if m.draining {
		m.mu.Unlock()
		return false
	}
	m.calls[c.id] = c
	m.up++
	m.goroutines.Add(1) // under the lock: Drain waits only once nobody can enter
	m.mu.Unlock()
	m.metrics.began(c.direction, c.Status())
	if h != nil {
		c.start(s, h)
	}
	go func() {
		defer m.goroutines.Done()
		defer m.leave(c)
		roomForLoop()
		c.loop(s)
	}()
	return true
}

// leave forgets a call whose goroutines have ended.
func (m *Manager) leave(c *Call) {
	m.mu.Lock()
	delete(m.calls, c.id)
	m.mu.Unlock()
}

func (m *Manager) began(sum *Summary) {
	if m.records != nil {
		m.records.Began(sum)
	}
}

// ended accounts for a call whose leg has ended; its plan may still run.
func (m *Manager) ended(sum *Summary) {
	m.mu.Lock()
	m.up--
	m.mu.Unlock()
	if !sum.Answered.IsZero() {
		m.metrics.talked(sum.Direction, sum.talked())
	}
	if m.records != nil {
		m.records.Ended(sum)
	}
}

// Find returns a call that is up.
func (m *Manager) Find(id ID) (*Call, bool) {
	m.mu.Lock()
	c, ok := m.calls[id]
	m.mu.Unlock()
	if !ok || c.Status().Final() {
		return nil, false
	}
	return c, true
}

// List returns a summary of every call that is up, in no order.
func (m *Manager) List() []Summary {
	calls := m.live()
	list := make([]Summary, 0, len(calls))
	for _, c := range calls {
		if sum := c.Summary(); !sum.Status.Final() {
			list = append(list, sum)
		}
	}
	return list
}

// Len is how many calls are up.
func (m *Manager) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.up
}

func (m *Manager) live() []*Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := make([]*Call, 0, len(m.calls))
	for _, c := range m.calls {
		calls = append(calls, c)
	}
	return calls
}
