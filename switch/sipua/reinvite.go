package sipua

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

var (
	errPending   = errors.New("another offer is under way")
	errNotUp     = errors.New("the call is not up")
	errDialogEnd = errors.New("the party knows no such dialog")
)

// reinvited answers a re-INVITE of the party's from what we know: it goes no further.
func (l *Leg) reinvited(m *transport.Message, key transaction.Key) {
	sdp, a := sdpOf(m, &l.s.f)
	switch {
	case a != nil:
		l.deny(m, key, a)
		return
	case l.state == unanswered && l.in != nil:
		// RFC 3261 §14.2: an INVITE before the one in progress has its final answer.
		l.deny(m, key, answerOf(500, errPending, retryAfter(1+int(l.s.rand.Uint64()%10))))
		return
	case l.re != nil && l.re.tx != nil, l.sdp.pending, l.state == unanswered:
		l.deny(m, key, answerOf(491, errPending)) // RFC 3261 §14.2: glare
		return
	}
	if l.in != nil { // the ACK before it was lost or overtaken: who goes on has our 2xx
		l.in.acked()
		l.in = nil
		l.state = up
		l.watch()
		l.tellAnswerer(nil)
	}
	l.moved(m.Flow)
	body, err := l.counter(sdp)
	if err != nil {
		l.deny(m, key, answerOf(offerCode(err), err))
		return
	}
	l.in = l.s.newInviteServer(m, key, l)
	l.in.respond(200, "", func(b []byte) []byte { return l.appendDialogAnswer(b, body) })
}

// counter is our side of a later exchange: the answer to an offer, or an offer where the re-INVITE had none.
func (l *Leg) counter(sdp []byte) ([]byte, error) {
	if sdp != nil {
		return l.reanswer(sdp)
	}
	b, err := l.sdp.n.Offer(nil, l.sdp.wish)
	l.sdp.pending = err == nil
	return b, err
}

// reinvite is a re-INVITE of ours, from the wish to the agreement, retries after glare included.
type reinvite struct {
	l     *Leg
	d     offer.Direction
	was   offer.Direction
	done  func(error)
	tx    *inviteClient // nil while it waits for its turn
	entry transaction.Entry
	sdp   []byte
	auth  string
	tried bool
	again int // how often it met another
}

// maxGlare is how often a re-INVITE is tried again before the party is taken to be stuck.
const maxGlare = 6

// Reinvite offers the party a direction.
func (l *Leg) Reinvite(ctx context.Context, d offer.Direction) error {
	return l.wait(ctx, func(done func(error)) {
		switch {
		case l.state == over:
			done(call.ErrEnded)
		case l.state != up:
			done(errNotUp)
		case l.re != nil:
			done(errPending)
		default:
			l.re = &reinvite{l: l, d: d, was: l.sdp.wish, done: done}
			l.re.entry.Owner = l.re
			l.re.fire()
		}
	})
}

// fire sends the re-INVITE, unless an exchange of the party's is not over yet. It gives one up that got
// nothing but provisional answers for 64*T1: no timer of the transaction ends it (RFC 3261 §14.1 expects none), and
// until it is over the party's own offers are refused.
func (r *reinvite) fire() {
	l := r.l
	switch {
	case l.re != r:
		return
	case r.tx != nil:
		r.cancel()
		l.sdp.wish = r.was
		r.end(&call.Refusal{Code: 408, Err: errNoAnswer})
		return
	}
	if l.in != nil || l.sdp.pending {
		r.later(l.s.glarePause(false))
		return
	}
	sdp, err := l.sdp.n.Offer(nil, r.d)
	if err != nil {
		r.end(err)
		return
	}
	r.sdp = sdp
	l.sdp.wish = r.d
	r.send()
}

func (r *reinvite) send() {
	l, s, d := r.l, r.l.s, &r.l.dlg
	l.mend()
	d.localSeq++
	branch := s.newBranch()
	b := l.appendRequest(s.buf[:0], d, "INVITE", branch, d.localSeq)
	b = appendContact(b, d.flow)
	b = appendHeader(b, "Allow", allowed)
	b = append(b, r.auth...)
	b = appendBody(b, typeSDP, r.sdp)
	s.buf = b
	r.tx = s.invite(d.flow, branch, d.localSeq, b, r)
	s.wheel.Set(&r.entry, s.now+64*s.u.cfg.Timers.T1+time.Second) // behind the transaction's own
}

