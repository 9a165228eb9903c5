package sipua

import (
	"net/netip"
	"slices"

	"tandem/media/offer"
	"tandem/switch/call"
)

// negotiation is where a leg's offer and answer stand.
type negotiation struct {
	n       *offer.Negotiation
	body    []byte          // the party's first offer until it is answered: ports are not open before that
	early   []byte          // our answer to it, once a 183 has carried it
	offered bool            // the INVITE had an offer
	pending bool            // our offer stands in a 2xx, its answer is to come in the ACK
	wish    offer.Direction // what we want: not SendRecv while the plan holds the party
	held    offer.Direction // what the party wanted last, as the party sees it
}

// receiveOffer takes the offer of the first INVITE, if it has one.
func (l *Leg) receiveOffer(body []byte) error {
	if body == nil {
		return nil
	}
	n := offer.New(offer.Local{Addr: l.familyAddr(), Signalling: l.source})
	if err := n.ReceiveOffer(body); err != nil {
		return err
	}
	l.sdp.n, l.sdp.body, l.sdp.offered = n, body, true
	l.note()
	return nil
}

// familyAddr stands for our media address while there is none: of the family the party signals in.
func (l *Leg) familyAddr() netip.Addr { return l.source }

// place begins the negotiation anew with the addresses of the stream.
func (l *Leg) place(st Stream) {
	rtp, rtcp := st.Local()
	l.sdp.n = offer.New(offer.Local{
		Addr: rtp.Addr(), Port: int(rtp.Port()), RTCPPort: int(rtcp.Port()),
		Session: l.s.rand.Uint64() >> 2, Signalling: l.source,
	})
}

// answerOffer writes what the first 2xx or a 183 says: our answer, or our offer to a party that made none. What a 183 said
// is said again: the first description a party got is the answer (RFC 3261 §13.2.1).
func (l *Leg) answerOffer(st Stream, formats []offer.Format) ([]byte, error) {
	d := &l.sdp
	if d.early != nil {
		l.agree() // no longer early
		return d.early, nil
	}
	l.place(st)
	if !d.offered {
		d.pending = true
		return d.n.Offer(formats, d.wish)
	}
	if err := d.n.ReceiveOffer(d.body); err != nil {
		return nil, err
	}
	b, err := d.n.Answer(formats, d.wish)
	if err != nil {
		return nil, err
	}
	d.early, d.body = b, nil
	l.agree()
	return b, nil
}

// receiveAnswer takes the answer to an offer of ours.
func (l *Leg) receiveAnswer(body []byte) error {
	l.sdp.pending = false
	if err := l.sdp.n.ReceiveAnswer(body); err != nil {
		return err
	}
	l.agree()
	return nil
}

// agree puts an agreement into force.
func (l *Leg) agree() {
	if st := l.audio.opened(); st != nil {
		st.Agree(l.sdp.n.Agreed(), l.source, l.state == unanswered)
	}
	l.note()
}

// note publishes what the party can take.
func (l *Leg) note() {
	f := l.sdp.n.Offered()
	l.taken.Store(&f)
}

// reanswer answers a later offer of the party's. The direction of the offer becomes an event when it is a new one.
func (l *Leg) reanswer(body []byte) ([]byte, error) {
	d := &l.sdp
	if !l.suits(body) {
		return nil, offer.ErrNoCommonCodec // the party goes on with what was agreed (RFC 3261 §14.2)
	}
	if err := d.n.ReceiveOffer(body); err != nil {
		return nil, err
	}
	b, err := d.n.Answer(nil, d.wish)
	if err != nil {
		return nil, err
	}
	d.early = nil
	l.agree()
	l.hold(l.partyWants(body))
	return b, nil
}

// suits reports whether a later offer lets the party go on with the codec in use, without which a peer whose packets
// it is sent would not be understood any more. A leg without a peer may change as it likes.
func (l *Leg) suits(body []byte) bool {
	agreed := l.sdp.n.Agreed()
	in, ok := agreed.Codec()
	if !ok || !l.audio.bridged() {
		return true
	}
	description, err := offer.Parse(body)
	if err != nil {
		return true // who takes it says what is wrong
	}
	sound := false
	for i := range description.Media {
		m := &description.Media[i]
		if !m.Audio() || m.Port == 0 {
			continue
		}
		if slices.ContainsFunc(m.Formats, in.Same) {
			return true
		}
		sound = true
	}
	return !sound
}

// partyWants is the direction of a description of the party's.
func (l *Leg) partyWants(body []byte) offer.Direction {
	if l.sdp.wish == offer.SendRecv {
		a := l.sdp.n.Agreed()
		return a.Direction.Reverse()
	}
	description, err := offer.Parse(body) // what we asked for hides what the party did
	if err != nil {
		return l.sdp.held
	}
	for i := range description.Media {
		if description.Media[i].Audio() {
			return description.Media[i].Direction
		}
	}
	return offer.Inactive
}

// hold tells the call that the party wants another direction.
func (l *Leg) hold(d offer.Direction) {
	if d == l.sdp.held {
		return
	}
	l.sdp.held = d
	l.emit(call.Event{Kind: call.Held, Direction: d})
}
