package registrar_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tandem/switch/call"
	"tandem/switch/registrar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store that keeps bindings in a map.
type memory struct {
	kept map[string]registrar.Binding
	err  error
}

func newMemory() *memory { return &memory{kept: map[string]registrar.Binding{}} }

func (m *memory) SaveBinding(b registrar.Binding) { m.kept[b.AOR+" "+b.Key] = b }
func (m *memory) DeleteBinding(aor, key string)   { delete(m.kept, aor+" "+key) }
func (m *memory) Bindings(context.Context) ([]registrar.Binding, error) {
	return slices.Collect(maps.Values(m.kept)), m.err
}

func newRegistrar(store registrar.Store, change func(*registrar.Config)) *registrar.Registrar {
	cfg := registrar.Default()
	if change != nil {
		change(&cfg)
	}
	return registrar.New(cfg, store, slog.New(slog.DiscardHandler), nil)
}

// contact makes a contact that lasts the given seconds; below zero: none given.
func contact(t *testing.T, uri string, seconds int) registrar.Contact {
	t.Helper()
	key, err := registrar.Key(uri)
	if err != nil {
		t.Fatal(err)
	}
	c := registrar.Contact{URI: uri, Key: key, Q: 1000, Expires: time.Duration(seconds) * time.Second}
	if seconds < 0 {
		c.Default, c.Expires = true, 0
	}
	return c
}

func request(cseq uint32, contacts ...registrar.Contact) registrar.Request {
	return registrar.Request{AOR: "alice", CallID: "c1", CSeq: cseq, Contacts: contacts}
}

func uris(list []registrar.Binding) string {
	var s []string
	for _, b := range list {
		s = append(s, b.Contact)
	}
	return strings.Join(s, " ")
}

func TestRegisterRefreshAndRemove(t *testing.T) {
	store := newMemory()
	r := newRegistrar(store, nil)
	now := time.Now()
	first := contact(t, "sip:alice@192.0.2.1:5060", 600)
	second := contact(t, "sip:alice@192.0.2.2", -1)

	a, err := r.Register(now, request(1, first, second))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Bindings) != 2 || r.Count() != 2 || len(store.kept) != 2 {
		t.Fatalf("got %d bindings, %d counted, %d kept, want 2 each", len(a.Bindings), r.Count(), len(store.kept))
	}
	for _, b := range a.Bindings {
		want := 600
		if b.Contact == second.URI {
			want = 3600 // the default
		}
		if got := b.Remaining(now); got != want {
			t.Errorf("%s: got %d s left, want %d", b.Contact, got, want)
		}
	}

	later := now.Add(5*time.Minute + time.Millisecond)
	a, err = r.Register(later, request(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range a.Bindings {
		if b.Contact == first.URI && b.Remaining(later) != 300 {
			t.Errorf("a query shows %d s left, want 300, rounded up", b.Remaining(later))
		}
	}

	first.Expires = 0
	a, err = r.Register(later, request(3, first))
	if err != nil || uris(a.Bindings) != second.URI {
		t.Errorf("after expires=0: got %q, %v, want %q", uris(a.Bindings), err, second.URI)
	}
	a, err = r.Register(later, registrar.Request{AOR: "alice", CallID: "c1", CSeq: 4, All: true})
	if err != nil || len(a.Bindings) != 0 || len(store.kept) != 0 || r.Count() != 0 {
		t.Errorf("after *: got %d bindings, %v, %d kept", len(a.Bindings), err, len(store.kept))
	}
}

func TestRefused(t *testing.T) {
	now := time.Now()
	one, two := "sip:alice@192.0.2.1", "sip:alice@192.0.2.2"
	for _, row := range []struct {
		name    string
		change  func(*registrar.Config)
		request registrar.Request
		want    error
	}{
		{"same CSeq and Call-ID", nil, request(1, contact(t, one, 600)), registrar.ErrOutOfOrder},
		{"same CSeq, all contacts", nil, registrar.Request{AOR: "alice", CallID: "c1", CSeq: 1, All: true}, registrar.ErrOutOfOrder},
		{"one contact too many", func(c *registrar.Config) { c.MaxContacts = 1 }, request(2, contact(t, two, 600)), registrar.ErrTooMany},
		{"switch full", func(c *registrar.Config) { c.MaxBindings = 1 }, request(2, contact(t, two, 600)), registrar.ErrFull},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRegistrar(newMemory(), row.change)
			if _, err := r.Register(now, request(1, contact(t, one, 600))); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Register(now, row.request); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if got := uris(r.Contacts("alice")); got != one {
				t.Errorf("bindings changed: got %q, want %q", got, one)
			}
		})
	}
}

