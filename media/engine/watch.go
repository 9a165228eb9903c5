package engine

import "time"

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
}

// Disarm takes t off its line; harmless when it is on none.
func (w *Worker) Disarm(t *Timer) {
	if t.next == nil {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev, t.ring = nil, nil, nil
}

// expire rings what is due.
func (w *Worker) expire() {
	for i := range w.watches {
		l := &w.watches[i]
		for t := l.head.next; t != &l.head && t.at <= w.now; t = l.head.next {
			ring := t.ring
			w.Disarm(t)
			ring()
		}
	}
}

// patience is how long epoll may wait, in milliseconds: until the next timer, rounded up to the grain; -1 for ever.
func (w *Worker) patience() int {
	next := time.Duration(-1)
	for i := range w.watches {
		l := &w.watches[i]
		if t := l.head.next; t != &l.head && (next < 0 || t.at < next) {
			next = t.at
		}
	}
	if next < 0 {
		return -1
	}
	wait := max(0, next-w.clock())
	return int((wait + grain).Truncate(grain) / time.Millisecond)
}
