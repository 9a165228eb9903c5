package transaction_test

import (
	"fmt"
	"testing"
	"time"

	"tandem/switch/transaction"
)

const (
	ms   = time.Millisecond
	t1   = 500 * ms
	end  = 64 * t1
	none = transaction.Act(0)

	send    = transaction.Send
	resend  = transaction.Resend
	deliver = transaction.Deliver
	ack     = transaction.Ack
	trying  = transaction.Trying
	timeout = transaction.Timeout
	done    = transaction.Done
)

// machine is what the four have in common; the rest is asked for by event name.
type machine interface {
	State() transaction.State
	Next() (transaction.Time, bool)
	Fire(now transaction.Time) transaction.Act
	Fail() transaction.Act
}

// step is one event with what the figure says about it.
type step struct {
	event string // "300" (a response came in), "<300" (the user responds), "request", "ack", "fire" (at Next), "fail", "cancel"
	at    time.Duration
	want  transaction.Act
	state transaction.State
}

func (s step) do(m machine, now transaction.Time) transaction.Act {
	var code int
	switch s.event {
	case "fire":
		return m.Fire(now)
	case "fail":
		return m.Fail()
	case "cancel":
		m.(*transaction.ClientInvite).Cancel(now)
		return 0
	case "request":
		return m.(interface {
			Request(transaction.Time) transaction.Act
		}).Request(now)
	case "ack":
		return m.(*transaction.ServerInvite).Ack(now)
	}
	if n, _ := fmt.Sscanf(s.event, "<%d", &code); n == 1 {
		return m.(interface {
			Respond(int, transaction.Time) transaction.Act
		}).Respond(code, now)
	}
	if n, _ := fmt.Sscanf(s.event, "%d", &code); n != 1 {
		panic("no such event: " + s.event)
	}
	return m.(interface {
		Response(int, transaction.Time) transaction.Act
	}).Response(code, now)
}

// run plays the steps. A "fire" step happens when the machine asks for it, which must be at the step's time; between
// steps no timer may be due.
func run(t *testing.T, m machine, steps []step) {
	t.Helper()
	for i, s := range steps {
		next, ok := m.Next()
		if s.event == "fire" && (!ok || next != s.at) {
			t.Fatalf("step %d: next timer %v, %v, want %v", i, next, ok, s.at)
		}
		if ok && next < s.at {
			t.Fatalf("step %d (%s): a timer is due at %v, before %v", i, s.event, next, s.at)
		}
		if early := s.at - ms; s.event == "fire" {
			if a := m.Fire(early); a != none {
				t.Fatalf("step %d: fired %v a millisecond early", i, a)
			}
		}
		if a := s.do(m, s.at); a != s.want {
			t.Fatalf("step %d (%s at %v): acts %v, want %v", i, s.event, s.at, a, s.want)
		}
		if st := m.State(); st != s.state {
			t.Fatalf("step %d (%s at %v): state %v, want %v", i, s.event, s.at, st, s.state)
		}
	}
	if m.State() == transaction.StateTerminated {
		if at, ok := m.Next(); ok {
			t.Fatalf("terminated, but a timer runs until %v", at)
		}
	}
}

type scenario struct {
	name     string
	reliable bool
	steps    []step
}

func play(t *testing.T, start func(reliable bool) machine, table []scenario) {
	t.Helper()
	for _, sc := range table {
		t.Run(sc.name, func(t *testing.T) { run(t, start(sc.reliable), sc.steps) })
	}
}

var timers = transaction.DefaultTimers()

func TestTimersValidate(t *testing.T) {
	if err := timers.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	bad := timers
	bad.T1, bad.D = 0, -1
	if err := bad.Validate(); err == nil {
		t.Error("zero T1 and negative D are taken")
	}
	bad = timers
	bad.T2 = bad.T1 - 1
	if err := bad.Validate(); err == nil {
		t.Error("T2 below T1 is taken")
	}
}

func TestNames(t *testing.T) {
	if got := (deliver | ack | done).String(); got != "deliver+ack+done" {
		t.Errorf("acts %q", got)
	}
	if got := none.String(); got != "none" {
		t.Errorf("no acts %q", got)
	}
	if got := transaction.StateAccepted.String(); got != "accepted" {
		t.Errorf("state %q", got)
	}
	if !(deliver | done).Has(done) || deliver.Has(done) {
		t.Error("Has is wrong")
	}
}