func TestRefusalChangesNothing(t *testing.T) {
	r := newRegistrar(newMemory(), nil)
	now := time.Now()
	_, err := r.Register(now, request(1, contact(t, "sip:alice@192.0.2.1", 600), contact(t, "sip:alice@192.0.2.2", 59)))
	var brief *registrar.BriefError
	if !errors.As(err, &brief) || brief.Min != time.Minute {
		t.Errorf("got %v, want the minimum of a minute", err)
	}
	if r.Count() != 0 {
		t.Errorf("got %d bindings of a refused REGISTER, want 0", r.Count())
	}
}

func TestAnotherCallIDMayStartAnywhere(t *testing.T) {
	r := newRegistrar(newMemory(), nil)
	now := time.Now()
	c := contact(t, "sip:alice@192.0.2.1", 600)
	for _, q := range []registrar.Request{
		{AOR: "alice", CallID: "before", CSeq: 900, Contacts: []registrar.Contact{c}},
		{AOR: "alice", CallID: "after restart", CSeq: 1, Contacts: []registrar.Contact{c}},
	} {
		if _, err := r.Register(now, q); err != nil {
			t.Errorf("%s: %v", q.CallID, err)
		}
	}
	if r.Count() != 1 {
		t.Errorf("got %d bindings, want the one refreshed", r.Count())
	}
}

func TestLimitsDoNotStopRefreshes(t *testing.T) {
	r := newRegistrar(newMemory(), func(c *registrar.Config) { c.MaxContacts, c.MaxBindings = 1, 1 })
	c := contact(t, "sip:alice@192.0.2.1", 9_000_000)
	for n := range uint32(3) {
		a, err := r.Register(time.Now(), request(n+1, c))
		if err != nil {
			t.Fatalf("refresh %d: %v", n, err)
		}
		if left := time.Until(a.Bindings[0].Expires); left > 2*time.Hour {
			t.Errorf("got %v, want no more than the maximum of 2 h", left)
		}
	}
}

