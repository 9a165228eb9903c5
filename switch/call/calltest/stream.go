package calltest

import (
	"errors"
	"sync"
	"time"

	"tandem/media"
)

// ErrClosed is what a closed stream answers.
var ErrClosed = media.ErrClosed

// Stream remembers what was asked of it. A prompt lasts as long as its samples say, on the test's clock.
type Stream struct {
	Refuses  error  // what Bridge returns
	OnBridge func() // called when the stream was bridged; nil: nobody is

	mu     sync.Mutex
	peer   *Stream
	muted  bool
	closed bool
	plays  int
	play   *playing
}

type playing struct {
	began time.Time
	timer *time.Timer // nil: endless
	done  func(time.Duration, bool)
}

// one lock for the two sides of all bridges: tests are small
var bridges sync.Mutex

// NewStream returns a silent stream.
func NewStream() *Stream { return &Stream{} }

// Bridge joins both sides; a former peer is parted.
func (s *Stream) Bridge(peer media.Stream) error {
	o, ok := peer.(*Stream)
	if !ok {
		return errors.New("not a stream of calltest")
	}
	if s.Refuses != nil {
		return s.Refuses
	}
	if !s.join(o) {
		return ErrClosed
	}
	if s.OnBridge != nil {
		s.OnBridge()
	}
	return nil
}

func (s *Stream) join(o *Stream) bool {
	bridges.Lock()
	defer bridges.Unlock()
	if s.Closed() || o.Closed() {
		return false
	}
	s.part()
	o.part()
	s.peer, o.peer = o, s
	return true
}

// Unbridge parts both sides.
func (s *Stream) Unbridge() {
	bridges.Lock()
	defer bridges.Unlock()
	s.part()
}

func (s *Stream) part() {
	if p := s.peer; p != nil {
		p.peer = nil
		s.peer = nil
	}
}

// Peer is the stream this one is bridged with, or nil.
func (s *Stream) Peer() *Stream {
	bridges.Lock()
	defer bridges.Unlock()
	return s.peer
}

// Play plays for the prompt's length times loops.
func (s *Stream) Play(p *media.Prompt, loops int, done func(time.Duration, bool)) error {
	s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.plays++
	now := &playing{began: time.Now(), done: done}
	s.play = now
	if loops > 0 {
		length := time.Duration(loops*len(p.Samples)) * time.Second / time.Duration(p.Rate)
		now.timer = time.AfterFunc(length, func() { s.finish(now, true) })
	}
	return nil
}

func (s *Stream) finish(p *playing, finished bool) {
	s.mu.Lock()
	if s.play != p {
		s.mu.Unlock()
		return
	}
	s.play = nil
	s.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.done != nil {
		p.done(time.Since(p.began), finished)
	}
}

// Stop ends the prompt that plays.
func (s *Stream) Stop() {
	s.mu.Lock()
	p := s.play
	s.mu.Unlock()
	if p != nil {
		s.finish(p, false)
	}
}

// Playing reports whether a prompt plays.
func (s *Stream) Playing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.play != nil
}

// Plays is how often Play began.
func (s *Stream) Plays() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plays
}

// Mute remembers.
func (s *Stream) Mute(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = on
}

// Muted is what Mute was last told.
func (s *Stream) Muted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.muted
}

// Stats are those of a stream that counted one packet each way.
func (s *Stream) Stats() media.Stats { return media.Stats{Received: 1, Sent: 1} }

// Close parts and silences the stream.
func (s *Stream) Close() {
	s.Stop()
	s.Unbridge()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

// Closed reports whether Close was called.
func (s *Stream) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Prompt returns silence of the given length.
func Prompt(length time.Duration) *media.Prompt {
	const rate = 8000
	return &media.Prompt{Rate: rate, Samples: make([]int16, int(length*rate/time.Second))}
}
