package sipua

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

const typeSDP = "application/sdp"

// newCall takes the INVITE of a new call: admitted, it becomes a leg.
func (s *shard) newCall(m *transport.Message, key transaction.Key) {
	f := &s.f
	account, client, pinned, a := s.admit(m)
	if a != nil {
		s.refuse(m, "", a)
		return
	}
	target, ok := targetOf(f[headerContact])
	if !ok {
		s.refuse(m, "", answerOf(400, errors.New("INVITE without a usable Contact"))) // RFC 3261 §8.1.1.8
		return
	}
	body, a := sdpOf(m, f)
	if a != nil {
		s.refuse(m, "", a)
		return
	}
	l := newLeg(s, m.CallID, s.newID(), partyOf(m, f), m.Flow.Remote().Addr().Unmap())
	l.party.Account, l.party.Client = account, client
	l.audio.at(m.Flow.Local().Addr(), l.source)
	if err := l.receiveOffer(body); err != nil {
		s.refuse(m, "", answerOf(offerCode(err), err))
		return
	}
	l.dlg = dialog{
		local: f[headerTo] + ";tag=" + l.tag, remote: f[headerFrom], remoteTag: m.FromTag,
		target: target, routes: routeSet(m, false), remoteSeq: m.CSeq, flow: m.Flow, pinned: pinned,
	}
	l.dlg.flow = s.hop(l, &l.dlg, m.Flow)
	for _, r := range l.dlg.routes {
		l.rr += "Record-Route: " + r + "\r\n"
	}
	s.legs[l.tag] = l
	l.in = s.newInviteServer(m, key, l)
	l.in.first, l.in.merge = true, mergeKey(m)
	s.merged[l.in.merge] = struct{}{}
	l.in.respond(100, "", nil)
	s.u.deps.Accept(l)
}

// admit decides who calls: a source on the list, or a client with its password.
func (s *shard) admit(m *transport.Message) (account, login string, pinned bool, a *answer) {
	source := m.Flow.Remote().Addr().Unmap()
	for _, ok := range s.u.cfg.Allow {
		if ok.Prefix.Contains(source) {
			return ok.Account, "", false, nil
		}
	}
	c, a := s.u.edge.authenticate(m, &s.f)
	if a != nil {
		return "", "", false, a
	}
	return c.Account, c.Login, true, nil
}

// sdpOf is the description in a message; nil where there is none. Any other body is refused.
func sdpOf(m *transport.Message, f *fields) ([]byte, *answer) {
	b := body(m)
	if len(b) == 0 {
		return nil, nil
	}
	kind, _, _ := strings.Cut(f[headerContentType], ";")
	if !strings.EqualFold(trim(kind), typeSDP) {
		return nil, answerOf(415, fmt.Errorf("body is %q", kind), call.Header{Name: "Accept", Value: typeSDP})
	}
	return b, nil
}

// offerCode is the answer to a description that cannot be taken.
func offerCode(err error) int {
	if errors.Is(err, offer.ErrNotAcceptable) {
		return 488
	}
	return 400
}

// partyOf reads who calls whom.
func partyOf(m *transport.Message, f *fields) call.Party {
	p := call.Party{
		Inbound: true, SIPCallID: m.CallID, UserAgent: f[headerUserAgent],
		From: identityOf(f[headerFrom]), To: identityOf(f[headerTo]),
		Source:      m.Flow.Network().String() + ":" + m.Flow.Remote().String(),
		MaxForwards: maxForwards(f[headerMaxForwards]),
	}
	if u, ok := parseURI(m.URI); ok {
		p.To.User = unescape(u.user)
	} else if number, ok := cutScheme(m.URI, "tel"); ok {
		p.To.User, _, _ = strings.Cut(number, ";")
	}
	for l := linesOf(m); l.next(); {
		if forwarded(l.name) {
			p.Headers = append(p.Headers, call.Header{Name: l.name, Value: l.value})
		}
	}
	p.Diverted = diverted(f[headerDiversion])
	return p
}

