package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// Line is one of the queues of timers a worker has. All timers of a line run
// equally long, so the first one is always the next one due.
type Line uint8

const (
	// Answered runs for two seconds: time enough for the first packet of a call.
	Answered Line = iota
	// Silent runs for Config.Timeout.
	Silent
	lines
)

// answeredAfter is how soon a fault is named (design.md section 3).
const answeredAfter = 2 * time.Second

// grain is how exact the timers of a line are: they ring together, to save wake-ups.
const grain = 50 * time.Millisecond

// Timer is an entry of a Line, to be kept inside what it belongs to. It is used on its worker alone.
type Timer struct {
	next, prev *Timer
	at         time.Duration
	ring       func()
}

type line struct {
	head  Timer // of a circular list
	after time.Duration
}

func (l *line) init() { l.head.next, l.head.prev = &l.head, &l.head }

// Arm rings t once on l, whatever line it was on before. It runs on the worker.
func (w *Worker) Arm(t *Timer, on Line, ring func()) {
	w.Disarm(t)
	l := &w.watches[on]
	if l.after <= 0 {
		return
	}
	t.at, t.ring = w.now+l.after, ring
	t.prev, t.next = l.head.prev, &l.head
	t.prev.next, t.next.prev = t, t
	if w.due == 0 || t.at < w.due {
		w.setAlarm(t.at)
	}
}

// Disarm takes t off its line; harmless when it is on none.
func (w *Worker) Disarm(t *Timer) {
	if t.next == nil {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev, t.ring = nil, nil, nil
}

// rung is called when the alarm goes off: what is due rings, and the alarm is set for what is next.
func (w *Worker) rung() {
	var b [8]byte
	_, _ = unix.Read(w.alarm, b[:])
	w.due = 0
	next := time.Duration(0)
	for i := range w.watches {
		l := &w.watches[i]
		for t := l.head.next; t != &l.head && t.at <= w.now; t = l.head.next {
			ring := t.ring
			w.Disarm(t)
			ring()
		}
		if t := l.head.next; t != &l.head && (next == 0 || t.at < next) {
			next = t.at
		}
	}
	if next != 0 && (w.due == 0 || next < w.due) {
		w.setAlarm(next)
	}
}

// setAlarm has the alarm go off at the end of the grain that at lies in. A
// timer that is disarmed leaves it set: it rings for nobody then, once.
func (w *Worker) setAlarm(at time.Duration) {
	if w.alarm < 0 {
		return
	}
	w.due = (at + grain).Truncate(grain)
	wait := unix.NsecToTimespec(int64(max(w.due-w.clock(), 1)))
	_ = unix.TimerfdSettime(w.alarm, 0, &unix.ItimerSpec{Value: wait}, nil)
}
