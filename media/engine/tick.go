package engine

import (
	"encoding/binary"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Tick is the step in which generated audio is sent.
const Tick = 20 * time.Millisecond

// maxBehind is how many ticks are made good after the worker was kept from running; what is older is lost.
const maxBehind = 10

// Ticker is what sends generated audio on a worker.
type Ticker interface {
	// Tick is called on the worker every 20 ms, with the number of ticks since
	// the last call (more than one when the worker was late), until it returns false.
	Tick(n int) bool
}

// tick is a worker's timer: a timerfd, which keeps its phase whatever the
// worker does, armed only while somebody listens.
type tick struct {
	w       *Worker
	tickers []Ticker
	armed   bool
}

// Start has t called every 20 ms. It runs on the worker; t must not be started already.
func (w *Worker) Start(t Ticker) {
	w.tick.tickers = append(w.tick.tickers, t)
	if !w.tick.armed {
		w.tick.arm(Tick)
	}
}

// Withdraw ends the calls of t at once, which matters only when t leaves the
// worker: a Ticker that is done returns false. It runs on the worker, not within a tick.
func (w *Worker) Withdraw(t Ticker) {
	w.tick.tickers = slices.DeleteFunc(w.tick.tickers, func(o Ticker) bool { return o == t })
}

func (t *tick) arm(every time.Duration) {
	t.armed = every > 0
	if t.w.timer < 0 {
		t.armed = false
		return
	}
	v := unix.NsecToTimespec(int64(every))
	_ = unix.TimerfdSettime(t.w.timer, 0, &unix.ItimerSpec{Interval: v, Value: v}, nil)
}

func (t *tick) stop() { t.arm(0) }

// due runs the ticks that have passed.
func (t *tick) due() {
	var b [8]byte
	if n, _ := unix.Read(t.w.timer, b[:]); n != len(b) {
		return
	}
	passed := int(min(binary.NativeEndian.Uint64(b[:]), maxBehind))
	list := t.tickers
	kept := list[:0]
	for _, k := range list {
		if k.Tick(passed) {
			kept = append(kept, k)
		}
	}
	clear(list[len(kept):])
	t.tickers = kept
	if len(kept) == 0 {
		t.stop()
	}
}
