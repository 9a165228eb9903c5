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
// goroutine and after Close; all but Stats also from callbacks on the worker.
type Stream struct {
	hot // first, so that it begins a cache line

	opener *Opener
	local  netip.AddrPort // to be named in SDP

	mu     sync.Mutex
	home   *engine.Worker // whose queue commands go to
	agreed []offer.Pair   // of the last Apply
	prompt *media.Prompt  // what Play was last asked for
	gone   bool           // Close was called

	// The rest belongs to the worker, as does hot.
	pair       *ports.Pair
	slot, ctrl engine.Slot // the RTP and RTCP socket on the worker
	to, toCtrl engine.Address
	ctrlFrom   netip.AddrPort // where the party's RTCP comes from
	ticking    bool           // the worker calls Tick
	muted      bool
	closed     bool
	mux        bool
	dumb       bool // we may send the party nothing
	early      bool // not answered yet
	blocked    media.Drop
	ptime      time.Duration
	formats    []offer.Pair
	latch      latch
	counts     media.Stats // what hot does not count
	final      atomic.Pointer[media.Stats]
	other      other
	keys       dtmf.Events
	keyTypes   [2]uint64 // payload types of key presses, a bit each
	table      relay.Table
	joined     uint64 // order of the last Bridge or Unbridge that was carried out
	playing    *playing
	notify     func(Event)
	timer      engine.Timer
	health     health
}

// hot is what the packet path touches of a stream, two cache lines: with thousands
// of streams every line costs a trip to memory a packet.
type hot struct {
	w         *engine.Worker // nil while the stream moves between workers
	peer      *Stream
	in        incoming
	rtp       engine.Socket
	kind      uint8 // the second byte of the packets that flow: a payload type without marker bit
	kindTo    uint8 // what they are called on the other side
	connected bool  // rtp is connected to the source
	deaf      bool  // we want nothing from the party
	open      bool  // packets go to peer; if not, blocked says why

	out                     relay.Out  // what the party hears
	path                    relay.Path // from this party into peer.out
	good                    uint32     // packets that were what they should be, since the last look
	received, receivedBytes uint64
	sent, sentBytes         uint64
}

// noKind stands in hot.kind for no payload type: the next packet is looked at in full.
const noKind = 0xff

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
	st := s.stats()
	s.final.Store(&st)
	s.opener.engine.Shift(s.w, nil)
}

// Stats is a snapshot of the counters. It asks the worker and waits for the
// answer, a millisecond at most; on the worker itself it just looks. Not to be
// called from callbacks once the engine's Serve has returned, nor before it runs.
func (s *Stream) Stats() media.Stats {
	if st := s.final.Load(); st != nil {
		return *st
	}
	answer := make(chan media.Stats, 1)
	s.do(func() { answer <- s.stats() })
	return <-answer
}

func (s *Stream) stats() media.Stats {
	st := s.counts
	st.Received, st.ReceivedBytes = s.received, s.receivedBytes
	st.Sent, st.SentBytes = s.sent, s.sentBytes
	st.Jitter = s.in.spread()
	return st
}

// drop counts a packet that went no further.
func (s *Stream) drop(why media.Drop) {
	s.counts.Dropped[why]++
	s.w.Count.Dropped[why]++
}
