package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// MaxPacket is the largest datagram a worker reads whole, in bytes; longer ones are cut.
const MaxPacket = 2048

// eventsPerRound is how many ready sockets one epoll_wait reports at most.
const eventsPerRound = 512

// Worker is one event loop. What is said to run "on the worker" runs on its one
// goroutine, or, once Serve has returned, one at a time on whoever calls.
type Worker struct {
	// Count is the worker's own count, published after each round.
	Count Counters
	now   time.Duration // since started, read once a round
	slots []slot

	index   int
	started time.Time
	thread  atomic.Int32 // the OS thread it is locked to
	epoll   int
	timer   int     // timerfd of the tick
	unused  []int32 // slots that are free
	tick    tick
	watches [lines]line

	// Buffer is where a Receiver reads packets; its content lasts until Receive returns.
	Buffer [MaxPacket]byte
	// Scratch is a second one, for packets that are made and not rewritten.
	Scratch [MaxPacket]byte

	public public
	queue
	work []command // what the loop is working on, from queue
	load int32     // streams assigned; guarded by the engine's mutex
}

func newWorker(index int) *Worker {
	w := &Worker{index: index, started: time.Now(), epoll: -1, timer: -1}
	w.wake = -1
	w.tick.w = w
	for i := range w.watches {
		w.watches[i].init()
	}
	return w
}

// Now is the monotonic time since the worker was made, as of the current round.
func (w *Worker) Now() time.Duration { return w.now }

func (w *Worker) clock() time.Duration { return time.Since(w.started) }

// open makes the kernel's objects; close gives them back.
func (w *Worker) open() error {
	var err error
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("worker %d: epoll: %w", w.index, err)
	}
	if w.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return fmt.Errorf("worker %d: timerfd: %w", w.index, err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("worker %d: eventfd: %w", w.index, err)
	}
	for fd, index := range map[int]int32{wake: slotWake, w.timer: slotTick} {
		if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: index}); err != nil {
			return fmt.Errorf("worker %d: epoll: %w", w.index, err)
		}
	}
	w.opened(wake)
	return nil
}

func (w *Worker) close() {
	for _, fd := range []int{w.epoll, w.timer, w.closed()} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	w.epoll, w.timer = -1, -1
}

// serve is the loop. It returns after ctx is done and the commands given by then have run.
func (w *Worker) serve(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w.thread.Store(int32(unix.Gettid()))
	defer w.finish()
	if err := w.open(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, w.Wake)
	defer stop()
	events := make([]unix.EpollEvent, eventsPerRound)
	for {
		w.now = w.clock()
		begun := w.now
		w.run()
		if ctx.Err() != nil {
			return nil
		}
		w.publish(w.clock() - begun)
		n, err := unix.EpollWait(w.epoll, events, w.patience())
		if err != nil && err != unix.EINTR { //nolint:errorlint // an Errno
			return fmt.Errorf("worker %d: epoll_wait: %w", w.index, err)
		}
		w.now = w.clock()
		begun = w.now
		if n > 0 {
			w.round(events[:n])
		}
		w.expire()
		w.publish(w.clock() - begun)
	}
}

// round serves every socket that has something to read once.
func (w *Worker) round(events []unix.EpollEvent) {
	for i := range events {
		ev := &events[i]
		if ev.Fd < 0 {
			w.special(ev.Fd)
			continue
		}
		// A slot may have been freed, or given to another, earlier in this round.
		if s := &w.slots[ev.Fd]; s.generation == ev.Pad {
			s.receiver.Receive(s.role)
		}
	}
}

func (w *Worker) special(index int32) {
	if index == slotWake {
		w.awake()
		return
	}
	w.tick.due()
}

// finish leaves the worker to its callers: from here on commands run where they are given.
func (w *Worker) finish() {
	w.run()
	w.tick.stop()
	w.close()
	w.thread.Store(0)
	w.over(w)
}
