package engine

import (
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wakeInterval is how often a worker is woken at most; commands in between share the next wake-up.
const wakeInterval = time.Millisecond

// command is a function to be run on the worker, and whose it is.
type command struct {
	owner any
	run   func()
}

// queue holds what others want done on a worker, in the order it was given.
type queue struct {
	mu       sync.Mutex
	commands []command
	spare    []command   // the slice before, to be filled again
	wake     int         // eventfd; -1 while the loop does not run
	woken    bool        // a wake-up is under way
	last     time.Time   // of the last wake-up
	delayed  *time.Timer // the wake-up that others wait for
	ended    bool        // the loop is over: whoever calls Wake runs the commands
	running  bool        // somebody does
}

// Post adds f, belonging to owner, behind all earlier commands. It runs nothing
// itself, so it may be called with locks held that f takes; Wake must follow.
func (w *Worker) Post(owner any, f func()) {
	w.mu.Lock()
	w.commands = append(w.commands, command{owner, f})
	w.mu.Unlock()
}

// Wake makes the worker run what was posted: at once, or within a millisecond
// when it was woken just before. After Serve has returned it runs the commands itself.
func (w *Worker) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ended:
		w.drain()
	case w.wake < 0 || w.woken:
	default:
		w.woken = true
		if wait := wakeInterval - time.Since(w.last); wait > 0 {
			if w.delayed == nil {
				w.delayed = time.AfterFunc(wait, w.signal)
			} else {
				w.delayed.Reset(wait)
			}
			return
		}
		w.signalLocked()
	}
}

// Take removes and returns the commands of owner that have not run yet, in
// order. It runs on the worker, when owner moves to another.
func (w *Worker) Take(owner any) []func() {
	var taken []func()
	pick := func(list []command) {
		for i := range list {
			if list[i].owner == owner {
				taken = append(taken, list[i].run)
				list[i] = command{nil, func() {}}
			}
		}
	}
	pick(w.work)
	w.mu.Lock()
	pick(w.commands)
	w.mu.Unlock()
	return taken
}

// Here reports whether the caller runs on the worker.
func (w *Worker) Here() bool { return w.thread.Load() == int32(unix.Gettid()) }

// run runs what was posted so far, and what that posted.
func (w *Worker) run() {
	for {
		w.mu.Lock()
		w.work, w.commands, w.spare = w.commands, w.spare[:0], nil
		w.mu.Unlock()
		if len(w.work) == 0 {
			w.spare = w.work
			return
		}
		w.runWork()
	}
}

func (w *Worker) runWork() {
	all := w.work
	for i := range all {
		w.work = all[i+1:]
		all[i].run()
		all[i] = command{}
	}
	w.work = nil
	w.mu.Lock()
	w.spare = all[:0]
	w.mu.Unlock()
}

// drain runs commands on the caller once the loop is over. The lock is held on entry and exit, not while they run.
func (w *Worker) drain() {
	if w.running {
		return // whoever does will see them
	}
	w.running = true
	for len(w.commands) > 0 {
		w.mu.Unlock()
		w.now = w.clock()
		w.run()
		w.publish(0)
		w.mu.Lock()
	}
	w.running = false
}

func (q *queue) opened(wake int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake = wake
}

// closed takes the eventfd away and returns it.
func (q *queue) closed() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	wake := q.wake
	q.wake = -1
	if q.delayed != nil {
		q.delayed.Stop()
	}
	return wake
}

func (q *queue) over(w *Worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	w.drain()
}

// awake is called on the worker when the eventfd fires.
func (q *queue) awake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	var b [8]byte
	_, _ = unix.Read(q.wake, b[:])
	q.woken = false
}

func (q *queue) signal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.signalLocked()
}

func (q *queue) signalLocked() {
	if q.wake < 0 {
		return
	}
	q.last = time.Now()
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(q.wake, one[:]) // fails only when it is full, and then it fires anyway
}
