package engine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Receiver is what owns sockets on a worker.
type Receiver interface {
	// Receive is called on the worker when the socket of that role has a packet or an error waiting; it reads one.
	Receive(role uint8)
}

// Slot names a socket on a worker's epoll; the zero Slot is none.
type Slot struct {
	index      int32 // one more than the place in the slab
	generation int32
}

// Places of the worker's own descriptors, told apart from slots by their sign.
const (
	slotTick  int32 = -1
	slotAlarm int32 = -2
)

type slot struct {
	receiver   Receiver
	generation int32
	role       uint8
}

// Watch has r told whenever the socket can be read. It runs on the worker.
func (w *Worker) Watch(s Socket, r Receiver, role uint8) (Slot, error) {
	if n := len(w.unused); n == 0 {
		w.slots = append(w.slots, slot{})
		w.unused = append(w.unused, int32(len(w.slots)-1))
	}
	i := w.unused[len(w.unused)-1]
	e := &w.slots[i]
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: i, Pad: e.generation}
	if w.epoll >= 0 {
		if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, int(s), &ev); err != nil {
			return Slot{}, fmt.Errorf("worker %d: watch socket: %w", w.index, err)
		}
	}
	w.unused = w.unused[:len(w.unused)-1]
	e.receiver, e.role = r, role
	return Slot{index: i + 1, generation: e.generation}, nil
}

// Forget undoes Watch; events already reported for the slot are dropped. The
// socket must be still open. It runs on the worker and does nothing to a slot that is gone.
func (w *Worker) Forget(s Socket, at Slot) {
	if at.index == 0 || w.slots[at.index-1].generation != at.generation {
		return
	}
	if w.epoll >= 0 {
		_ = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, int(s), nil)
	}
	e := &w.slots[at.index-1]
	e.receiver = nil
	e.generation++
	w.unused = append(w.unused, at.index-1)
}
