package stream

import "tandem/media/engine"

// attach puts the stream on w: it runs there.
func (s *Stream) attach(w *engine.Worker) {
	if s.closed {
		return
	}
	s.mu.Lock()
	s.w = w
	s.mu.Unlock()
	var err error
	if s.slot, err = w.Watch(s.rtp, s, roleRTP); err == nil && s.pair.RTCP >= 0 {
		s.ctrl, err = w.Watch(s.ctrlSocket(), s, roleRTCP)
	}
	if err != nil {
		s.opener.engine.Log.Error("stream cannot be watched", "err", err) // the kernel is out of memory or watches
	}
	if s.ticking {
		w.Start(s)
	}
	s.observe()
}

// move takes the stream from one worker to another, with all commands that wait
// for it, and has then run there before them. It runs on from.
func (s *Stream) move(from, to *engine.Worker, then func()) {
	s.mu.Lock()
	here := s.home == from && s.w == from
	s.mu.Unlock()
	if !here {
		to.Post(s, then) // it looks for itself where the stream is
		to.Wake()
		return
	}
	if s.closed {
		return
	}
	s.part()
	from.Disarm(&s.timer)
	from.Forget(s.rtp, s.slot)
	from.Forget(s.ctrlSocket(), s.ctrl)
	if s.ticking {
		from.Withdraw(s)
	}
	s.mu.Lock()
	s.home, s.w = to, nil
	to.Post(s, func() { s.attach(to) })
	to.Post(s, then)
	for _, f := range from.Take(s) {
		to.Post(s, f)
	}
	s.mu.Unlock()
	s.opener.engine.Shift(from, to)
	to.Wake()
}
