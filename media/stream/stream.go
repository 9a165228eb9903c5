package stream

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/dtmf"
	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/ports"
	"tandem/media/relay"
)

// Stream is one party's RTP session. Its exported methods may be called from any
// goroutine, also from callbacks on the worker, and after Close.
type Stream struct {
	opener *Opener
	local  netip.AddrPort // to be named in SDP
	counts counts

	mu     sync.Mutex
	home   *engine.Worker // whose queue commands go to
	agreed []offer.Pair   // of the last Apply
	prompt *media.Prompt  // what Play was last asked for
	gone   bool           // Close was called

	// The rest belongs to the worker w.
	w          *engine.Worker // nil while the stream moves between workers
	pair       *ports.Pair
	rtp        engine.Socket
	slot, ctrl engine.Slot // the RTP and RTCP socket on w
	to, toCtrl engine.Address
	ctrlFrom   netip.AddrPort // where the party's RTCP comes from
	connected  bool           // rtp is connected to the source
	ticking    bool           // w calls Tick
	muted      bool
	closed     bool
	mux        bool
	deaf       bool // we want nothing from the party
	dumb       bool // we may send it nothing
	early      bool // not answered yet
	blocked    media.Drop
	open       bool // packets go to peer; if not, blocked says why
	hz         uint32
	ptime      time.Duration
	formats    []offer.Pair
	latch      latch
	in         incoming
	keys       dtmf.Events
	keyTypes   [2]uint64 // payload types of key presses, a bit each
	table      relay.Table
	path       relay.Path // from this party into peer.out
	out        relay.Out  // what the party hears
	peer       *Stream
	joined     uint64 // order of the last Bridge or Unbridge that was carried out
	playing    *playing
	notify     func(Event)
	timer      engine.Timer
	health     health
}

var _ media.Stream = (*Stream)(nil)

// do has f run on the stream's worker, after all that was asked for before.
func (s *Stream) do(f func()) {
	s.mu.Lock()
	w := s.home
	w.Post(s, f)
	s.mu.Unlock()
	w.Wake()
}

func (s *Stream) worker() *engine.Worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.home
}

// Local is the address and port to name in SDP, for RTP and for RTCP.
func (s *Stream) Local() (rtp, rtcp netip.AddrPort) {
	return s.local, netip.AddrPortFrom(s.local.Addr(), s.local.Port()+1)
}

// Notify has f told what happens on the stream. It is called on the worker and must not block.
func (s *Stream) Notify(f func(Event)) { s.do(func() { s.notify = f }) }

// Mute stops or resumes forwarding the party's audio; keys still pass.
func (s *Stream) Mute(on bool) {
	s.do(func() {
		s.muted = on
		s.decide()
	})
}

// Close returns ports and sockets; nothing is relayed from then on. Only the first call does anything.
func (s *Stream) Close() {
	s.mu.Lock()
	if s.gone {
		s.mu.Unlock()
		return
	}
	s.gone = true
	s.agreed, s.prompt = nil, nil
	w := s.home
	w.Post(s, s.shut)
	s.mu.Unlock()
	w.Wake()
}

func (s *Stream) shut() {
	s.stop()
	s.part()
	s.w.Disarm(&s.timer)
	s.w.Forget(s.rtp, s.slot)
	s.w.Forget(engine.Socket(s.pair.RTCP), s.ctrl)
	s.pair.Close()
	s.closed = true
	s.formats, s.notify = nil, nil
	s.opener.engine.Shift(s.w, nil)
}

// counts is what Stats shows: written by the worker alone, read by anyone.
type counts struct {
	received, sent, receivedBytes, sentBytes atomic.Uint64
	lost                                     atomic.Uint64
	jitter                                   atomic.Int64 // nanoseconds
	dropped                                  [media.DropReasons]atomic.Uint64
	fault                                    atomic.Uint32
}

// Stats is a snapshot of the counters.
func (s *Stream) Stats() media.Stats {
	c := &s.counts
	st := media.Stats{
		Received: c.received.Load(), Sent: c.sent.Load(),
		ReceivedBytes: c.receivedBytes.Load(), SentBytes: c.sentBytes.Load(),
		Lost: c.lost.Load(), Jitter: time.Duration(c.jitter.Load()),
		Fault: media.Fault(c.fault.Load()),
	}
	for i := range st.Dropped {
		st.Dropped[i] = c.dropped[i].Load()
	}
	return st
}

// drop counts a packet that went no further.
func (s *Stream) drop(why media.Drop) {
	s.counts.dropped[why].Add(1)
	s.w.Count.Dropped[why]++
}
