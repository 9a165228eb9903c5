package call

import (
	"context"
	"sync"

	"tandem/media"
	"tandem/media/offer"
)

// localLeg is one half of a dialog that never leaves the switch: a call dials a
// number of ours, and that number's plan runs on the far half as on any inbound
// call. The near half has no audio; the far half borrows the dialling call's
// stream from the moment the dial has bridged the near half.
type localLeg struct {
	pair   *pair
	near   bool
	id     string
	party  Party
	events chan Event
}

// pair is what two halves share.
type pair struct {
	caller    *Call // who dialled
	near, far *localLeg
	sound     borrowed

	mu       sync.Mutex
	answered bool
	ended    bool
	over     chan struct{}
	granted  chan struct{} // closed by the bridge, as an ACK would
}

// localEvents is how many events wait for a half's loop; keys beyond it are lost.
const localEvents = 64

// callHome makes both halves, gives the far one to the manager as an inbound call, and returns the near one.
func (m *Manager) callHome(caller *Call, out Outgoing, depth int) (Leg, error) {
	id := NewID()
	p := &pair{caller: caller, over: make(chan struct{}), granted: make(chan struct{})}
	p.sound.owner = caller.leg
	from := caller.leg.Party()
	party := Party{
		From: out.From, To: Identity{User: out.To}, Account: caller.Account(), Source: from.Source,
		MaxForwards: out.MaxForwards, Headers: out.Headers, Diverted: from.Diverted,
	}
	p.near = &localLeg{pair: p, near: true, id: "local-" + string(id[2:]), party: party, events: make(chan Event, localEvents)}
	party.Inbound, party.SIPCallID = true, p.near.id
	p.far = &localLeg{pair: p, id: p.near.id, party: party, events: make(chan Event, localEvents)}
	if !m.accept(p.far, depth) {
		return nil, errShuttingDown()
	}
	return p.near, nil
}

// onWire is the leg the wire knows: behind a far half, that of the call which dialled it.
func onWire(l Leg) Leg {
	for {
		half, ok := l.(*localLeg)
		if !ok {
			return l
		}
		l = half.pair.caller.leg
	}
}

func (l *localLeg) ID() string           { return l.id }
func (l *localLeg) Party() Party         { return l.party }
func (l *localLeg) Events() <-chan Event { return l.events }
func (l *localLeg) Stamp([]Header)       {}

func (l *localLeg) Media() media.Stream {
	if l.near {
		return silence{}
	}
	return &l.pair.sound
}

// Formats are the dialling call's. While that call is unanswered the near half leaves the choice to the answer.
func (l *localLeg) Formats() []offer.Format {
	if l.near && l.pair.caller.Status() != StatusInProgress {
		return nil
	}
	return l.pair.caller.leg.Formats()
}

// push gives the half an event; a half nobody hears loses it.
func (l *localLeg) push(e Event) {
	l.pair.mu.Lock()
	defer l.pair.mu.Unlock()
	if !l.pair.ended {
		l.send(e)
	}
}

// send needs the lock; the last event always finds room because others stop short of it.
func (l *localLeg) send(e Event) {
	if e.Kind == Ended || len(l.events) < cap(l.events)-1 {
		l.events <- e
	}
}

// end ends both halves, once.
func (p *pair) end(near, far Event) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.ended = true
	p.sound.close()
	near.Kind, far.Kind = Ended, Ended
	p.near.send(near)
	p.far.send(far)
	close(p.near.events)
	close(p.far.events)
	close(p.over)
	return true
}

// grant lends the caller's stream to the far half and completes its answer.
func (p *pair) grant() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.sound.lent() {
		return
	}
	p.sound.lend()
	close(p.granted)
}

// withdraw takes the stream back.
func (p *pair) withdraw() { p.sound.close() }

func (l *localLeg) Ring(context.Context) error {
	l.pair.near.push(Event{Kind: Ringing, Code: 180})
	return nil
}

func (l *localLeg) Progress(context.Context, []offer.Format) error {
	l.pair.near.push(Event{Kind: Ringing, Code: 183, Early: true})
	return nil
}

func (l *localLeg) Answer(ctx context.Context, _ []offer.Format) error {
	p := l.pair
	p.mu.Lock()
	if !p.answered && !p.ended {
		p.answered = true
		p.near.send(Event{Kind: Answered, Code: 200})
	}
	p.mu.Unlock()
	select {
	case <-p.granted:
		return nil
	case <-p.over:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *localLeg) Refuse(r *Refusal) error {
	theirs := Event{Code: r.Code, Cause: Cause{By: ByParty, Code: r.Code, Text: r.Text}}
	if !l.pair.end(theirs, Event{Code: r.Code, Cause: Cause{By: BySwitch, Code: r.Code, Text: r.Text}}) {
		return ErrEnded
	}
	return nil
}

func (l *localLeg) Hangup(c Cause) {
	ours, theirs := Event{Cause: c}, Event{Cause: Cause{By: ByParty, Text: c.Text}}
	l.pair.mu.Lock()
	early := !l.pair.answered
	l.pair.mu.Unlock()
	switch {
	case early && l.near:
		ours.Code, theirs.Code = 487, 487
	case early:
		code := 480
		if c.Code >= 300 {
			code = c.Code
		}
		ours.Code, theirs.Code, theirs.Cause.Code = code, code, code
	}
	if l.near {
		l.pair.end(ours, theirs)
	} else {
		l.pair.end(theirs, ours)
	}
}

// Reinvite on the far half reaches the party; on the near half it is what the party did, and becomes the plan's event.
func (l *localLeg) Reinvite(ctx context.Context, d offer.Direction) error {
	if l.near {
		l.pair.far.push(Event{Kind: Held, Direction: d})
		return nil
	}
	return l.pair.caller.leg.Reinvite(ctx, d)
}

func (l *localLeg) Info(ctx context.Context, contentType string, body []byte) error {
	if l.near {
		l.pair.far.push(Event{Kind: Info, Type: contentType, Body: body})
		return nil
	}
	return l.pair.caller.leg.Info(ctx, contentType, body)
}
