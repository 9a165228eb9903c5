package transaction

import (
	"math/bits"
	"time"
)

const (
	tick      = 10 * time.Millisecond
	levels    = 4 // 64 ticks each of 10 ms, 640 ms, 41 s, 44 min; what lies further waits in the last and is sorted again
	slotBits  = 6
	slots     = 1 << slotBits
	horizon   = 1<<(levels*slotBits) - 1 // ticks
	firing    = levels * slots           // the list Advance works off
	unlinked  = 0                        // Entry.list: 0, so that the zero Entry is a stopped one
	listCount = firing + 1
)

// Entry is one timer, embedded in what it times. The zero Entry is stopped. An entry must not be copied while set.
type Entry struct {
	// Owner is the caller's, to find its way back from the entry.
	Owner any

	next, prev *Entry
	due        int64  // ticks
	list       uint16 // index into Wheel.lists, plus one
}

// Running reports whether the timer is set and has not fired.
func (e *Entry) Running() bool { return e.list != unlinked }

// Wheel runs timers with a granularity of 10 ms: never early, at most one tick late. It is
// hierarchical: setting and stopping cost the same however many timers run. It
// allocates nothing. The zero Wheel stands at time zero. One goroutine uses it.
type Wheel struct {
	now      int64 // ticks; everything due by it has fired
	occupied [levels]uint64
	lists    [listCount]struct{ head, tail *Entry }
	count    int
}

// Len is how many timers run.
func (w *Wheel) Len() int { return w.count }

// Set makes e fire at the given instant, instead of any set before. An instant in the past fires with the next tick.
func (w *Wheel) Set(e *Entry, at Time) {
	w.Stop(e)
	due := int64(at / tick)
	if at%tick > 0 {
		due++ // never early
	}
	e.due = max(due, w.now+1)
	w.place(e)
	w.count++
}

// Stop keeps e from firing. Stopping a stopped entry does nothing.
func (w *Wheel) Stop(e *Entry) {
	if e.list != unlinked {
		w.unlink(e)
		w.count--
	}
}

// Advance fires all timers due by now, in order of their ticks and, within a tick, of being set unless
// they waited in different levels. The entry is stopped when fire is called, which may set
// and stop any entry; what it sets fires in a later tick.
func (w *Wheel) Advance(now Time, fire func(*Entry)) {
	target := int64(now / tick)
	for {
		level, slot, due := w.earliest()
		if level < 0 || due > target {
			break
		}
		w.now = max(w.now, due)
		w.take(level*slots + slot)
		for e := w.lists[firing].head; e != nil; e = w.lists[firing].head {
			w.unlink(e)
			if e.due > w.now {
				w.place(e) // one level down
				continue
			}
			w.count--
			fire(e)
		}
	}
	w.now = max(w.now, target)
}

// Next is when Advance has something to do: a timer to fire or, for one that is far away, to sort again.
// False: no timer runs.
func (w *Wheel) Next() (Time, bool) {
	level, _, due := w.earliest()
	return Time(due) * tick, level >= 0
}

// earliest finds the first slot that is due. Lower levels always come before higher ones.
func (w *Wheel) earliest() (level, slot int, due int64) {
	for level, set := range w.occupied {
		if set == 0 {
			continue
		}
		shift := level * slotBits
		at := int(w.now>>shift) & (slots - 1)
		ahead := bits.TrailingZeros64(bits.RotateLeft64(set, -at))
		due := (w.now>>shift + int64(ahead)) << shift
		return level, (at + ahead) & (slots - 1), due
	}
	return -1, 0, 0
}

// place links e by the highest digit in which its tick differs from now: that is the level where it waits.
func (w *Wheel) place(e *Entry) {
	due := min(e.due, w.now+horizon/2)
	level := min(max(bits.Len64(uint64(w.now^due))-1, 0)/slotBits, levels-1)
	w.link(e, level*slots+int(due>>(level*slotBits))&(slots-1))
	w.occupied[level] |= 1 << (due >> (level * slotBits) & (slots - 1))
}

func (w *Wheel) link(e *Entry, list int) {
	l := &w.lists[list]
	e.list, e.next, e.prev = uint16(list+1), nil, l.tail
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.next = e
	}
	l.tail = e
}

func (w *Wheel) unlink(e *Entry) {
	list := int(e.list - 1)
	l := &w.lists[list]
	if e.prev == nil {
		l.head = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.tail = e.prev
	} else {
		e.next.prev = e.prev
	}
	if l.head == nil && list != firing {
		w.occupied[list/slots] &^= 1 << (list % slots)
	}
	e.list, e.next, e.prev = unlinked, nil, nil
}

// take moves a slot's whole list to the firing list, which is empty.
func (w *Wheel) take(list int) {
	w.lists[firing], w.lists[list] = w.lists[list], w.lists[firing]
	w.occupied[list/slots] &^= 1 << (list % slots)
	for e := w.lists[firing].head; e != nil; e = e.next {
		e.list = firing + 1
	}
}
