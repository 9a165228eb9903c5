package sipua

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tandem/switch/call"
	"tandem/switch/transport"
)

var errNoAnswerSDP = errors.New("the 2xx has no answer to our offer")

// heard takes the answers to an INVITE that places a call.
func (p *placing) heard(t *inviteClient, m *transport.Message) {
	p.l.s.f.scan(m)
	switch {
	case m.Code < 200:
		p.provisional(t, m)
	case m.Code < 300:
		p.accepted(t, m)
	case t == p.tx && !p.settled:
		p.refused(t, m)
	}
}

// provisional takes a 1xx: with it comes an early dialog, and leave to cancel (RFC 3261 §9.1).
func (p *placing) provisional(t *inviteClient, m *transport.Message) {
	if t.late {
		p.sendCancel(t, call.CauseTimeout) // it rings after all
		return
	}
	if t != p.tx || p.settled {
		return
	}
	p.rung = true
	if p.given {
		p.cancel()
		return
	}
	if m.Code == 100 {
		return
	}
	if m.ToTag != "" && !p.knows(m.ToTag) && len(p.early) < maxForks {
		p.early = append(p.early, m.ToTag)
	}
	early := p.earlyMedia(m)
	p.l.emit(call.Event{Kind: call.Ringing, Code: m.Code, Early: early})
}

// maxForks is how many early dialogs of one INVITE are told apart. More are rung, but requests within them are not taken.
const maxForks = 32

// earlyMedia takes the answer in a provisional answer: the description heard last is in force until a 2xx decides.
func (p *placing) earlyMedia(m *transport.Message) bool {
	sdp, a := sdpOf(m, &p.l.s.f)
	if a != nil || sdp == nil {
		return false
	}
	if err := p.l.receiveAnswer(sdp); err != nil {
		p.l.s.u.log.Info("early media left out", "sip_call_id", p.l.id, "err", err)
		return false
	}
	p.heardSDP = m.ToTag
	return true
}

// accepted takes a 2xx whose To tag is new. The first makes the call; any other, and one that nobody wants any more, is
// ACKed and ended (RFC 3261 §13.2.2.4).
func (p *placing) accepted(t *inviteClient, m *transport.Message) {
	l := p.l
	if p.settled || p.given || l.state != unanswered || t != p.tx {
		p.ackAndEnd(t, m)
		return
	}
	p.settled = true
	d, ok := p.dialogOf(t, m)
	l.dlg = d
	l.dlg.flow = l.s.hop(l, &l.dlg, t.flow)
	sdp, a := sdpOf(m, &l.s.f)
	headers := headersOf(m)
	p.sendACK(t, m, &l.dlg)
	l.out = nil
	l.state = up
	l.watch()
	err := p.agreed(m, sdp, a)
	if err == nil && !ok {
		err = errors.New("the 2xx has no usable Contact")
	}
	if err != nil {
		l.s.u.log.Info("answer not usable", "sip_call_id", l.id, "err", err)
		l.hangup(call.Cause{By: call.ByFailure, Code: 488, Text: "Not acceptable here"})
		return
	}
	l.emit(call.Event{Kind: call.Answered, Code: m.Code, Headers: headers})
	p.forget()
}

// agreed takes the answer of the 2xx, or holds on to the one its 183 had.
func (p *placing) agreed(m *transport.Message, sdp []byte, a *answer) error {
	switch {
	case a != nil:
		return a
	case sdp != nil:
		return p.l.receiveAnswer(sdp)
	case p.heardSDP != "" && p.heardSDP == m.ToTag:
		p.l.agree() // no longer early
		return nil
	}
	return errNoAnswerSDP
}

// forget lets go of what only an unanswered call needs.
func (p *placing) forget() { p.sdp, p.headers, p.targets, p.early, p.auth = nil, nil, nil, nil, "" }

// dialogOf makes the dialog of a 2xx (RFC 3261 §12.1.2); false where no request can follow.
func (p *placing) dialogOf(t *inviteClient, m *transport.Message) (dialog, bool) {
	f := &p.l.s.f
	d := dialog{
		local: p.l.dlg.local, remote: f[headerTo], remoteTag: m.ToTag, routes: routeSet(m, true),
		localSeq: t.seq, pinned: p.pinned,
	}
	target, ok := targetOf(f[headerContact])
	if d.target = target; !ok {
		d.target = p.uri
	}
	return d, ok
}

// sendACK ACKs a 2xx with the dialog it made.
func (p *placing) sendACK(t *inviteClient, m *transport.Message, d *dialog) {
	s := p.l.s
	b := p.l.appendRequest(s.buf[:0], d, "ACK", s.newBranch(), t.seq)
	b = append(b, p.auth...) // RFC 3261 §22.2: an ACK has the credentials of its INVITE
	b = appendBody(b, "", nil)
	s.buf = b
	t.ack(d.flow, m.ToTag, b)
}