func TestPreference(t *testing.T) {
	r := newRegistrar(newMemory(), nil)
	now := time.Now()
	low, old, recent := contact(t, "sip:a@low", 600), contact(t, "sip:a@old", 600), contact(t, "sip:a@recent", 600)
	low.Q = 300
	for i, c := range []registrar.Contact{old, recent, low} {
		if _, err := r.Register(now.Add(time.Duration(i)*time.Second), request(uint32(i+1), c)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := uris(r.Contacts("alice")), "sip:a@recent sip:a@old sip:a@low"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := r.Contacts("bob"); got != nil {
		t.Errorf("got %v for a stranger, want nothing", got)
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		r := newRegistrar(store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Serve(ctx) }()
		for i, seconds := range []int{300, 60, 120} {
			c := contact(t, "sip:alice@192.0.2."+string(rune('1'+i)), seconds)
			if _, err := r.Register(time.Now(), request(uint32(i+1), c)); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			sleep time.Duration
			want  int
		}{{59 * time.Second, 3}, {2 * time.Second, 2}, {60 * time.Second, 1}, {178 * time.Second, 1}, {3 * time.Second, 0}} {
			time.Sleep(step.sleep)
			synctest.Wait()
			if got := len(r.Contacts("alice")); got != step.want {
				t.Errorf("after %v more: got %d contacts, want %d", step.sleep, got, step.want)
			}
		}
		if r.Count() != 0 || len(store.kept) != 0 {
			t.Errorf("got %d bindings and %d kept, want none", r.Count(), len(store.kept))
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestExpiredIsNotFoundBeforeTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistrar(newMemory(), nil)
		if _, err := r.Register(time.Now(), request(1, contact(t, "sip:alice@192.0.2.1", 60))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := r.Contacts("alice"); got != nil {
			t.Errorf("got %v without a sweep, want nothing", got)
		}
	})
}

func TestFlowClosed(t *testing.T) {
	store := newMemory()
	r := newRegistrar(store, nil)
	now := time.Now()
	one, two := contact(t, "sip:alice@192.0.2.1", 600), contact(t, "sip:alice@192.0.2.2", 600)
	over := func(cseq uint32, flow uint64, c registrar.Contact) {
		q := request(cseq, c)
		q.Path = call.Path{Flow: flow, Source: "tcp:192.0.2.9:40000"}
		if _, err := r.Register(now, q); err != nil {
			t.Fatal(err)
		}
	}
	over(1, 7, one)
	over(2, 8, two)
	over(3, 9, one) // the phone came back over another connection
	r.FlowClosed(7)
	r.FlowClosed(0)
	if got := len(r.Contacts("alice")); got != 2 {
		t.Errorf("got %d contacts after an old connection closed, want 2", got)
	}
	r.FlowClosed(9)
	if got := uris(r.Contacts("alice")); got != two.URI || len(store.kept) != 1 {
		t.Errorf("got %q and %d kept, want only %q", got, len(store.kept), two.URI)
	}
}

func TestRemove(t *testing.T) {
	r := newRegistrar(newMemory(), nil)
	if _, err := r.Register(time.Now(), request(1, contact(t, "sip:a@h1", 600), contact(t, "sip:a@h2", 600))); err != nil {
		t.Fatal(err)
	}
	if got := r.Remove("alice"); got != 2 {
		t.Errorf("got %d removed, want 2", got)
	}
	if got := r.Remove("alice"); got != 0 {
		t.Errorf("got %d removed again, want 0", got)
	}
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		before := newRegistrar(store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- before.Serve(ctx) }()
		udp, tcp := request(1, contact(t, "sip:a@udp", 600)), request(2, contact(t, "sip:a@tcp", 600))
		udp.Path = call.Path{Source: "udp:192.0.2.1:5060", Local: "udp:127.0.0.1:5060"}
		tcp.Path = call.Path{Flow: 3, Source: "tcp:192.0.2.1:40000", Local: "tcp:127.0.0.1:5060"}
		short := request(3, contact(t, "sip:a@short", 60))
		for _, q := range []registrar.Request{udp, tcp, short} {
			if _, err := before.Register(time.Now(), q); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		before.FlowClosed(3) // the transports close behind the registrar
		time.Sleep(2 * time.Minute)

		after := newRegistrar(store, nil)
		if err := after.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[string]call.Path{}
		for _, b := range after.Contacts("alice") {
			got[b.Contact] = b.Path
			if left := b.Remaining(time.Now()); left != 480 {
				t.Errorf("%s: got %d s left, want 480", b.Contact, left)
			}
		}
		want := map[string]call.Path{"sip:a@udp": udp.Path, "sip:a@tcp": {Local: tcp.Path.Local}}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if len(store.kept) != 2 {
			t.Errorf("got %d kept, want the expired one gone", len(store.kept))
		}
	})
}

func TestLoadTellsWhatWentWrong(t *testing.T) {
	store := newMemory()
	store.err = errors.New("disk on fire")
	if err := newRegistrar(store, nil).Load(t.Context()); !errors.Is(err, store.err) {
		t.Errorf("got %v, want %v", err, store.err)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	r := registrar.New(registrar.Default(), newMemory(), slog.New(slog.DiscardHandler), reg)
	if _, err := r.Register(time.Now(), request(1, contact(t, "sip:a@h1", 600), contact(t, "sip:a@h2", 600))); err != nil {
		t.Fatal(err)
	}
	gone := contact(t, "sip:a@h1", 0)
	if _, err := r.Register(time.Now(), request(2, gone)); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	want := map[string]float64{"tandem_registrar_bindings": 1, "tandem_registrar_removals_total": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestConfig(t *testing.T) {
	if err := registrar.Default().Validate(); err != nil {
		t.Errorf("the default does not hold: %v", err)
	}
	for _, row := range []struct {
		key    string
		change func(*registrar.Config)
	}{
		{"min_expires", func(c *registrar.Config) { c.MinExpires = 0 }},
		{"min_expires", func(c *registrar.Config) { c.MinExpires = 2 * time.Hour }},
		{"max_expires", func(c *registrar.Config) { c.MaxExpires = time.Second }},
		{"default_expires", func(c *registrar.Config) { c.DefaultExpires = 24 * time.Hour }},
		{"max_contacts", func(c *registrar.Config) { c.MaxContacts = 0 }},
		{"max_bindings", func(c *registrar.Config) { c.MaxBindings = -1 }},
	} {
		c := registrar.Default()
		row.change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "registrar."+row.key) {
			t.Errorf("%s: got %v, want it named", row.key, err)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	r := newRegistrar(newMemory(), nil)
	key, _ := registrar.Key("sip:alice@192.0.2.1:5060")
	c := registrar.Contact{URI: "sip:alice@192.0.2.1:5060", Key: key, Q: 1000, Expires: time.Hour}
	now := time.Now()
	b.ReportAllocs()
	for n := uint32(1); b.Loop(); n++ {
		if _, err := r.Register(now, request(n, c)); err != nil {
			b.Fatal(err)
		}
	}
}
