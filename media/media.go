// Package media holds the few types that the engine below and the call above share.
package media

import (
	"errors"
	"time"
)

// ErrClosed is what Bridge and Play return once either stream is closed.
var ErrClosed = errors.New("stream is closed")

// Stream is one party's audio: an RTP session that belongs to one engine worker.
// All methods return at once; what they ask for happens on the worker, in order.
type Stream interface {
	// Bridge relays packets between this stream and peer, both ways, until
	// Unbridge or Close of either. A stream bridged with itself is an echo.
	// The error says why the two cannot be joined (no codec in common).
	Bridge(peer Stream) error
	// Unbridge parts the stream from its peer; harmless when it has none.
	Unbridge()
	// Play sends p to the party, loops times (0: for ever) in place of what was playing; done, if not
	// nil, is called once, from the worker, when it ended or was stopped, and must not block.
	Play(p *Prompt, loops int, done func(played time.Duration, finished bool)) error
	// Stop ends what Play began.
	Stop()
	// Mute stops (or resumes) forwarding this party's audio to its peer.
	Mute(on bool)
	// Stats is a snapshot of the counters, also after Close.
	Stats() Stats
	// Close returns ports and sockets; the stream is silent from then on.
	Close()
}

// Stats counts one stream's packets. Bytes are RTP payload bytes.
type Stats struct {
	Received, Sent           uint64 // RTP packets
	ReceivedBytes, SentBytes uint64
	Lost                     uint64 // by sequence number
	Jitter                   time.Duration
	Dropped                  [DropReasons]uint64 // indexed by Drop
	Fault                    Fault               // the last one named; FaultNone when all is well
}

// Drop is a reason why a packet was not forwarded.
type Drop uint8

// Why packets are dropped; DropReasons is how many reasons there are.
const (
	DropStranger  Drop = iota // not from the address the SDP names or that was learned
	DropMalformed             // not RTP or RTCP
	DropPayload               // a payload type nobody agreed on
	DropSSRC                  // another sender on the same address
	DropHeld                  // the direction forbids it
	DropNoPeer                // nobody is listening
	DropMuted                 // Mute is on
	DropSend                  // the kernel would not take it
	DropReasons
)

var dropNames = [DropReasons]string{"stranger", "malformed", "payload_type", "ssrc", "held", "no_peer", "muted", "send"}

// String is the reason as a metric label.
func (d Drop) String() string { return dropNames[d] }
