package transaction_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"tandem/switch/transaction"
)

const tick = 10 * time.Millisecond

// roundUp is when a timer set for at fires at the earliest.
func roundUp(at time.Duration) time.Duration { return (at + tick - 1) / tick * tick }

// Random sets, resets, stops and steps of the clock against a map that says what must have happened.
func TestWheelAgainstModel(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := new(transaction.Wheel)
		entries := make([]transaction.Entry, 300)
		due := map[*transaction.Entry]time.Duration{} // the model
		var now time.Duration
		scale := []time.Duration{20 * tick, 40 * time.Second, 3 * time.Hour, 200 * time.Hour}
		for range 3000 {
			e := &entries[r.IntN(len(entries))]
			switch r.IntN(4) {
			case 0, 1:
				at := now + rand.N(scale[r.IntN(len(scale))])
				w.Set(e, at)
				due[e] = max(roundUp(at), now/tick*tick+tick)
			case 2:
				w.Stop(e)
				delete(due, e)
			case 3:
				now += rand.N(scale[r.IntN(len(scale))] / 50)
				var last time.Duration
				w.Advance(now, func(e *transaction.Entry) {
					at, ok := due[e]
					if !ok {
						t.Fatalf("seed %d: a stopped timer fired", seed)
					}
					if at > now {
						t.Fatalf("seed %d: fired at %v, %v early", seed, now, at-now)
					}
					if at < last {
						t.Fatalf("seed %d: %v fired behind %v", seed, at, last)
					}
					last = at
					delete(due, e)
				})
				check(t, w, due, now)
			}
		}
	}
}

// check wants nothing overdue, every set timer running and Next not beyond the earliest.
func check(t *testing.T, w *transaction.Wheel, due map[*transaction.Entry]time.Duration, now time.Duration) {
	t.Helper()
	if w.Len() != len(due) {
		t.Fatalf("%d timers run, want %d", w.Len(), len(due))
	}
	next, ok := w.Next()
	if ok != (len(due) > 0) {
		t.Fatalf("next %v, %v with %d timers", next, ok, len(due))
	}
	for e, at := range due {
		if at <= now {
			t.Fatalf("a timer due at %v has not fired by %v", at, now)
		}
		if !e.Running() {
			t.Fatal("a set timer does not run")
		}
		if next > at {
			t.Fatalf("next is %v, beyond a timer due at %v", next, at)
		}
	}
	if ok && next <= now/tick*tick {
		t.Fatalf("next is %v at %v: the owner would spin", next, now)
	}
}

func TestWheelFollowingNext(t *testing.T) {
	for _, at := range []time.Duration{1, tick, 630 * ms, 640 * ms, 650 * ms, 41 * time.Second, time.Hour, 100 * time.Hour} {
		w := new(transaction.Wheel)
		w.Advance(123*tick, nil)
		e := transaction.Entry{Owner: "me"}
		w.Set(&e, 123*tick+at)
		var fired time.Duration
		for wakes := 0; w.Len() > 0; wakes++ {
			now, _ := w.Next()
			w.Advance(now, func(e *transaction.Entry) {
				fired = now
				if e.Owner != "me" || e.Running() {
					t.Errorf("owner %v, running %v", e.Owner, e.Running())
				}
			})
			if wakes > 20 {
				t.Fatalf("%v: more than 20 wakes", at)
			}
		}
		if want := 123*tick + roundUp(at); fired != want {
			t.Errorf("%v ahead: fired at %v, want %v", at, fired, want)
		}
	}
}

func TestWheelPastAndFuture(t *testing.T) {
	w := new(transaction.Wheel)
	w.Advance(time.Minute, nil)
	var past, never transaction.Entry
	w.Set(&past, time.Second)
	w.Set(&never, 1<<63-1)
	if next, ok := w.Next(); !ok || next != time.Minute+tick {
		t.Errorf("next %v, %v, want the next tick", next, ok)
	}
	fired := 0
	w.Advance(time.Minute+tick, func(*transaction.Entry) { fired++ })
	w.Advance(1000*time.Hour, func(*transaction.Entry) { fired++ })
	if fired != 1 || !never.Running() {
		t.Errorf("%d fired, want 1; the far one runs: %v", fired, never.Running())
	}
	w.Advance(time.Second, func(*transaction.Entry) { t.Error("a clock that went back fired something") })
}

func TestWheelSetAndStopWhileFiring(t *testing.T) {
	w := new(transaction.Wheel)
	var again, victim, late transaction.Entry
	w.Set(&again, tick)
	w.Set(&victim, tick)
	w.Set(&late, 2*tick)
	var order []string
	w.Advance(10*tick, func(e *transaction.Entry) {
		switch e {
		case &again:
			order = append(order, "again")
			w.Stop(&victim)
			if len(order) == 1 {
				w.Set(&again, 0) // in the past: the next tick, behind late
			}
		case &late:
			order = append(order, "late")
		default:
			t.Error("a timer stopped by one of the same tick fired")
		}
	})
	if len(order) != 3 || order[0] != "again" || order[1] != "late" || order[2] != "again" {
		t.Errorf("fired %v", order)
	}
	if w.Len() != 0 {
		t.Errorf("%d left", w.Len())
	}
}

func TestWheelAllocatesNothing(t *testing.T) {
	w := new(transaction.Wheel)
	entries := make([]transaction.Entry, 1000)
	var now time.Duration
	fire := func(*transaction.Entry) {}
	if n := testing.AllocsPerRun(10, func() {
		for i := range entries {
			w.Set(&entries[i], now+time.Duration(i)*37*ms)
		}
		w.Stop(&entries[0])
		now += 10 * time.Second
		w.Advance(now, fire)
		w.Next()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// One of 100,000 running timers is set anew.
func BenchmarkWheelSet(b *testing.B) {
	w := new(transaction.Wheel)
	entries := make([]transaction.Entry, 100_000)
	for i := range entries {
		w.Set(&entries[i], rand.N(32*time.Second))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Set(&entries[i%len(entries)], time.Duration(i%32000)*ms)
	}
}

// A timer's whole life: set 32 s ahead, sorted down, fired.
func BenchmarkWheelLife(b *testing.B) {
	w := new(transaction.Wheel)
	entries := make([]transaction.Entry, 32_000)
	var now time.Duration
	fire := func(*transaction.Entry) {}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now += ms
		w.Set(&entries[i%len(entries)], now+31*time.Second)
		w.Advance(now, fire)
	}
}
