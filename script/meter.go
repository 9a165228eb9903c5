package script

import (
	"context"
	"errors"
	"reflect"
	"runtime/metrics"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Why a script was stopped.
var (
	ErrInstructions = errors.New("too many instructions without a pause")
	ErrTime         = errors.New("computing for too long without a pause")
	ErrMemory       = errors.New("too much memory")
)

// glance is how many instructions pass between two looks at clock and memory.
const glance = 512

// growth is how many bytes the process may allocate before a busy script's memory is measured.
const growth = 8 << 20

// meter is the context a script runs in. The virtual machine asks Done before each instruction, on the
// script's own goroutine: there the meter counts, and ends when a limit is reached. Nobody else uses it.
type meter struct {
	context.Context // of the plan
	cfg             *Config
	state           *lua.LState
	globals         *lua.LTable

	count   int64     // instructions since the last wait
	until   time.Time // when computing has lasted too long
	next    int64     // count of the next glance
	charged int64     // bytes of strings made since the last measurement
	held    int64     // bytes the script held at the last measurement
	sample  [1]metrics.Sample
	allocs  uint64 // of the process, at the last measurement
	err     error  // why the script was stopped
	run     *run
}

var stopped = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func newMeter(ctx context.Context, cfg *Config, l *lua.LState) *meter {
	m := &meter{Context: ctx, cfg: cfg, state: l}
	m.sample[0].Name = "/gc/heap/allocs:bytes"
	m.rest()
	return m
}

// rest begins a new span of computing: the script has waited for something.
func (m *meter) rest() {
	m.count, m.next = 0, glance
	m.until = time.Now().Add(m.cfg.MaxTime)
	m.allocs = m.allocated()
}

// Done counts an instruction.
func (m *meter) Done() <-chan struct{} {
	if m.err != nil {
		return stopped
	}
	if m.count++; m.count >= m.next {
		if m.look(); m.err != nil {
			return stopped
		}
	}
	return m.Context.Done()
}

// Err says why Done is closed.
func (m *meter) Err() error {
	if m.err != nil {
		return m.err
	}
	if m.Context.Err() != nil {
		return context.Cause(m.Context)
	}
	return nil
}

// spend counts work that one instruction does by itself, and stops the script when it is too much.
func (m *meter) spend(l *lua.LState, steps int) {
	m.count += int64(steps)
	if m.count < m.next {
		return
	}
	if m.look(); m.Err() != nil {
		l.RaiseError("%s", m.Err().Error())
	}
}

// charge counts a string that is made.
func (m *meter) charge(l *lua.LState, bytes int) {
	if bytes > m.cfg.MaxString {
		l.RaiseError("string of %d bytes is too long", bytes)
	}
	m.charged += int64(bytes)
	m.spend(l, bytes/64)
	if m.charged > m.due() {
		m.measure()
	}
}

// look checks what is too dear to check before each instruction.
func (m *meter) look() {
	m.next = m.count + glance
	switch {
	case m.count > m.cfg.MaxInstructions:
		m.err = ErrInstructions
	case time.Now().After(m.until):
		m.err = ErrTime
	case m.allocated()-m.allocs > uint64(m.due()): //nolint:gosec // never negative
		m.measure()
	}
}

// due is how many bytes may come to be before the next measurement: the more there is to measure, the rarer it happens.
func (m *meter) due() int64 { return max(growth, m.held) }

func (m *meter) allocated() uint64 {
	metrics.Read(m.sample[:])
	return m.sample[0].Value.Uint64()
}

// measure adds up what the script can reach.
func (m *meter) measure() {
	w := walk{left: m.cfg.MaxMemory, seen: map[any]bool{}}
	if m.globals != nil {
		w.value(m.globals)
	}
	for level := 0; w.left > 0; level++ {
		frame, ok := m.state.GetStack(level)
		if !ok {
			break
		}
		for i := 1; ; i++ {
			name, v := m.state.GetLocal(frame, i)
			if name == "" {
				break
			}
			w.value(v)
		}
	}
	w.drain()
	if w.left <= 0 {
		m.err = ErrMemory
	}
	m.held = m.cfg.MaxMemory - w.left
	m.charged, m.allocs = 0, m.allocated() // measuring takes memory, too
}

// walk adds up the values that can be reached from others, each once.
type walk struct {
	left  int64 // bytes until it is too much
	seen  map[any]bool
	queue []lua.LValue
}

// value counts v; what v leads to waits in the queue, so that deep structures need no deep stack.
func (w *walk) value(v lua.LValue) {
	switch v := v.(type) {
	case lua.LString:
		w.left -= int64(len(v)) + 16
	case *lua.LTable:
		if v != nil && !w.seen[v] {
			w.seen[v] = true
			w.left -= tableSize(v)
			w.queue = append(w.queue, v)
		}
	case *lua.LFunction:
		if v != nil && !w.seen[v] {
			w.seen[v] = true
			w.left -= 64 + 48*int64(len(v.Upvalues))
			w.queue = append(w.queue, v)
		}
	}
}

func (w *walk) drain() {
	for len(w.queue) > 0 && w.left > 0 {
		v := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		switch v := v.(type) {
		case *lua.LTable:
			v.ForEach(func(key, value lua.LValue) { w.value(key); w.value(value) })
			w.value(v.Metatable)
		case *lua.LFunction:
			if v.Env != nil {
				w.value(v.Env)
			}
			for _, u := range v.Upvalues {
				w.value(u.Value())
			}
		}
	}
}

// tableSize is what a table itself takes. Its parts are private, but their sizes can be seen.
func tableSize(t *lua.LTable) int64 {
	const valueSize, entrySize = 16, 64
	size := int64(160)
	for _, f := range reflect.ValueOf(t).Elem().Fields() {
		switch f.Kind() {
		case reflect.Slice:
			size += valueSize * int64(f.Cap())
		case reflect.Map:
			size += entrySize * int64(f.Len())
		}
	}
	return size
}
