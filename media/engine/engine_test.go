package engine_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/media/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config() engine.Config {
	return engine.Config{Workers: 2, Ports: "15100-15199", Address: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
}

func start(t *testing.T, cfg engine.Config) (*engine.Engine, func()) {
	t.Helper()
	e, err := engine.New(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx) }()
	stop := func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		served <- nil
	}
	t.Cleanup(stop)
	return e, stop
}

// run has f run on w and waits for it.
func run(w *engine.Worker, f func()) {
	done := make(chan struct{})
	w.Post(nil, func() { f(); close(done) })
	w.Wake()
	<-done
}

func TestConfig(t *testing.T) {
	if err := engine.Default().Validate(); err != nil {
		t.Errorf("got %v for the default, want none", err)
	}
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for name, c := range map[string]struct {
		change func(*engine.Config)
		want   string
	}{
		"workers":          {func(c *engine.Config) { c.Workers = -1 }, "rtp.workers"},
		"no range":         {func(c *engine.Config) { c.Ports = "20000" }, "rtp.ports"},
		"words":            {func(c *engine.Config) { c.Ports = "a-b" }, "rtp.ports"},
		"reversed":         {func(c *engine.Config) { c.Ports = "30000-20000" }, "rtp.ports"},
		"privileged":       {func(c *engine.Config) { c.Ports = "100-200" }, "rtp.ports"},
		"no address":       {func(c *engine.Config) { c.Address = nil }, "rtp.address"},
		"both families":    {func(c *engine.Config) { c.Advertise = []netip.Addr{four, six} }, ""},
		"two of one":       {func(c *engine.Config) { c.Advertise = []netip.Addr{four, four} }, "rtp.advertise"},
		"nobody's address": {func(c *engine.Config) { c.Advertise = []netip.Addr{netip.IPv4Unspecified()} }, "rtp.advertise"},
	} {
		cfg := config()
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if _, err := engine.New(cfg, slog.New(slog.DiscardHandler), nil); (err == nil) != (c.want == "") {
			t.Errorf("%s: New returned %v", name, err)
		}
	}
}

func TestCommandsRunInOrder(t *testing.T) {
	e, _ := start(t, config())
	w := e.Assign()
	var got []int
	for i := range 1000 {
		w.Post(nil, func() { got = append(got, i) })
		if i%10 == 0 {
			w.Wake()
		}
	}
	run(w, func() {})
	if len(got) != 1000 || !slices.IsSorted(got) {
		t.Errorf("got %d commands, sorted %v, want 1000 in order", len(got), slices.IsSorted(got))
	}
}

func TestCommandsAfterServe(t *testing.T) {
	e, stop := start(t, config())
	w := e.Assign()
	stop()
	n := 0
	w.Post(nil, func() {
		n++
		w.Post(nil, func() { n++ })
		w.Wake()
	})
	w.Wake()
	if n != 2 {
		t.Errorf("got %d commands run, want 2 on the caller", n)
	}
}

func TestTake(t *testing.T) {
	e, _ := start(t, config())
	w := e.Assign()
	one, two := new(int), new(int)
	var taken []func()
	w.Post(one, func() { taken = w.Take(two) })
	for range 3 {
		w.Post(two, func() { *two++ })
		w.Post(one, func() { *one++ })
	}
	run(w, func() {})
	if len(taken) != 3 || *two != 0 || *one != 3 {
		t.Errorf("got %d taken, %d and %d run, want 3, 0 and 3", len(taken), *two, *one)
	}
}

// Commands given while somebody is on the worker are run by that one, before it leaves.
func TestCommandsMeetOnTheWorker(t *testing.T) {
	e, _ := start(t, config())
	w := e.Assign()
	run(w, func() {}) // Serve has begun
	inside, leave, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		w.Post(nil, func() { inside <- true; <-leave })
		w.Wake()
		close(done)
	}()
	<-inside
	var ran atomic.Int32
	w.Post(nil, func() {
		ran.Add(1)
		w.Post(nil, func() { ran.Add(1) })
		w.Wake()
	})
	w.Wake()
	if n := ran.Load(); n != 0 {
		t.Errorf("got %d commands run, want none while another is on the worker", n)
	}
	leave <- true
	<-done
	if n := ran.Load(); n != 2 {
		t.Errorf("got %d commands run, want 2", n)
	}
}

func TestAssignBalances(t *testing.T) {
	e, _ := start(t, config())
	one, two, three := e.Assign(), e.Assign(), e.Assign()
	if one == two || three != one && three != two {
		t.Error("two streams share a worker while another has none")
	}
	e.Shift(one, two)
	e.Shift(three, nil)
	if next := e.Assign(); next == two {
		t.Error("the worker with the most streams got one more")
	}
}

