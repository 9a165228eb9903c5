package engine

import "sync"

// command is a function to be run on the worker, and whose it is.
type command struct {
	owner any
	run   func()
}

// queue holds what others want done on a worker, in the order it was given.
type queue struct {
	mu       sync.Mutex
	commands []command
	spare    []command // the slice before, to be filled again
}

// Post adds f, belonging to owner, behind all earlier commands. It runs nothing
// itself, so it may be called with locks held that f takes; Wake must follow.
func (w *Worker) Post(owner any, f func()) {
	w.mu.Lock()
	w.commands = append(w.commands, command{owner, f})
	w.mu.Unlock()
}

// Wake has run what was posted: by the caller before it returns, or, while
// somebody else is on the worker, by that one before it leaves. The loop itself
// need not wake up for it.
func (w *Worker) Wake() {
	for w.pending() && w.hold.TryLock() {
		w.now = w.clock()
		begun := w.now
		w.run()
		w.publish(w.clock() - begun)
		w.hold.Unlock()
	}
}

func (w *Worker) pending() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.commands) > 0
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
