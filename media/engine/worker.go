package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MaxPacket is the largest datagram a worker reads whole, in bytes; longer ones are cut.
const MaxPacket = 2048

// eventsPerRound is how many ready sockets one epoll_wait reports at most.
const eventsPerRound = 512

// Worker is one event loop. What is said to run "on the worker" runs one at a
// time: on its goroutine, or on whoever gives it a command while that waits for packets.
type Worker struct {
	// Count is the worker's own count, published after each round.
	Count Counters
	now   time.Duration // since started, read once a round
	slots []slot

	index   int
	started time.Time
	hold    sync.Mutex // held by who is on the worker; taken until Serve runs
	epoll   int
	timer   int      // timerfd of the tick
	alarm   int      // timerfd of the lines of timers
	poll    *os.File // epoll, as Go's poller knows it
	unused  []int32  // slots that are free
	tick    tick
	watches [lines]line
	due     time.Duration // when alarm goes off; 0: it does not

	// Buffer is where a Receiver reads packets; its content lasts until Receive returns.
	Buffer [MaxPacket]byte
	// Scratch is a second one, for packets that are made and not rewritten.
	Scratch [MaxPacket]byte

	public public
	queue
	work []command // what is being worked on, from queue
	load int32     // streams assigned; guarded by the engine's mutex

	events [eventsPerRound]unix.EpollEvent
	ready  int           // how many of events the last look found
	errno  syscall.Errno // of that look
	parked bool          // the last look had to wait
}

func newWorker(index int) *Worker {
	w := &Worker{index: index, started: time.Now(), epoll: -1, timer: -1, alarm: -1}
	w.hold.Lock()
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
	if err := unix.SetNonblock(w.epoll, true); err != nil { // which is how os.NewFile knows what to poll
		return fmt.Errorf("worker %d: epoll: %w", w.index, err)
	}
	w.poll = os.NewFile(uintptr(w.epoll), "epoll")
	if w.timer, err = w.openTimer(slotTick); err != nil {
		return err
	}
	w.alarm, err = w.openTimer(slotAlarm)
	return err
}

func (w *Worker) openTimer(index int32) (int, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("worker %d: timerfd: %w", w.index, err)
	}
	if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: index}); err != nil {
		return fd, fmt.Errorf("worker %d: epoll: %w", w.index, err)
	}
	return fd, nil
}

func (w *Worker) close() {
	if w.poll != nil {
		_ = w.poll.Close()
	} else if w.epoll >= 0 {
		_ = unix.Close(w.epoll)
	}
	for _, fd := range []int{w.timer, w.alarm} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	w.epoll, w.timer, w.alarm = -1, -1, -1
}

// serve is the loop. It returns after ctx is done and the commands given by then have run.
func (w *Worker) serve(ctx context.Context) error {
	defer w.finish()
	if err := w.open(); err != nil {
		return err
	}
	raw, err := w.poll.SyscallConn()
	if err != nil {
		return fmt.Errorf("worker %d: epoll: %w", w.index, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = w.poll.SetReadDeadline(time.Unix(0, 1)) })
	defer stop()
	look := w.look // one closure for all rounds
	for ctx.Err() == nil {
		w.leave()
		w.parked = false
		err := raw.Read(look)
		w.hold.Lock()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err == nil && w.errno != 0:
			err = w.errno
		}
		if err != nil {
			return fmt.Errorf("worker %d: epoll_wait: %w", w.index, err)
		}
		w.now = w.clock()
		begun := w.now
		w.round(w.events[:w.ready])
		w.run()
		w.publish(w.clock() - begun)
		if !w.parked {
			runtime.Gosched() // packets never cease: calls want to be served, too
		}
	}
	return nil
}

// leave lets others on the worker, once what they posted meanwhile is done.
func (w *Worker) leave() {
	w.run()
	w.hold.Unlock()
	w.Wake()
}

// look asks epoll what is ready, without waiting: that is left to Go's poller, which knows of the epoll instance. False: nothing.
func (w *Worker) look(fd uintptr) bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&w.events)), eventsPerRound, 0, 0, 0)
	if errno == unix.EINTR || errno == 0 && n == 0 {
		w.parked = true
		return false
	}
	w.ready, w.errno = int(n), errno
	if errno != 0 {
		w.ready = 0
	}
	return true
}

// round serves every socket that has something to read once.
func (w *Worker) round(events []unix.EpollEvent) {
	for i := range events {
		ev := &events[i]
		switch ev.Fd {
		case slotTick:
			w.tick.due()
			continue
		case slotAlarm:
			w.rung()
			continue
		}
		// A slot may have been freed, or given to another, since epoll spoke.
		if s := &w.slots[ev.Fd]; s.generation == ev.Pad {
			s.receiver.Receive(s.role)
		}
	}
}

// finish leaves the worker to its callers: what is posted from here on runs where it is given.
func (w *Worker) finish() {
	w.run()
	w.tick.stop()
	w.close()
	w.leave()
}