// ticker counts ticks.
type ticker struct{ calls, ticks, until int }

func (k *ticker) Tick(n int) bool {
	k.calls++
	k.ticks += n
	return k.calls < k.until
}

func TestTick(t *testing.T) {
	e, _ := start(t, config())
	w := e.Assign()
	short, long := &ticker{until: 2}, &ticker{until: 5}
	begun := time.Now()
	run(w, func() {
		w.Start(short)
		w.Start(long)
	})
	for calls := 0; calls < 5; run(w, func() { calls = long.calls }) {
		time.Sleep(time.Millisecond)
	}
	if took := time.Since(begun); took < time.Duration(long.ticks)*engine.Tick-engine.Tick {
		t.Errorf("%d ticks took %v", long.ticks, took)
	}
	run(w, func() {
		if short.calls != 2 || long.calls != 5 {
			t.Errorf("got %d and %d calls, want 2 and 5", short.calls, long.calls)
		}
		w.Start(long)
		w.Withdraw(long)
	})
	time.Sleep(2 * engine.Tick)
	run(w, func() {
		if long.calls != 5 {
			t.Errorf("got %d calls after Withdraw, want 5", long.calls)
		}
	})
}

func TestTimers(t *testing.T) {
	cfg := config()
	cfg.Timeout = 60 * time.Millisecond
	e, _ := start(t, cfg)
	w := e.Assign()
	rang := make(chan string, 4)
	var one, two, three engine.Timer
	begun := time.Now()
	run(w, func() {
		w.Arm(&one, engine.Silent, func() { rang <- "one" })
		w.Arm(&two, engine.Answered, func() { rang <- "moved" })
		w.Arm(&two, engine.Silent, func() { rang <- "two" })
		w.Arm(&three, engine.Silent, func() { rang <- "disarmed" })
		w.Disarm(&three)
		w.Disarm(&three)
	})
	if a, b := <-rang, <-rang; a != "one" || b != "two" {
		t.Errorf("got %s, %s, want one, two", a, b)
	}
	if took := time.Since(begun); took < cfg.Timeout {
		t.Errorf("rang after %v, want %v", took, cfg.Timeout)
	}
	if len(rang) != 0 {
		t.Errorf("got %s as well", <-rang)
	}
}

func TestAddress(t *testing.T) {
	for _, s := range []string{"127.0.0.1:1", "192.0.2.200:65535", "[2001:db8::7]:5004", "[::1]:80"} {
		a := engine.AddressOf(netip.MustParseAddrPort(s))
		if got := a.AddrPort().String(); got != s || a.IsZero() {
			t.Errorf("got %s, want %s", got, s)
		}
	}
	var none engine.Address
	if !none.IsZero() || none.AddrPort().IsValid() {
		t.Errorf("got %s, want no address", none.AddrPort())
	}
}

// echo answers what comes to a socket.
type echo struct {
	w *engine.Worker
	s engine.Socket
	n int
}

func (o *echo) Receive(role uint8) {
	var from engine.Address
	n, e := o.s.ReceiveFrom(o.w.Buffer[:], &from)
	if e == 0 && role == 7 {
		o.n++
		o.s.SendTo(o.w.Buffer[:n], &from)
	}
}

func TestWatchAndForget(t *testing.T) {
	e, _ := start(t, config())
	pair, err := e.Ports.Pair(netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	w := e.Assign()
	o := &echo{w: w, s: engine.Socket(pair.RTP)}
	var slot engine.Slot
	run(w, func() {
		if slot, err = w.Watch(o.s, o, 7); err != nil {
			t.Error(err)
		}
	})
	c, err := net.Dial("udp", pair.Local().String()) //nolint:noctx // a plain client
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write([]byte("hello"))
	b := make([]byte, 10)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := c.Read(b); err != nil || string(b[:n]) != "hello" {
		t.Errorf("got %q, %v, want an echo", b[:n], err)
	}
	run(w, func() {
		w.Forget(o.s, slot)
		w.Forget(o.s, slot)
	})
	_, _ = c.Write([]byte("anybody?"))
	run(w, func() {})
	run(w, func() {
		if o.n != 1 {
			t.Errorf("got %d packets, want 1", o.n)
		}
		pair.Close()
	})
	if w := e.Ports.InUse(); w != 0 {
		t.Errorf("got %d ports in use, want 0", w)
	}
}
