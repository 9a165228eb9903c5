package offer

import (
	"errors"
	"slices"

	"tandem/media/codec"
)

// Offer writes an offer of ours. With nil formats it names what is agreed, so that a hold or a resume changes nothing else, or before that what
// we can play ourselves. A format's number is kept where it is free; an encoding that had a number in this dialog keeps that one.
// The error says that no format is left to offer, or that there are more than numbers.
func (n *Negotiation) Offer(formats []Format, d Direction) ([]byte, error) {
	if formats == nil {
		formats = n.current()
	}
	numbered, err := n.assign(formats)
	if err != nil {
		return nil, err
	}
	if len(n.lines) == 0 {
		n.lines, n.audio = []line{{kind: "audio", protocol: "RTP/AVP"}}, 0
	}
	for _, f := range numbered {
		n.remember(f)
	}
	n.offered, n.theirs = &proposal{numbered, d}, nil
	return n.write(nil, numbered, d), nil
}

// current is what we said of the agreed formats, or the default.
func (n *Negotiation) current() []Format {
	var list []Format
	for _, p := range n.agreed.Formats {
		if f := find(n.ours, p.Receive); f != nil {
			list = append(list, *f)
		}
	}
	if list == nil {
		return Default()
	}
	return list
}

var (
	errNothing = errors.New("no format to offer")
	errNumbers = errors.New("more formats than payload types")
)

// assign gives every format that can be offered its number.
func (n *Negotiation) assign(formats []Format) ([]Format, error) {
	out := make([]Format, 0, len(formats))
	sound := false
	for _, f := range formats {
		if f.Channels == 0 {
			f.Channels = 1
		}
		if f.Redundant() || !isToken(f.Name) || f.ClockRate <= 0 || hasControl(f.Fmtp) {
			continue
		}
		if slices.ContainsFunc(out, func(o Format) bool { return o.Same(f) && o.Fmtp == f.Fmtp }) {
			continue
		}
		pt, ok := n.number(f, out)
		if !ok {
			return nil, errNumbers
		}
		f.PayloadType = pt
		out = append(out, f)
		sound = sound || f.Sound()
	}
	if !sound {
		return nil, errNothing
	}
	return out, nil
}

// number finds a payload type for f beside those in taken.
func (n *Negotiation) number(f Format, taken []Format) (uint8, bool) {
	free := func(pt uint8) bool {
		was := find(n.ours, pt)
		return find(taken, pt) == nil && (was == nil || was.Same(f))
	}
	if was, ok := n.known(f); ok && free(was.PayloadType) {
		return was.PayloadType, true
	}
	if wish := f.PayloadType; mayName(wish, f) && free(wish) {
		return wish, true
	}
	if c, ok := codec.Lookup(f.Name, f.ClockRate, f.Channels); ok && c.PayloadType < 96 && free(c.PayloadType) {
		return c.PayloadType, true
	}
	for _, r := range [][2]uint8{{96, 127}, {35, 63}} { // RFC 8866 §8.2.3 and, beyond it, what RFC 3551 §6 leaves unassigned
		for pt := r[0]; pt <= r[1]; pt++ {
			if free(pt) {
				return pt, true
			}
		}
	}
	return 0, false
}

// mayName reports whether a number can stand for the format at all: dynamic, or statically its own.
func mayName(pt uint8, f Format) bool {
	if pt >= 35 {
		return pt < 64 || pt >= 96 && pt <= 127 // 64 to 95 look like RTCP on a shared port (RFC 5761 §4)
	}
	c, ok := codec.Static(pt)
	return ok && f.Same(Format{Name: c.Name, ClockRate: c.ClockRate, Channels: c.Channels})
}

// ReceiveAnswer takes the party's answer to our offer. A further answer to the same offer replaces the first, as when a 183 and the 200 behind
// it differ. Errors are a *SyntaxError, wrap ErrNotAcceptable, or are ErrNoOffer.
func (n *Negotiation) ReceiveAnswer(body []byte) error {
	if n.offered == nil {
		return ErrNoOffer
	}
	d, err := Parse(body)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(n.lines, d.Media, func(l line, m Media) bool { return l.kind == m.Kind }) {
		return ErrMismatch
	}
	m := &d.Media[n.audio]
	if m.Port == 0 {
		return ErrRefused
	}
	if err := n.usable(m); err != nil {
		return err
	}
	pairs, ok := n.pairs(m.Formats)
	if !ok {
		return ErrNoCommonCodec
	}
	n.agree(m, pairs, n.offered.direction.And(m.Direction.Reverse()))
	n.lines[n.audio].protocol = m.Protocol
	return nil
}

// pairs joins what the answer names to what we offered: by number and encoding, by encoding alone, and, for a dynamic number
// whose rtpmap was left out, by number.
func (n *Negotiation) pairs(answered []Format) ([]Pair, bool) {
	list, sound := make([]Pair, 0, len(answered)), false
	for _, f := range answered {
		o := find(n.offered.formats, f.PayloadType)
		switch {
		case o != nil && f.Name == "":
			f.Name, f.ClockRate, f.Channels = o.Name, o.ClockRate, o.Channels
		case o == nil || !o.Same(f):
			g, ok := match(n.offered.formats, f)
			if !ok {
				continue
			}
			o = &g
		}
		if slices.ContainsFunc(list, func(p Pair) bool { return p.Receive == o.PayloadType }) {
			continue
		}
		list = append(list, Pair{Format: f, Send: f.PayloadType, Receive: o.PayloadType})
		sound = sound || f.Sound()
	}
	return list, sound
}
