package offer

import (
	"errors"

	"tandem/media/codec"
)

// ReceiveOffer takes an offer of the party, the first or a later one. What it proposes is in force once Answer has been called. Errors are a
// *SyntaxError, or wrap ErrNotAcceptable.
func (n *Negotiation) ReceiveOffer(body []byte) error {
	d, err := Parse(body)
	if err != nil {
		return err
	}
	if err := n.acceptable(d); err != nil {
		return err
	}
	n.theirs, n.offered = d, nil
	return nil
}

// acceptable looks for a line we could take. In a later offer the party may also switch its audio off, by port 0 (RFC 3264 §8.2).
func (n *Negotiation) acceptable(d *Description) error {
	reason, off := ErrNoAudio, false
	for i := range d.Media {
		m := &d.Media[i]
		err := n.usable(m)
		if err == nil {
			return nil
		}
		if m.Kind == "audio" && m.Port != 0 {
			reason = err
		}
		off = off || m.Kind == "audio" && m.Port == 0
	}
	if off && errors.Is(reason, ErrNoAudio) && len(n.agreed.Formats) > 0 {
		return nil
	}
	return reason
}

// Answer writes the answer to the offer received last: one audio codec, and telephone-event if it was offered, under the offer's
// numbers; every other m= line is refused. It can be called again and says the same again (183 and 200).
//
// The codec is the first of prefer that was offered, with prefer's parameters, and events are taken only if prefer has them: that is how two
// parties come to the same formats. With nil it is the one in use if it was offered again, else the first offered one that the switch can play itself. The
// direction is what the party allows and d.
func (n *Negotiation) Answer(prefer []Format, d Direction) ([]byte, error) {
	if n.theirs == nil {
		return nil, ErrNoOffer
	}
	index, chosen, err := n.choose(prefer)
	if err != nil {
		return nil, err
	}
	n.lines, n.audio = linesOf(n.theirs), max(index, 0)
	if index < 0 {
		n.agreed = Agreed{Formats: n.agreed.Formats, Direction: Inactive, Wanted: Inactive, Ptime: n.agreed.Ptime}
		return n.write(nil, nil, Inactive), nil
	}
	m := &n.theirs.Media[index]
	d = m.Direction.Reverse().And(d)
	formats, pairs := make([]Format, len(chosen)), make([]Pair, len(chosen))
	for i, c := range chosen {
		formats[i] = c.ours
		pairs[i] = Pair{Format: c.theirs, Send: c.theirs.PayloadType, Receive: c.theirs.PayloadType}
		n.remember(c.ours)
	}
	n.agree(m, pairs, d)
	return n.write(m, formats, d), nil
}

// choice is an encoding as the party offered it and as we answer it.
type choice struct{ theirs, ours Format }

// choose finds the line to take and what to take of it; -1 is the line of a party that has switched its audio off. The line in use goes
// first, so that a party with several keeps the one it talks on.
func (n *Negotiation) choose(prefer []Format) (int, []choice, error) {
	off := true
	for i := -1; i < len(n.theirs.Media); i++ {
		at := i
		if i < 0 {
			if at = n.audio; len(n.agreed.Formats) == 0 || at >= len(n.theirs.Media) {
				continue
			}
		}
		m := &n.theirs.Media[at]
		if n.usable(m) != nil {
			continue
		}
		off = false
		if sound, ok := n.chooseSound(m.Formats, prefer); ok {
			chosen := []choice{sound}
			if event, ok := chooseEvent(m.Formats, prefer, sound.theirs.ClockRate); ok {
				chosen = append(chosen, event)
			}
			return at, chosen, nil
		}
	}
	if off {
		return -1, nil, nil
	}
	return 0, nil, ErrNoCommonCodec
}

func (n *Negotiation) chooseSound(offered, prefer []Format) (choice, bool) {
	if prefer != nil {
		for _, p := range prefer {
			if f, ok := match(offered, p); ok && f.Sound() {
				return answered(f, p.Fmtp), true
			}
		}
		return choice{}, false
	}
	if in, ok := n.agreed.Codec(); ok {
		if f, ok := match(offered, in.Format); ok {
			parameters := ""
			if was := find(n.ours, in.Receive); was != nil {
				parameters = was.Fmtp
			}
			return answered(f, parameters), true
		}
	}
	for _, f := range offered {
		if c, ok := codec.Lookup(f.Name, f.ClockRate, f.Channels); ok && c.Playable() {
			return answered(f, ""), true
		}
	}
	return choice{}, false
}

// chooseEvent takes the events that run on the codec's clock (RFC 4733 §2.1), else those on another, which some phones offer alone: keys on
// an odd clock are better than none.
func chooseEvent(offered, prefer []Format, clock int) (choice, bool) {
	var best choice
	for _, f := range offered {
		if !f.Event() {
			continue
		}
		parameters := keys
		if prefer != nil {
			p, ok := match(prefer, f)
			if !ok {
				continue
			}
			parameters = p.Fmtp
		}
		if f.ClockRate == clock {
			return answered(f, parameters), true
		}
		if best.theirs.Name == "" {
			best = answered(f, parameters)
		}
	}
	return best, best.theirs.Name != ""
}

// answered is the format as we answer it: the party's name and number, our parameters.
func answered(f Format, parameters string) choice {
	ours := f
	ours.Fmtp = parameters
	if hasControl(parameters) {
		ours.Fmtp = ""
	}
	return choice{theirs: f, ours: ours}
}

func linesOf(d *Description) []line {
	list := make([]line, len(d.Media))
	for i, m := range d.Media {
		list[i] = line{m.Kind, m.Protocol, m.Numbers}
	}
	return list
}