// cancel takes the re-INVITE back (RFC 3261 §9.1): it has had a provisional answer.
func (r *reinvite) cancel() {
	s, d := r.l.s, r.l.dlg
	d.flow = r.tx.flow
	b := r.l.appendRequest(s.buf[:0], &d, "CANCEL", r.tx.branch, r.tx.seq)
	b = appendBody(b, "", nil)
	s.buf = b
	s.request(d.flow, "CANCEL", r.tx.branch, b, nil)
	r.tx.cancelled()
}

// glarePause is how long to wait after 491 (RFC 3261 §14.1), in steps of 10 ms: longer for the side that made the Call-ID.
func (s *shard) glarePause(owner bool) time.Duration {
	if owner {
		return 2100*time.Millisecond + time.Duration(s.rand.Uint64()%190)*10*time.Millisecond
	}
	return time.Duration(s.rand.Uint64()%200) * 10 * time.Millisecond
}

// later tries again after a pause.
func (r *reinvite) later(pause time.Duration) {
	r.tx = nil
	if r.again++; r.again > maxGlare {
		r.l.sdp.wish = r.was
		r.end(&call.Refusal{Code: 491, Err: errPending})
		return
	}
	r.l.s.wheel.Set(&r.entry, r.l.s.now+pause)
}

// end tells who waits.
func (r *reinvite) end(err error) {
	r.l.s.wheel.Stop(&r.entry)
	if r.tx != nil {
		r.tx.limit()
	}
	if r.l.re == r {
		r.l.re = nil
		r.done(err)
	}
}

// heard takes the answers to a re-INVITE.
func (r *reinvite) heard(t *inviteClient, m *transport.Message) {
	l := r.l
	l.s.f.scan(m)
	switch {
	case m.Code < 200:
		if l.re != r || t != r.tx {
			t.limit()
		}
	case m.Code < 300:
		r.accepted(t, m)
	case t != r.tx || l.re != r:
	case m.Code == 491:
		r.later(l.s.glarePause(!l.party.Inbound))
	case (m.Code == 401 || m.Code == 407) && r.authorize(m):
		r.send()
	case m.Code == 408 || m.Code == 481: // RFC 3261 §12.2.1.2, §14.1: the dialog is over
		r.gone(m.Code, errDialogEnd)
	default:
		l.sdp.wish = r.was
		r.end(&call.Refusal{Code: m.Code, Err: fmt.Errorf("the party refused a re-INVITE: %d", m.Code)})
	}
}

// accepted ACKs the 2xx and takes its answer.
func (r *reinvite) accepted(t *inviteClient, m *transport.Message) {
	l, s := r.l, r.l.s
	sdp, a := sdpOf(m, &s.f)
	l.refresh(s.f[headerContact], t.flow)
	b := l.appendRequest(s.buf[:0], &l.dlg, "ACK", s.newBranch(), t.seq)
	b = append(b, r.auth...)
	b = appendBody(b, "", nil)
	s.buf = b
	t.ack(l.dlg.flow, m.ToTag, b)
	if l.re != r || t != r.tx {
		return // the leg has ended, or it is the 2xx of another try
	}
	err := errNoAnswerSDP
	switch {
	case a != nil:
		err = a
	case sdp != nil:
		err = l.receiveAnswer(sdp)
	}
	if err != nil {
		l.sdp.wish = r.was
	}
	r.end(err)
}

// lost ends the dialog: no answer to a request within one means that the party is gone.
func (r *reinvite) lost(t *inviteClient, code int, err error) {
	if t == r.tx && r.l.re == r {
		r.gone(code, err)
	}
}

func (r *reinvite) gone(code int, err error) {
	l := r.l
	r.end(&call.Refusal{Code: code, Err: err})
	l.hangup(call.Cause{By: call.ByFailure, Code: code, Text: statusText(code)})
}

// appendACK writes the ACK of a refused re-INVITE.
func (r *reinvite) appendACK(b []byte, t *inviteClient, to string) []byte {
	d := r.l.dlg
	d.flow, d.remote = t.flow, to
	return appendBody(r.l.appendRequest(b, &d, "ACK", t.branch, t.seq), "", nil)
}
