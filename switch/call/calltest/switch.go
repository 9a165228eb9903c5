package calltest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/event"
)

// Switch is a call.Manager with fakes around it.
type Switch struct {
	*call.Manager
	Inviter  *Inviter
	Dialer   *Dialer
	Records  *Records
	Mux      *Mux
	Bus      *event.Bus
	Notes    *Notes
	Cables   *Cables
	Registry *prometheus.Registry
}

// NewSwitch returns a switch whose inbound calls run h. At the end of the test it
// is drained at once, so that no goroutine outlives a synctest bubble.
func NewSwitch(tb testing.TB, h call.Handler, change ...func(*call.Config)) *Switch {
	tb.Helper()
	cfg := call.Default()
	for _, f := range change {
		f(&cfg)
	}
	s := &Switch{
		Inviter: &Inviter{}, Dialer: &Dialer{}, Records: &Records{}, Mux: &Mux{Handler: h},
		Bus: &event.Bus{}, Notes: &Notes{}, Cables: &Cables{}, Registry: prometheus.NewRegistry(),
	}
	s.Manager = call.New(cfg, call.Deps{
		Inviter: s.Inviter, Dialer: s.Dialer, Mux: s.Mux, Records: s.Records, Bus: s.Bus, Notifier: s.Notes, Cable: s.Cables.Lay,
		Log: slog.New(slog.DiscardHandler), Registerer: s.Registry,
	})
	tb.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Drain(ctx); err != nil {
			tb.Errorf("drain: %v", err)
		}
	})
	return s
}

// Mux gives every call the same plan, unless Plans has one for the dialled user.
type Mux struct {
	Handler call.Handler
	Plans   map[string]call.Handler
}

// ErrNoPlan is behind the 404 of a Mux without a handler.
var ErrNoPlan = errors.New("no plan")

// Route finds the plan.
func (m *Mux) Route(_ context.Context, c *call.Call) (call.Handler, error) {
	h := m.Handler
	if own, ok := m.Plans[c.Party().To.User]; ok {
		h = own
	}
	if h == nil {
		return nil, &call.Refusal{Code: 404, Reason: "Not Found", Err: ErrNoPlan}
	}
	return h, nil
}

// Records keeps summaries.
type Records struct {
	mu    sync.Mutex
	begun []call.Summary
	ended []call.Summary

	answers []Answer
}

// Began keeps s.
func (r *Records) Began(s *call.Summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = append(r.begun, *s)
}

// Answered keeps the answer.
func (r *Records) Answered(id call.ID, rang, answered time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, Answer{id, rang, answered})
}

// Answer is what Answered was given.
type Answer struct {
	ID             call.ID
	Rang, Answered time.Time
}

// Answers returns what Answered was given, in order.
func (r *Records) Answers() []Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Answer(nil), r.answers...)
}

// Ended keeps s.
func (r *Records) Ended(s *call.Summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, *s)
}

// All returns what Ended was given, in order.
func (r *Records) All() []call.Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call.Summary(nil), r.ended...)
}

// Begun returns what Began was given, in order.
func (r *Records) Begun() []call.Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call.Summary(nil), r.begun...)
}

// To returns the record of the call to a user; the test fails without one.
func (r *Records) To(tb testing.TB, user string) call.Summary {
	tb.Helper()
	for _, s := range r.All() {
		if s.To == user {
			return s
		}
	}
	tb.Fatalf("no record of a call to %s; got %v", user, r.All())
	return call.Summary{}
}

// Notes keeps notifications.
type Notes struct {
	mu  sync.Mutex
	all []call.Notification
}

// Notify keeps n.
func (n *Notes) Notify(note call.Notification) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, note)
}

// Codes are the codes of all notifications, in order.
func (n *Notes) Codes() []int {
	n.mu.Lock()
	defer n.mu.Unlock()
	codes := make([]int, 0, len(n.all))
	for _, note := range n.all {
		codes = append(codes, note.Code)
	}
	return codes
}
