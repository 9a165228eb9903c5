package sipua

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/transaction"
)

// state is where a leg stands.
type state uint8

const (
	unanswered state = iota // no 2xx yet, either way
	answered                // inbound: the 2xx is out, its ACK is not in
	up
	over
)

// Leg is one dialog of ours and its stream: a call.Leg. Its shard owns all
// that changes; methods hand the shard a function.
type Leg struct {
	s      *shard
	id     string // Call-ID
	tag    string // ours
	party  call.Party
	source netip.Addr // where the party signals from
	audio  audio
	events chan call.Event
	taken  atomic.Pointer[[]offer.Format] // Formats

	state              state
	dlg                dialog
	sdp                negotiation
	in                 *inviteServer // the INVITE of the party's that is being answered or waits for its ACK
	out                *placing      // our first INVITE, until it is settled
	placed             *placing      // the same until the leg ends
	re                 *reinvite     // our re-INVITE under way
	rr                 string        // Record-Route lines for the answers that make the dialog
	stamps             []byte        // headers of the plan's, as they stand in a message
	username, password string        // that the call was placed with
	answerer           func(error)   // who waits for the ACK of the first 2xx
	bye                *call.Cause   // to be sent when the ACK is in

	late       []call.Event // events that the channel had no room for
	lateEntry  transaction.Entry
	pulseEntry transaction.Entry // see alive.go
	received   uint64            // RTP packets when it fired last

	ended  bool // the Ended event is out
	ending bool // our BYE waits for its answer
}

var _ call.Leg = (*Leg)(nil)

// backlog is how many events wait in the channel: more than a call has at once, unless somebody presses keys.
const backlog = 4

func newLeg(s *shard, callID, tag string, party call.Party, source netip.Addr) *Leg {
	l := &Leg{s: s, id: callID, tag: tag, party: party, source: source, events: make(chan call.Event, backlog)}
	l.audio.leg = l
	l.lateEntry.Owner = l
	return l
}

// ID is the Call-ID.
func (l *Leg) ID() string { return l.id }

// Party says who is on the other end.
func (l *Leg) Party() call.Party { return l.party }

// Media is the party's audio.
func (l *Leg) Media() media.Stream { return &l.audio }

// Events is read by the call.
func (l *Leg) Events() <-chan call.Event { return l.events }

// Formats is what the party can take.
func (l *Leg) Formats() []offer.Format {
	if f := l.taken.Load(); f != nil {
		return *f
	}
	return nil
}

// Stamp sets headers of all later messages. What may not be set is left out and logged.
func (l *Leg) Stamp(h []call.Header) {
	l.s.post(func() { l.stamps = appendHeaders(nil, l.s.u.allowedHeaders(l.id, h)) })
}

// allowedHeaders are those of h that may be set from outside.
func (u *UA) allowedHeaders(callID string, h []call.Header) []call.Header {
	return settableOnly(h, func(err error) { u.log.Warn("header left out", "sip_call_id", callID, "err", err) })
}

// wait has f run by the shard and waits until it calls done. When the context ends first, f goes on unheard.
func (l *Leg) wait(ctx context.Context, f func(done func(error))) error {
	result := make(chan error, 1)
	if !l.s.post(func() { f(func(err error) { result <- err }) }) {
		return call.ErrEnded
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// emit puts an event on the channel, behind those that wait for room.
func (l *Leg) emit(e call.Event) {
	if l.ended {
		return
	}
	l.ended = e.Kind == call.Ended
	if len(l.late) == 0 {
		select {
		case l.events <- e:
			if l.ended {
				close(l.events)
			}
			return
		default:
		}
	}
	l.late = append(l.late, e)
	l.fire()
}

// fire moves events to the channel; when it is full it tries again soon.
func (l *Leg) fire() {
	for len(l.late) > 0 {
		select {
		case l.events <- l.late[0]:
			l.late = l.late[1:]
		default:
			l.s.wheel.Set(&l.lateEntry, l.s.now+lateRetry)
			return
		}
	}
	l.late = nil
	if l.ended {
		close(l.events)
	}
}

const lateRetry = 20 * time.Millisecond

// finish ends the leg as the call sees it: the stream closes and the Ended event goes out. What is left to be said on
// the wire goes on behind it.
func (l *Leg) finish(e call.Event) {
	if l.state == over {
		return
	}
	e.Confirmed = l.state == up && l.party.Inbound
	l.state = over
	l.s.wheel.Stop(&l.pulseEntry)
	l.audio.Close()
	if l.answerer != nil {
		l.answerer(call.ErrEnded)
		l.answerer = nil
	}
	if l.re != nil {
		l.re.end(call.ErrEnded)
	}
	if l.placed != nil {
		l.placed.outlive()
		l.placed = nil
	}
	e.Kind = call.Ended
	l.emit(e)
	l.release()
}

// release forgets the dialog unless an ACK is still to come, behind which a BYE must follow, or the answer to that.
func (l *Leg) release() {
	if l.state == over && l.bye == nil && !l.ending {
		delete(l.s.legs, l.tag)
	}
}

// abandon ends a leg whose shard has ended: nothing can be sent any more.
func (l *Leg) abandon() {
	c := call.CauseShutdown
	l.bye = nil
	l.finish(call.Event{Cause: c})
	for len(l.late) > 0 { // nobody fires timers now: whoever reads gets a moment for each
		select {
		case l.events <- l.late[0]:
			l.late = l.late[1:]
		case <-time.After(lateRetry):
			l.late = nil
		}
		if len(l.late) == 0 {
			close(l.events)
		}
	}
}

// knows reports whether a tag is the peer's in this dialog, or in one of its early ones.
func (l *Leg) knows(tag string) bool {
	if l.dlg.remoteTag == tag {
		return true
	}
	return l.out != nil && l.out.knows(tag)
}
