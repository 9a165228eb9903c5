package stream

import (
	"time"

	"tandem/media"
	"tandem/media/audio"
	"tandem/media/codec"
	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/relay"
)

// voice is a prompt in the words of one format: payloads of 20 ms.
type voice struct {
	frames      [][]byte
	hz          int // of the RTP clock
	payloadType uint8
}

// playing is a prompt on its way to the party.
type playing struct {
	voice
	at     int           // where we are, in bytes of all frames
	loops  int           // how often still, this time included; 0: for ever
	owed   time.Duration // time that has passed and was not filled yet
	played time.Duration
	first  bool // the next packet begins a talk spurt
	done   func(played time.Duration, finished bool)
}

// Play sends p to the party in place of what was playing; see media.Stream. The
// error is ErrCodec when nothing was agreed on that we can encode, ErrClosed after Close.
func (s *Stream) Play(p *media.Prompt, loops int, done func(played time.Duration, finished bool)) error {
	for {
		formats, open := s.takes()
		if !open {
			return ErrClosed
		}
		v := speech(p, formats) // encodes at the first time, so the lock is not held
		if v == nil {
			return ErrCodec
		}
		s.mu.Lock()
		if same(formats, s.agreed) {
			s.prompt = p
			w := s.home
			w.Post(s, func() { s.play(v, loops, done) })
			s.mu.Unlock()
			w.Wake()
			return nil
		}
		s.mu.Unlock() // Apply came in between
	}
}

// Stop ends what Play began.
func (s *Stream) Stop() {
	s.mu.Lock()
	s.prompt = nil
	w := s.home
	w.Post(s, s.stop)
	s.mu.Unlock()
	w.Wake()
}

// speech encodes a prompt in the first of formats that we can encode, or finds it encoded; nil when there is none.
func speech(p *media.Prompt, formats []offer.Pair) *voice {
	if p == nil {
		return nil
	}
	for _, f := range formats {
		if c, ok := codec.Lookup(f.Name, f.ClockRate, f.Channels); ok && sound(f) && c.Playable() {
			return &voice{frames: audio.Payloads(p, c), hz: f.ClockRate, payloadType: f.Send}
		}
	}
	return nil
}

// same reports whether two slices are one and the same.
func same(a, b []offer.Pair) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func (s *Stream) play(v *voice, loops int, done func(time.Duration, bool)) {
	if s.closed {
		if done != nil {
			done(0, false)
		}
		return
	}
	s.stop()
	s.playing = &playing{voice: *v, loops: loops, first: true, done: done}
	s.decide()
	if !s.ticking {
		s.ticking = true
		s.w.Start(s)
	}
}

// revoice goes on with a prompt in another format after a new agreement; nil ends it.
func (s *Stream) revoice(v *voice) {
	p := s.playing
	switch {
	case p == nil:
	case v == nil:
		s.stop()
	default:
		if len(p.frames) > 0 && len(v.frames) > 0 {
			p.at = p.at / len(p.frames[0]) * len(v.frames[0])
		}
		p.voice, p.first = *v, true
	}
}

func (s *Stream) stop() { s.finish(false) }

func (s *Stream) finish(finished bool) {
	p := s.playing
	if p == nil {
		return
	}
	s.playing = nil
	s.decide()
	if p.done != nil {
		p.done(p.played, finished)
	}
}

// Tick is called by the worker every 20 ms while something plays.
func (s *Stream) Tick(n int) bool {
	p := s.playing
	if p != nil {
		p.owed += time.Duration(n) * engine.Tick
		for p.owed >= s.ptime {
			p.owed -= s.ptime
			if !s.speak(p) {
				s.finish(true)
				break
			}
		}
	}
	s.ticking = s.playing != nil
	return s.ticking
}

// speak sends one packet of a prompt; false when there is no more of it.
func (s *Stream) speak(p *playing) bool {
	b := s.w.Scratch[:relay.HeaderSize]
	want := 0
	if len(p.frames) > 0 {
		want = len(p.frames[0]) * int(s.ptime/time.Millisecond) / int(engine.Tick/time.Millisecond)
	}
	if want == 0 || p.at >= len(p.frames)*len(p.frames[0]) && !p.rewind() {
		return false
	}
	b = p.fill(b, min(want, len(s.w.Scratch)-relay.HeaderSize))
	p.played += s.ptime
	if s.dumb || s.to.IsZero() {
		p.first = true // time goes on while the party is on hold
		return true
	}
	step := uint32(p.hz * int(s.ptime/time.Millisecond) / 1000)
	s.out.Append(b, p.payloadType, p.first, step, s.w.Now())
	p.first = false
	s.send(b, len(b)-relay.HeaderSize)
	return true
}

// fill appends want bytes of the prompt to b, or as many as are left of its last round.
func (p *playing) fill(b []byte, want int) []byte {
	size := len(p.frames[0])
	for want > 0 {
		if p.at >= len(p.frames)*size && !p.rewind() {
			break
		}
		part := p.frames[p.at/size][p.at%size:]
		part = part[:min(len(part), want)]
		b = append(b, part...)
		p.at += len(part)
		want -= len(part)
	}
	return b
}

// rewind begins the next round, if there is to be one.
func (p *playing) rewind() bool {
	if p.loops == 1 {
		return false
	}
	if p.loops > 0 {
		p.loops--
	}
	p.at = 0
	return true
}