// identityOf reads an address of a From or To.
func identityOf(value string) call.Identity {
	display, addr, _ := cutAddress(value)
	if number, ok := cutScheme(addr, "tel"); ok {
		number, _, _ = strings.Cut(number, ";")
		return call.Identity{User: number, Display: display}
	}
	u, _ := parseURI(addr)
	return call.Identity{User: unescape(u.user), Display: display}
}

// maxForwards is 70 where the header is missing (RFC 3261 §16.6 step 3).
func maxForwards(value string) int {
	if n, ok := seconds(value); ok {
		return int(min(n, 255))
	}
	return 70
}

// Ring sends 180.
func (l *Leg) Ring(context.Context) error {
	ok := l.s.post(func() {
		if l.state == unanswered && l.in != nil {
			l.provisional(180, nil)
		}
	})
	if !ok {
		return call.ErrEnded
	}
	return nil
}

// Progress sends 183 with SDP. A party that made no offer gets it without: an offer may
// stand in a reliable answer only (RFC 3261 §13.2.1).
func (l *Leg) Progress(ctx context.Context, formats []offer.Format) error {
	st, err := l.audio.open()
	if err != nil {
		return err
	}
	return l.wait(ctx, func(done func(error)) { done(l.progress(st, formats)) })
}

func (l *Leg) progress(st Stream, formats []offer.Format) error {
	if l.state != unanswered || l.in == nil {
		return call.ErrEnded
	}
	if !l.sdp.offered {
		l.provisional(183, nil)
		return nil
	}
	sdp, err := l.answerOffer(st, formats)
	if err != nil {
		return &call.Refusal{Code: 488, Err: err}
	}
	l.provisional(183, sdp)
	return nil
}

func (l *Leg) provisional(code int, sdp []byte) {
	l.in.respond(code, "", func(b []byte) []byte { return l.appendDialogAnswer(b, sdp) })
}

// appendDialogAnswer writes what an answer that makes a dialog has besides what all have (RFC 3261 §12.1.1).
func (l *Leg) appendDialogAnswer(b []byte, sdp []byte) []byte {
	b = append(b, l.rr...)
	b = appendContact(b, l.in.flow)
	b = appendHeader(b, "Allow", allowed)
	b = l.s.appendServer(b)
	b = append(b, l.stamps...)
	return appendBody(b, typeSDP, sdp)
}

// Answer sends 200 and waits for the ACK.
func (l *Leg) Answer(ctx context.Context, formats []offer.Format) error {
	st, err := l.audio.open()
	if err != nil {
		return err
	}
	return l.wait(ctx, func(done func(error)) {
		if err := l.answer(st, formats, done); err != nil {
			done(err)
		}
	})
}

func (l *Leg) answer(st Stream, formats []offer.Format, done func(error)) error {
	if l.state != unanswered || l.in == nil {
		return call.ErrEnded
	}
	l.state = answered
	sdp, err := l.answerOffer(st, formats)
	if err != nil {
		l.state = unanswered
		return &call.Refusal{Code: 488, Err: err}
	}
	l.answerer = done
	l.in.respond(200, "", func(b []byte) []byte { return l.appendDialogAnswer(b, sdp) })
	return nil
}

// Refuse sends the final answer of an unanswered inbound leg.
func (l *Leg) Refuse(r *call.Refusal) error {
	ok := l.s.post(func() {
		if l.state == unanswered && l.in != nil {
			l.refuse(refused(r), call.Cause{By: call.BySwitch, Code: r.Code, Text: r.Text})
		}
	})
	if !ok {
		return call.ErrEnded
	}
	return nil
}

// refuse gives the INVITE its final answer and ends the leg.
func (l *Leg) refuse(a *answer, c call.Cause) {
	l.s.u.metrics.refused(a)
	l.in.respond(a.code, a.phrase(), func(b []byte) []byte {
		b = appendHeaders(b, a.headers)
		b = l.s.appendServer(b)
		return appendBody(append(b, l.stamps...), "", nil)
	})
	if a.err != nil {
		l.s.u.log.Info("call refused", "sip_call_id", l.id, "code", a.code, "err", a.err)
	}
	l.in = nil
	l.finish(call.Event{Code: a.code, Cause: c})
}
