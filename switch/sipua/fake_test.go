package sipua_test

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/offer"
	"tandem/media/stream"
	"tandem/switch/sipua"
)

type fakeMedia struct {
	mu      sync.Mutex
	streams []*fakeStream
	full    bool
	left    int // full after so many more; 0: never
}

var errFull = errors.New("no free port")

func (f *fakeMedia) Open(_ sipua.Stream, _, _ netip.Addr) (sipua.Stream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return nil, errFull
	}
	if f.left > 0 {
		f.left--
		f.full = f.left == 0
	}
	s := &fakeStream{port: uint16(30000 + 2*len(f.streams))}
	f.streams = append(f.streams, s)
	return s, nil
}

func (f *fakeMedia) last() *fakeStream {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.streams[len(f.streams)-1]
}

func (f *fakeMedia) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.streams) - len(slices.DeleteFunc(slices.Clone(f.streams), func(s *fakeStream) bool { return !s.isClosed() }))
}

type fakeStream struct {
	port     uint16
	received atomic.Uint64
	mu       sync.Mutex
	agreed   offer.Agreed
	from     netip.Addr
	early    bool
	times    int
	closed   bool
	watch    func(stream.Event)
}

func (s *fakeStream) Bridge(media.Stream) error { return nil }
func (s *fakeStream) Unbridge()                 {}
func (s *fakeStream) Play(*media.Prompt, int, func(time.Duration, bool)) error {
	return nil
}
func (s *fakeStream) Stop()                        {}
func (s *fakeStream) Mute(bool)                    {}
func (s *fakeStream) Stats() media.Stats           { return media.Stats{} }
func (s *fakeStream) Count(f func(media.Stats))    { f(media.Stats{Received: s.received.Load()}) }
func (s *fakeStream) Watch(f func(e stream.Event)) { s.watch = f }
func (s *fakeStream) Local() (rtp, rtcp netip.AddrPort) {
	a := netip.MustParseAddr("127.0.0.1")
	return netip.AddrPortFrom(a, s.port), netip.AddrPortFrom(a, s.port+1)
}

func (s *fakeStream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.watch = true, nil
}

func (s *fakeStream) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *fakeStream) Agree(a offer.Agreed, signalling netip.Addr, early bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from = signalling
	s.agreed, s.early = a, early
	s.times++
}

func (s *fakeStream) source() netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from
}

func (s *fakeStream) agreement() (offer.Agreed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agreed, s.early
}
