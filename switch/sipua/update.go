package sipua

import (
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// update answers an UPDATE (RFC 3311): as a re-INVITE, but at once.
func (l *Leg) update(m *transport.Message, key transaction.Key) {
	sdp, a := sdpOf(m, &l.s.f)
	switch {
	case a != nil:
		l.deny(m, key, a)
		return
	case sdp == nil:
		l.moved(m.Flow)
		l.respondWith(m, key, nil)
		return
	case l.state == unanswered:
		// RFC 3311 §5.2: the first offer has no reliable answer yet.
		l.deny(m, key, answerOf(500, errPending, retryAfter(1+int(l.s.rand.Uint64()%10))))
		return
	case l.re != nil && l.re.tx != nil, l.sdp.pending:
		l.deny(m, key, answerOf(491, errPending))
		return
	}
	l.moved(m.Flow)
	body, err := l.reanswer(sdp)
	if err != nil {
		l.deny(m, key, answerOf(offerCode(err), err))
		return
	}
	l.respondWith(m, key, body)
}

// respondWith answers 200 with a Contact and, where there is one, a description.
func (l *Leg) respondWith(m *transport.Message, key transaction.Key, sdp []byte) {
	a := &answer{code: 200}
	l.s.respondBody(m, key, l.tag, a, func(b []byte) []byte {
		b = appendContact(b, m.Flow)
		b = appendHeader(b, "Allow", allowed)
		b = append(l.s.appendServer(b), l.stamps...)
		return appendBody(b, typeSDP, sdp)
	})
}
