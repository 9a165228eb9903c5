package stream

import (
	"errors"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/relay"
)

// Errors of Bridge and Play.
var (
	ErrClosed  = media.ErrClosed
	ErrForeign = errors.New("streams of different engines")
	ErrCodec   = errors.New("no codec in common")
)

// Bridge relays packets between s and peer, both ways, in place of what either
// was bridged with or played. The error is ErrCodec when both have agreed with
// their parties and share no encoding of sound, ErrClosed when either is closed.
// A side that has agreed on nothing yet joins in when Apply says what it takes.
func (s *Stream) Bridge(peer media.Stream) error {
	p, ok := peer.(*Stream)
	if !ok || p.opener.engine != s.opener.engine {
		return ErrForeign
	}
	a, open1 := s.takes()
	b, open2 := p.takes()
	switch {
	case !open1 || !open2:
		return ErrClosed
	case len(a) > 0 && len(b) > 0 && !relay.Common(a, b):
		return ErrCodec
	}
	meet(s, p, s.opener.engine.Order())
	return nil
}

// takes is what the stream has agreed on; false once it is closed.
func (s *Stream) takes() ([]offer.Pair, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agreed, !s.gone
}

// Unbridge parts the stream from its peer.
func (s *Stream) Unbridge() {
	order := s.opener.engine.Order()
	s.do(func() {
		if order > s.joined {
			s.part()
			s.joined = order
		}
	})
}

// meet brings two streams onto one worker and joins them there. Whatever was
// asked for later has a higher order and wins, on whichever worker it is carried out first.
func meet(a, b *Stream, order uint64) {
	at, from := a.worker(), b.worker()
	if at == from {
		at.Post(a, func() { join(at, a, b, order) })
		at.Wake()
		return
	}
	b.do(func() { b.move(from, at, func() { join(at, a, b, order) }) })
}

// join runs on w, where both streams should be by now.
func join(w *engine.Worker, a, b *Stream, order uint64) {
	if !a.on(w) || !b.on(w) {
		meet(a, b, order) // one of them was moved on in the meantime
		return
	}
	if a.closed || b.closed || order < a.joined || order < b.joined {
		return
	}
	a.stop()
	b.stop()
	a.part()
	b.part()
	a.peer, b.peer = b, a
	a.joined, b.joined = order, order
	a.path.Reset()
	b.path.Reset()
	a.translate()
	b.translate()
}

// on reports whether the stream lives on w; if so, and on w, its fields may be used.
func (s *Stream) on(w *engine.Worker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.home == w && s.w == w
}

// part ends the bridge the stream is in, if any.
func (s *Stream) part() {
	p := s.peer
	if p == nil {
		return
	}
	s.peer, p.peer = nil, nil
	p.joined = max(p.joined, s.joined)
	s.translate()
	p.translate()
}

// decide settles whether packets of this party go to its peer, and of its peer to
// it. A way that opens again begins like a new source, so that nobody hears of what was dropped.
func (s *Stream) decide() {
	s.settle()
	if s.peer != nil && s.peer != s {
		s.peer.settle()
	}
}

func (s *Stream) settle() {
	was := s.open
	s.open, s.kind = false, noKind
	switch p := s.peer; {
	case p == nil:
		s.blocked = media.DropNoPeer
	case p.dumb:
		s.blocked = media.DropHeld
	case p.playing != nil || p.to.IsZero():
		s.blocked = media.DropNoPeer
	case s.muted:
		s.blocked = media.DropMuted
	default:
		s.open = true
	}
	if s.open && !was {
		s.path.Reset()
	}
}
