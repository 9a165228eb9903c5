package sipua

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"tandem/media"
	"tandem/media/offer"
	"tandem/media/stream"
	"tandem/switch/call"
)

// Stream is what a leg needs of its RTP session, besides what a call does with it.
type Stream interface {
	media.Stream
	// Local is where the party is to send RTP and RTCP: what the SDP says.
	Local() (rtp, rtcp netip.AddrPort)
	// Agree tells the stream what offer and answer have come to; signalling is
	// where the party's SIP comes from, early says that the call is not answered yet.
	Agree(a offer.Agreed, signalling netip.Addr, early bool)
	// Count has f called with the counters, from another goroutine; not if the stream is closed.
	Count(f func(media.Stats))
	// Watch has f called for every key pressed and every fault of the party's media, from another goroutine; it must not block.
	Watch(f func(stream.Event))
}

// Opener opens streams. Engine makes one of the media engine.
type Opener interface {
	// Open opens a stream on the same worker as beside, if that is not nil. The party signals to our address
	// local from its own address signalling. An exhausted port range is an error.
	Open(beside Stream, local, signalling netip.Addr) (Stream, error)
}

var errNoMedia = errors.New("the switch has no media engine")

// audio is a leg's stream as the call sees it: always there, opened when it is
// needed first. An INVITE that is refused never opens it.
type audio struct {
	leg *Leg

	mu     sync.Mutex
	stream Stream
	closed bool
	beside *Leg   // whose worker to join, if it has a stream by then
	peer   *audio // the leg's it is bridged with, if any

	local, remote netip.Addr // of the party's signalling, ours and its
}

// at says where the signalling goes; media goes the same way unless the engine is told otherwise.
func (a *audio) at(local, remote netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.local, a.remote = local.Unmap(), remote.Unmap()
}

// open returns the stream, and opens it the first time. It makes system calls, so the shard leaves it to the callers' goroutines.
func (a *audio) open() (Stream, error) {
	beside := a.neighbour()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.stream != nil:
		return a.stream, nil
	case a.closed:
		return nil, call.ErrEnded
	case a.leg.s.u.deps.Media == nil:
		return nil, errNoMedia
	}
	st, err := a.leg.s.u.deps.Media.Open(beside, a.local, a.remote)
	if err != nil {
		a.leg.s.u.log.Warn("no media for a call", "sip_call_id", a.leg.id, "err", err)
		return nil, &call.Refusal{Code: 503, Err: err, Retry: retryMedia}
	}
	l := a.leg
	st.Watch(func(e stream.Event) { l.s.post(func() { l.mediaEvent(e) }) })
	a.stream = st
	return st, nil
}

// mediaEvent takes what happened on the stream.
func (l *Leg) mediaEvent(e stream.Event) {
	switch e.Kind {
	case stream.Digit:
		l.emit(call.Event{Kind: call.Digit, Digit: e.Digit})
	case stream.Fault:
		l.s.u.log.Warn("media fault", "sip_call_id", l.id, "fault", e.Fault.String(), "source", l.party.Source)
	}
}

// retryMedia is the Retry-After, in seconds, of a call that found no free port.
const retryMedia = 5

// neighbour is the stream of the leg this one will be bridged with, if it has one yet.
func (a *audio) neighbour() Stream {
	a.mu.Lock()
	l := a.beside
	a.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.audio.opened()
}

// openCaller opens the stream of the leg this one is placed for: nobody is rung for a caller who could not hear him.
func (a *audio) openCaller() error {
	a.mu.Lock()
	l := a.beside
	a.mu.Unlock()
	if l == nil {
		return nil
	}
	if _, err := l.audio.open(); err != nil && !errors.Is(err, call.ErrEnded) {
		return err
	}
	return nil
}

// opened is the stream if there is one already.
func (a *audio) opened() Stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stream
}

// join says whose worker the stream should share. The first word counts.
func (a *audio) join(l *Leg) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.beside == nil {
		a.beside = l
	}
}

// Bridge joins the stream with a peer's.
func (a *audio) Bridge(peer media.Stream) error {
	st, err := a.open()
	if err != nil {
		return err
	}
	if p, ok := peer.(*audio); ok {
		other, err := p.open()
		if err != nil {
			return err
		}
		peer = other
		a.pair(p)
	}
	if end, ok := peer.(cableEnd); ok {
		peer = end.engineStream
	}
	return st.Bridge(peer)
}

// pair notes which two legs hear each other: what one of them changes must suit the other.
func (a *audio) pair(p *audio) {
	a.mu.Lock()
	a.peer = p
	a.mu.Unlock()
	p.mu.Lock()
	p.peer = a
	p.mu.Unlock()
}

func (a *audio) part() {
	a.mu.Lock()
	p := a.peer
	a.peer = nil
	a.mu.Unlock()
	if p != nil {
		p.mu.Lock()
		if p.peer == a {
			p.peer = nil
		}
		p.mu.Unlock()
	}
}

func (a *audio) bridged() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.peer != nil
}

// Play plays a prompt.
func (a *audio) Play(p *media.Prompt, loops int, done func(time.Duration, bool)) error {
	st, err := a.open()
	if err != nil {
		return err
	}
	return st.Play(p, loops, done)
}

// Unbridge parts the stream from its peer.
func (a *audio) Unbridge() {
	a.part()
	if st := a.opened(); st != nil {
		st.Unbridge()
	}
}

// Stop ends what is being played.
func (a *audio) Stop() {
	if st := a.opened(); st != nil {
		st.Stop()
	}
}

// Mute stops forwarding the party's audio.
func (a *audio) Mute(on bool) {
	if st := a.opened(); st != nil {
		st.Mute(on)
	}
}

// Stats are zero for a stream that never opened.
func (a *audio) Stats() media.Stats {
	if st := a.opened(); st != nil {
		return st.Stats()
	}
	return media.Stats{}
}

// Close returns the ports. The stream stays, for its statistics.
func (a *audio) Close() {
	a.mu.Lock()
	st, was := a.stream, a.closed
	a.closed = true
	a.beside = nil
	a.mu.Unlock()
	a.part()
	if st != nil && !was {
		st.Close()
	}
}
