package script

import "sync"

// pool keeps states for the next calls: making one takes five times as long as running a small script.
type pool struct {
	keep int
	make func() *state

	mu   sync.Mutex
	idle []*state
}

func (p *pool) get() *state {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		return s
	}
	return p.make()
}

// put takes a state back whose script ended well; nothing of that script is left in it.
func (p *pool) put(s *state) {
	s.l.RemoveContext()
	s.l.SetTop(0)
	s.clean()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < p.keep {
		p.idle = append(p.idle, s)
		return
	}
	s.l.Close()
}
