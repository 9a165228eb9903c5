package calltest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tandem/media"
	"tandem/media/offer"
	"tandem/switch/call"
)

// PCMU and PCMA are what legs of this package can take unless told otherwise.
var (
	PCMU = offer.Format{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1}
	PCMA = offer.Format{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1}
)

var legs atomic.Uint64

// Leg is one party, steered by a test.
type Leg struct {
	// Set these before the leg is used.
	Takes      []offer.Format // what the party offered, and what is agreed once answered
	NoAck      error          // Answer returns this in place of waiting for an ACK
	Ack        chan struct{}  // Answer waits for it to be closed; nil: the ACK is in at once
	OnReinvite func(offer.Direction) error
	OnRing     func()
	SlowEnd    bool // after Hangup the test says when the leg is over

	id     string
	party  call.Party
	out    call.Outgoing
	stream *Stream
	events chan call.Event

	mu       sync.Mutex
	did      []string // what the switch did: "ring", "answer PCMU", "refuse 486", "hangup Normal clearing" …
	stamped  []call.Header
	answered bool
	ended    bool
	over     chan struct{}
}

// NewLeg returns an inbound leg from "alice" to "bob".
func NewLeg() *Leg {
	return NewLegFrom(call.Party{
		From: call.Identity{User: "alice", Display: "Alice"}, To: call.Identity{User: "bob"},
		Account: "AC00000000000000000000000000000001", Client: "alice",
		Source: "udp:192.0.2.1:5060", UserAgent: "calltest", MaxForwards: 70,
	})
}

// NewLegFrom returns an inbound leg of a party.
func NewLegFrom(p call.Party) *Leg {
	p.Inbound = true
	return newLeg(p)
}

// NewOutbound returns a leg as an inviter places it.
func NewOutbound(o call.Outgoing) *Leg {
	l := newLeg(call.Party{From: o.From, To: call.Identity{User: cmp.Or(o.User, User(o.To))}, MaxForwards: o.MaxForwards})
	l.out = o
	return l
}

func newLeg(p call.Party) *Leg {
	id := fmt.Sprintf("leg-%d@calltest", legs.Add(1))
	p.SIPCallID = id
	return &Leg{
		Takes: []offer.Format{PCMU, PCMA}, id: id, party: p, stream: NewStream(),
		events: make(chan call.Event, 32), over: make(chan struct{}),
	}
}

// ID is a Call-ID of its own.
func (l *Leg) ID() string { return l.id }

// Party is what the test said.
func (l *Leg) Party() call.Party { return l.party }

// Media is a *Stream.
func (l *Leg) Media() media.Stream { return l.stream }

// Stream is the party's audio, for looking at.
func (l *Leg) Stream() *Stream { return l.stream }

// Outgoing is what an outbound leg was placed with.
func (l *Leg) Outgoing() call.Outgoing { return l.out }

// Formats is Takes.
func (l *Leg) Formats() []offer.Format { return l.Takes }

// Events is what the test makes happen.
func (l *Leg) Events() <-chan call.Event { return l.events }

// Stamp keeps the headers for Stamped.
func (l *Leg) Stamp(h []call.Header) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stamped = h
}

// Stamped is what Stamp was last given.
func (l *Leg) Stamped() []call.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stamped
}

func (l *Leg) note(format string, args ...any) {
	l.did = append(l.did, fmt.Sprintf(format, args...))
}

// do records what the switch did; false on a leg that is over.
func (l *Leg) do(format string, args ...any) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.note(format, args...)
	return true
}

// Ring records "ring".
func (l *Leg) Ring(context.Context) error {
	if !l.do("ring") {
		return call.ErrEnded
	}
	if l.OnRing != nil {
		l.OnRing()
	}
	return nil
}

// Progress records "progress" and the formats.
func (l *Leg) Progress(_ context.Context, formats []offer.Format) error {
	if !l.do("progress%s", names(formats)) {
		return call.ErrEnded
	}
	return nil
}

// Answer records "answer" and the formats, and waits for the ACK.
func (l *Leg) Answer(ctx context.Context, formats []offer.Format) error {
	if !l.do("answer%s", names(formats)) {
		return call.ErrEnded
	}
	l.mu.Lock()
	l.answered = true
	l.mu.Unlock()
	if l.NoAck != nil {
		return l.NoAck
	}
	if l.Ack == nil {
		return nil
	}
	select {
	case <-l.Ack:
		return nil
	case <-l.over:
		return call.ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Refuse records "refuse" and the code, and ends the leg.
func (l *Leg) Refuse(r *call.Refusal) error {
	if !l.do("refuse %d", r.Code) {
		return call.ErrEnded
	}
	l.End(call.Event{Code: r.Code, Cause: call.Cause{By: call.BySwitch, Code: r.Code, Text: r.Text}})
	return nil
}

// Hangup records "cancel", "bye" or "refuse" with the cause's text, and ends the leg unless SlowEnd.
func (l *Leg) Hangup(c call.Cause) {
	l.mu.Lock()
	what, code := "bye", 0
	if !l.answered {
		what, code = "cancel", 487
		if l.party.Inbound {
			what, code = "refuse 480", 480
		}
	}
	ended := l.ended
	if !ended {
		l.note("%s %s", what, c.Text)
	}
	l.mu.Unlock()
	if !ended && !l.SlowEnd {
		l.End(call.Event{Code: code, Cause: c})
	}
}

// Reinvite records "reinvite" and the direction and returns what OnReinvite says.
func (l *Leg) Reinvite(_ context.Context, d offer.Direction) error {
	if !l.do("reinvite %s", d) {
		return call.ErrEnded
	}
	if l.OnReinvite != nil {
		return l.OnReinvite(d)
	}
	return nil
}

// Info records "info" and the content type.
func (l *Leg) Info(_ context.Context, contentType string, _ []byte) error {
	if !l.do("info %s", contentType) {
		return call.ErrEnded
	}
	return nil
}

// Did is everything the switch did, in order.
func (l *Leg) Did() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.did)
}

// WantDid fails the test unless the switch did exactly this.
func (l *Leg) WantDid(tb testing.TB, want ...string) {
	tb.Helper()
	if got := l.Did(); !slices.Equal(got, want) {
		tb.Errorf("leg to %s: got %q, want %q", l.party.To.User, got, want)
	}
}

// WantHangup fails the test unless the leg is over.
func (l *Leg) WantHangup(tb testing.TB) {
	tb.Helper()
	if !l.Over() {
		tb.Errorf("leg to %s is still up; got %q", l.party.To.User, l.Did())
	}
}

// Over reports whether the leg has ended.
func (l *Leg) Over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

func names(formats []offer.Format) string {
	var s strings.Builder
	for _, f := range formats {
		s.WriteString(" " + f.Name)
	}
	return s.String()
}
