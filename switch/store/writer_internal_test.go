package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/sys/unix"

	"tandem/switch/call"
	"tandem/switch/cdr"
)

func openForTest(tb testing.TB, change func(*Config)) *Store {
	tb.Helper()
	cfg := Default()
	cfg.Path = filepath.Join(tb.TempDir(), "tandem.db")
	if change != nil {
		change(&cfg)
	}
	s, err := Open(context.Background(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() }) // the test may have closed it
	return s
}

func count(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		panic(err)
	}
	return m.GetCounter().GetValue()
}

func someCall(id string) cdr.Record {
	now := time.Now()
	return cdr.Record{Summary: call.Summary{ID: call.ID(id), Account: "ACa", From: "alice", To: "bob", Created: now, Answered: now, Ended: now}}
}

// hold keeps the writer inside a transaction until the test lets it go.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.writer.do(context.Background(), func(execer) error { close(entered); <-leave; return nil }, nil)
	})
	<-entered
	return sync.OnceFunc(func() { close(leave); wg.Wait() })
}

func TestFullQueueCountsAndNeverBlocks(t *testing.T) {
	s := openForTest(t, func(c *Config) { c.Queue = 64 })
	release := hold(t, s)
	defer release()
	for i := range 100 {
		if got, want := s.Full(), i >= 48; got != want {
			t.Fatalf("Full() behind %d rows = %v, want %v", i, got, want)
		}
		s.SaveCall(new(someCall(string(call.NewID()))))
	}
	if got := count(s.writer.metrics.lost); got != 36 {
		t.Errorf("lost %v rows, want 36", got)
	}
	release()
	if err := s.SetSetting(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	if s.Full() {
		t.Error("still full")
	}
	page, err := s.Calls(t.Context(), cdr.Query{})
	if err != nil || page.Total != 64 {
		t.Errorf("%d calls kept, want 64 (%v)", page.Total, err)
	}
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	s := openForTest(t, nil)
	release := hold(t, s)
	for range 2000 {
		s.SaveCall(new(someCall(string(call.NewID()))))
	}
	go release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := s.cfg
	again, err := Open(t.Context(), cfg, s.log, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() //nolint:errcheck // a test of what it holds
	page, err := again.Calls(t.Context(), cdr.Query{Limit: 1})
	if err != nil || page.Total != 2000 {
		t.Errorf("%d calls kept, want 2000 (%v)", page.Total, err)
	}
}

// brokenRow is a row the database does not take.
type brokenRow struct{}

func (brokenRow) statement(args []driver.Value) (string, []driver.Value) {
	return "INSERT INTO settings (name, value) VALUES (?, NULL)", append(args, "x")
}

func TestRowsOfAShortCallAreJoined(t *testing.T) {
	s := openForTest(t, nil)
	release := hold(t, s)
	began, ended := someCall("CA1"), someCall("CA1")
	began.Ended = time.Time{}
	s.SaveCall(new(began))
	s.SaveCall(new(someCall("CA2")))
	s.SaveCall(new(ended))
	batch := []task{<-s.writer.queue, <-s.writer.queue, <-s.writer.queue}
	release()
	w := &writer{last: map[call.ID]int{"CA2": 7}}
	w.join(batch)
	for i, want := range []bool{true, false, false} {
		if batch[i].joined != want {
			t.Errorf("row %d joined: %v, want %v", i, batch[i].joined, want)
		}
	}
}

func TestOneBadRowDoesNotHarmTheBatch(t *testing.T) {
	s := openForTest(t, nil)
	release := hold(t, s)
	s.SaveCall(new(someCall("CA1")))
	s.writer.save(brokenRow{})
	s.SaveCall(new(someCall("CA2")))
	release()
	refuse := errors.New("no")
	if err := s.writer.do(t.Context(), func(tx execer) error {
		if _, err := tx.Exec("DELETE FROM calls"); err != nil {
			return err
		}
		return refuse
	}, nil); !errors.Is(err, refuse) {
		t.Errorf("change that fails: %v", err)
	}
	page, err := s.Calls(t.Context(), cdr.Query{})
	if err != nil || page.Total != 2 {
		t.Errorf("%d calls kept, want 2 (%v)", page.Total, err)
	}
	if got := count(s.writer.metrics.lost); got != 1 {
		t.Errorf("lost %v rows, want 1", got)
	}
}

func TestRowsAreTriedAgainWhenTheCommitFails(t *testing.T) {
	s := openForTest(t, func(c *Config) { c.Busy = time.Millisecond })
	other, err := dial(s.cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()                        //nolint:errcheck // a test of its lock
	tx, err := other.BeginTx(t.Context(), nil) // immediate: nobody else can write
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(t.Context(), "a", "b"); err == nil {
		t.Error("a change was written in spite of the lock")
	}
	if _, ok := s.Setting("a"); ok {
		t.Error("a change that was not written is cached")
	}
	s.SaveCall(new(someCall("CA1")))
	for count(s.writer.metrics.failures) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(t.Context(), "a", "b"); err != nil {
		t.Error(err)
	}
	if _, ok, err := s.Call(t.Context(), "CA1"); !ok || err != nil {
		t.Errorf("the row was not tried again: %v", err)
	}
}

// BenchmarkSaveCall is the record of a call as it begins, is answered and ends,
// each in another batch, on top of those before: CPU time of all threads.
func BenchmarkSaveCall(b *testing.B) {
	s := openForTest(b, nil)
	const batch = 250
	list := make([]cdr.Record, batch)
	sync := func() {
		if err := s.SetSetting(context.Background(), "a", "b"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	n := 0
	began := spent()
	for b.Loop() {
		for i := range list {
			list[i] = someCall(string(call.NewID()))
			list[i].Parent, list[i].Ended = call.NewID(), time.Time{}
			s.SaveCall(new(list[i]))
		}
		sync()
		for _, r := range list {
			s.SaveAnswer(r.ID, r.Created, r.Created)
		}
		sync()
		for _, r := range list {
			r.Ended, r.Status = r.Created, call.StatusCompleted
			s.SaveCall(new(r))
		}
		sync()
		n += batch
	}
	b.ReportMetric(float64((spent()-began).Microseconds())/float64(n), "cpu-us/call")
}

// spent is the CPU time of the process.
func spent() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

func BenchmarkClient(b *testing.B) {
	s := openForTest(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		s.Client("alice")
	}
}
