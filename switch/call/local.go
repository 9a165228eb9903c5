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
// stream from the moment the dial has bridged the near half. Where no call
// dialled, because REST did, a cable is between the halves (cable.go).
type localLeg struct {
	pair   *pair
	near   bool
	id     string
	party  Party
	events chan Event
}

// pair is what two halves share.
type pair struct {
	caller    *Call // who dialled; nil: REST did, and there is a cable
	near, far *localLeg
	sound     borrowed
	cable     Cable

	mu       sync.Mutex
	formats  []offer.Format // of the cable
	answered bool
	ended    bool
	over     chan struct{}
	granted  chan struct{} // closed by the bridge, as an ACK would
}

// localEvents is how many events wait for a half's loop; keys beyond it are lost.
const localEvents = 64

// callHome makes both halves, gives the far one to the manager as an inbound call, and returns the near one.
func (m *Manager) callHome(caller *Call, out Outgoing, depth int) (Leg, error) {
	from := caller.leg.Party()
	p := newPair(Party{
		From: out.From, To: Identity{User: out.To}, Account: caller.Account(), Source: from.Source,
		MaxForwards: out.MaxForwards, Headers: out.Headers, Diverted: from.Diverted,
	})
	p.caller, p.sound.owner = caller, caller.leg
	return p.connect(m, depth)
}

// newPair makes two halves that are not connected with anything yet.
func newPair(party Party) *pair {
	p := &pair{over: make(chan struct{}), granted: make(chan struct{})}
	name := "local-" + string(NewID()[2:])
	p.near = &localLeg{pair: p, near: true, id: name, party: party, events: make(chan Event, localEvents)}
	party.Inbound, party.SIPCallID = true, name
	p.far = &localLeg{pair: p, id: name, party: party, events: make(chan Event, localEvents)}
	return p
}

// connect gives the far half to the manager and returns the near one.
func (p *pair) connect(m *Manager, depth int) (Leg, error) {
	if !m.accept(p.far, depth) {
		return nil, errShuttingDown()
	}
	return p.near, nil
}

// onWire is the leg the wire knows: behind a far half, that of the call which dialled it; nil behind a cable.
func onWire(l Leg) Leg {
	for {
		half, ok := l.(*localLeg)
		switch {
		case !ok:
			return l
		case half.pair.caller == nil:
			return nil
		}
		l = half.pair.caller.leg
	}
}

// borrower is the pair behind a near half that has no audio of its own; nil for every other leg.
func borrower(l Leg) *pair {
	if half, ok := l.(*localLeg); ok && half.near && half.pair.cable == nil {
		return half.pair
	}
	return nil
}

func (l *localLeg) ID() string           { return l.id }
func (l *localLeg) Party() Party         { return l.party }
func (l *localLeg) Events() <-chan Event { return l.events }
func (l *localLeg) Stamp([]Header)       {}

func (l *localLeg) Media() media.Stream {
	switch p := l.pair; {
	case p.cable != nil && l.near:
		return p.cable.Near()
	case p.cable != nil:
		return p.cable.Far()
	case l.near:
		return silence{}
	default:
		return &p.sound
	}
}

// Formats are the dialling call's. While that call is unanswered the near half leaves the choice to the answer.
func (l *localLeg) Formats() []offer.Format {
	if l.pair.cable != nil {
		return l.pair.carried()
	}
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
	far.Confirmed = p.answered && (p.cable != nil || p.sound.lent())
	p.silence()
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

func (l *localLeg) Progress(_ context.Context, formats []offer.Format) error {
	l.pair.agree(formats)
	l.pair.near.push(Event{Kind: Ringing, Code: 183, Early: true})
	return nil
}

func (l *localLeg) Answer(ctx context.Context, formats []offer.Format) error {
	p := l.pair
	p.agree(formats)
	p.mu.Lock()
	if !p.answered && !p.ended {
		p.answered = true
		p.near.send(Event{Kind: Answered, Code: 200})
	}
	ended := p.ended
	p.mu.Unlock()
	if p.cable != nil {
		if ended {
			return ErrEnded
		}
		return nil // the cable is there: nobody has to lend anything
	}
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

// other is the half a half can only tell: what the far one does reaches the party, where there is one.
func (l *localLeg) other() *localLeg {
	switch {
	case l.near:
		return l.pair.far
	case l.pair.cable != nil:
		return l.pair.near
	}
	return nil
}

// Reinvite on the far half reaches the party; on the near half it is what the party did, and becomes the plan's event.
func (l *localLeg) Reinvite(ctx context.Context, d offer.Direction) error {
	if o := l.other(); o != nil {
		o.push(Event{Kind: Held, Direction: d})
		return nil
	}
	return l.pair.caller.leg.Reinvite(ctx, d)
}

func (l *localLeg) Info(ctx context.Context, contentType string, body []byte) error {
	if o := l.other(); o != nil {
		o.push(Event{Kind: Info, Type: contentType, Body: body})
		return nil
	}
	return l.pair.caller.leg.Info(ctx, contentType, body)
}