// ackAndEnd ends the dialog of a 2xx that nobody wants.
func (p *placing) ackAndEnd(t *inviteClient, m *transport.Message) {
	s := p.l.s
	d, _ := p.dialogOf(t, m)
	d.flow = s.hop(p.l, &d, t.flow)
	p.sendACK(t, m, &d)
	d.localSeq++
	branch := s.newBranch()
	b := p.l.appendRequest(s.buf[:0], &d, "BYE", branch, d.localSeq)
	cause := p.cause
	switch {
	case cause != (call.Cause{}):
	case t.late || t.refused:
		cause = call.CauseTimeout // it was not waited for any more
	default:
		cause = call.CauseElsewhere // another branch was first
	}
	b = appendHeaders(b, reasonHeader(cause))
	b = appendBody(b, "", nil)
	s.buf = b
	s.request(d.flow, "BYE", branch, b, nil)
}

// refused takes a non-2xx final answer, which the transaction has ACKed.
func (p *placing) refused(t *inviteClient, m *transport.Message) {
	switch {
	case p.given:
		p.settle()
		return
	case (m.Code == 401 || m.Code == 407) && p.authorize(m):
		p.send(t.flow)
		return
	case m.Code == 503 && p.at+1 < len(p.targets): // RFC 3263 §4.3
		p.next(503, nil)
		return
	}
	c := call.Cause{By: call.ByParty, Code: m.Code}
	_, _, c.Text = parseReason(p.l.s.f[headerReason])
	headers := headersOf(m)
	p.settle()
	p.l.finish(call.Event{Code: m.Code, Cause: c, Headers: headers})
}

// lost is told that no answer will come from the target that was tried.
func (p *placing) lost(t *inviteClient, code int, err error) {
	if t != p.tx || p.settled {
		return
	}
	if t.flow.Reliable() && p.at < len(p.targets) {
		if at := p.targets[p.at]; at.flow.IsZero() && at.network == transport.UDP && code == 503 && !p.fallback && !p.given && !p.rung {
			p.fallback = true // it was long and went by TCP, which the target does not take
			p.l.s.noteNoTCP(at.remote)
			p.try()
			return
		}
	}
	p.next(code, err)
}

// noTCP is how long a target that took no TCP gets long requests by UDP at once: where a firewall swallows the attempt,
// each one costs a caller transport.Config.ConnectTimeout.
const noTCP = 10 * time.Minute

// maxNoTCP bounds what is remembered; a shard that knows more starts over.
const maxNoTCP = 1024

func (s *shard) noteNoTCP(to netip.AddrPort) {
	if len(s.noTCP) >= maxNoTCP {
		clear(s.noTCP)
	}
	s.noTCP[to] = s.now + noTCP
}

func (s *shard) takesNoTCP(to netip.AddrPort) bool {
	until, known := s.noTCP[to]
	return known && s.now < until
}

// next tries the next target, or gives up with the code.
func (p *placing) next(code int, err error) {
	if p.given {
		p.settle()
		return
	}
	if p.rung && err != nil || p.at+1 >= len(p.targets) {
		p.failed(code, err)
		return
	}
	p.l.s.u.log.Info("next target", "sip_call_id", p.l.id, "code", code, "err", err)
	p.at++
	p.fallback = false
	p.try()
}

// failed ends a leg that nobody answered.
func (p *placing) failed(code int, err error) {
	if code == 503 && p.pinned {
		code = 480 // a client cannot be reached; no service of anybody's is overloaded
	}
	p.settle()
	p.l.s.u.log.Info("call not placed", "sip_call_id", p.l.id, "code", code, "err", err)
	p.l.finish(call.Event{Code: code, Cause: call.Cause{By: call.ByFailure, Code: code, Text: causeText(err)}})
}

func causeText(err error) string {
	if err == nil {
		return ""
	}
	return clean(fmt.Sprint(err))
}

// settle notes that the INVITE is over.
func (p *placing) settle() {
	p.settled = true
	p.l.out = nil
	p.forget()
}

// outlive parts the INVITE from its leg, which has ended: for half a minute a
// 2xx may still come again or for the first time, and what it takes to ACK and
// end that is a tenth of what a leg holds on to. At 3,000 calls a second that
// half minute is 96,000 legs.
func (p *placing) outlive() {
	l := p.l
	p.l = &Leg{
		s: l.s, id: strings.Clone(l.id), tag: l.tag, stamps: l.stamps, state: over,
		dlg: dialog{local: strings.Clone(l.dlg.local), flow: l.dlg.flow},
	}
	p.o = call.Outgoing{MaxForwards: p.o.MaxForwards}
	p.heardSDP = ""
}

// abandon gives an unanswered call up: with a CANCEL, as soon as a provisional answer allows one.
func (p *placing) abandon(c call.Cause) {
	p.given, p.cause = true, c
	if p.tx == nil {
		p.settle()
		return
	}
	if p.rung {
		p.cancel()
	}
	p.l.out = nil
}

// cancel sends the CANCEL, once (RFC 3261 §9.1).
func (p *placing) cancel() {
	if p.settled {
		return
	}
	p.settled = true
	p.sendCancel(p.tx, p.cause)
	p.forget()
}

func (p *placing) sendCancel(t *inviteClient, c call.Cause) {
	if t.cancel {
		return
	}
	s := p.l.s
	b := p.appendStart(s.buf[:0], "CANCEL", t.flow, t.branch, t.seq, "<"+p.uri+">")
	b = appendHeaders(b, reasonHeader(c))
	b = appendBody(b, "", nil)
	s.buf = b
	s.request(t.flow, "CANCEL", t.branch, b, nil)
	t.cancelled()
}
