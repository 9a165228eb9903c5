package call

import (
	"errors"

	"tandem/media"
	"tandem/media/offer"
)

// Cable carries sound between the halves of a call that REST placed to a number
// of this switch: what one end sends, the other end hears. Both ends are streams
// as any party has, so every capability works on either half.
type Cable interface {
	Near() media.Stream      // of the call that was placed
	Far() media.Stream       // of the call that the number got
	Formats() []offer.Format // what it can carry, in order
	// Agree settles on the first of formats that the cable carries, on its own
	// choice if there is none, and returns what is carried from now on.
	Agree(formats []offer.Format) []offer.Format
	// Close closes both ends.
	Close()
}

// Lay makes a cable. Near and far are told the keys that are pressed for the
// respective end to hear; they must not block. The error is a *Refusal when there are no ports.
type Lay func(near, far func(key byte)) (Cable, error)

var errNoCable = errors.New("no media for a call over REST to a number of this switch")

// cabled is callHome for a call that REST places: no party lends its stream, so a cable is laid.
func (m *Manager) cabled(out Outgoing, account string) (Leg, error) {
	if m.cable == nil {
		return nil, &Refusal{Code: 501, Reason: "Not Implemented", Err: errNoCable}
	}
	p := newPair(Party{From: out.From, To: Identity{User: out.To}, Account: account, MaxForwards: out.MaxForwards, Headers: out.Headers})
	pressed := func(l *localLeg) func(byte) {
		return func(key byte) { l.push(Event{Kind: Digit, Digit: key}) }
	}
	var err error
	if p.cable, err = m.cable(pressed(p.near), pressed(p.far)); err != nil {
		return nil, err
	}
	return p.connect(m, 0)
}

// carried is what the halves have agreed on or, before that, what they can.
func (p *pair) carried() []offer.Format {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.formats == nil {
		return p.cable.Formats()
	}
	return p.formats
}

// agree settles what the cable, if there is one, carries.
func (p *pair) agree(formats []offer.Format) {
	if p.cable == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.answered && !p.ended {
		p.formats = p.cable.Agree(formats)
	}
}

// silence ends the sound between the halves.
func (p *pair) silence() {
	if p.cable != nil {
		p.cable.Close()
		return
	}
	p.sound.close()
}
