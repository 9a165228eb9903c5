package sipua

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"tandem/switch/call"
	"tandem/switch/transport"
)

// placing is an outbound leg until its INVITE is settled, and what is left of it for as long as 2xx may come again.
type placing struct {
	l        *Leg
	o        call.Outgoing
	uri      string // Request-URI and To
	headers  []byte // of the plan's
	sdp      []byte
	targets  []target
	at       int  // of targets, which is tried
	fallback bool // the target is tried over UDP because it does not take TCP
	pinned   bool // the target is the flow a client registered over
	tx       *inviteClient
	early    []string // To tags heard in provisional answers
	rung     bool     // a provisional answer is in, so a CANCEL may go out
	tried    bool     // credentials were sent
	auth     string   // Authorization or Proxy-Authorization line
	given    bool     // up: nobody wants a 2xx any more
	settled  bool     // a final answer decided
	cause    call.Cause
	heardSDP string // To tag of the early dialog whose answer is in force
}

// target is one place where the callee may be reached.
type target struct {
	flow     transport.Flow // set: this one
	network  transport.Network
	local    netip.AddrPort
	remote   netip.AddrPort
	explicit bool // the transport was named, so a long request does not change it
}

// Invite places an outbound leg. It returns as soon as the leg exists; looking
// up a name, if the target has one, goes on behind it.
func (u *UA) Invite(ctx context.Context, o call.Outgoing) (call.Leg, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	p, to, targets, err := u.newPlacing(&o)
	if p == nil {
		return nil, err
	}
	l := p.l // once begun, p belongs to the shard, which may part it from its leg
	switch {
	case err != nil:
	case targets == nil:
		//nolint:contextcheck // looking up outlives the caller: Invite returns before it
		err = p.lookup(to)
	default:
		err = p.begin(targets)
	}
	if err != nil {
		l.audio.Close()
		return nil, err
	}
	return l, nil
}

// lookup starts the call once it is known where it goes.
func (p *placing) lookup(to *uri) error {
	return p.l.s.u.lookup(*to, func(found []target, err error) {
		st, err := p.open(found, err)
		p.l.s.post(func() { p.start(st, found, err) })
	})
}

// begin starts the call at targets that are known.
func (p *placing) begin(targets []target) error {
	st, err := p.open(targets, nil)
	if err == nil && !p.l.s.post(func() { p.start(st, targets, nil) }) {
		err = call.ErrEnded
	}
	return err
}

// newPlacing makes the leg and finds its targets; none, without an error: they are to be looked up. It
// stands apart because opening the media needs the stack that this takes.
//
//go:noinline
func (u *UA) newPlacing(o *call.Outgoing) (*placing, *uri, []target, error) {
	to, request, err := parseTarget(o.To)
	if err != nil {
		return nil, nil, nil, &call.Refusal{Code: 416, Err: fmt.Errorf("cannot reach %q: %w", clean(o.To), err)}
	}
	if o.MaxForwards < 0 {
		return nil, nil, nil, &call.Refusal{Code: 483, Err: errors.New("Max-Forwards is used up")}
	}
	beside, _ := o.Beside.(*Leg)
	s := u.shardBeside(beside)
	l := newLeg(s, newCallID(s.n, len(u.shards)), "", u.outboundParty(*o, to), netip.Addr{})
	l.party.SIPCallID = l.id
	l.username, l.password = o.Username, o.Password
	if beside != nil {
		l.audio.join(beside)
		beside.audio.join(l)
	}
	p := &placing{l: l, o: *o, uri: request}
	p.headers = appendHeaders(nil, u.allowedHeaders(l.id, o.Headers))
	targets, err := u.targets(*o, to)
	return p, &to, targets, err
}

// open opens the media for the first target, in the goroutine of the caller or of the look-up.
func (p *placing) open(targets []target, err error) (Stream, error) {
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, errNoTarget
	}
	a := &p.l.audio
	a.at(p.l.s.u.localFor(targets[0]), targets[0].addr())
	if err := a.openCaller(); err != nil {
		return nil, err
	}
	return a.open()
}

var errNoTarget = errors.New("no target")

// localFor is our address on the way to a target; zero where there is none.
func (u *UA) localFor(t target) netip.Addr {
	f := t.flow
	if f.IsZero() {
		f, _ = u.transports().Connect(t.network, t.local, t.remote)
	}
	return f.Local().Addr()
}

func (u *UA) shardBeside(l *Leg) *shard {
	if l != nil && l.s.u == u {
		return l.s
	}
	return u.shards[int(u.next.Add(1))%len(u.shards)]
}

// outboundParty is what we say of ourselves to the callee.
func (u *UA) outboundParty(o call.Outgoing, to uri) call.Party {
	return call.Party{
		From: o.From, To: call.Identity{User: cmp.Or(o.User, unescape(to.user))}, Source: o.Path.Source,
		MaxForwards: o.MaxForwards, Headers: o.Headers,
	}
}

func (t target) addr() netip.Addr {
	if !t.flow.IsZero() {
		return t.flow.Remote().Addr().Unmap()
	}
	return t.remote.Addr().Unmap()
}

// start sends the first INVITE.
func (p *placing) start(st Stream, targets []target, err error) {
	l := p.l
	if l.state == over {
		return // hung up while the name was looked up
	}
	l.out, l.placed = p, p
	if err != nil {
		p.failed(lookupCode(err), fmt.Errorf("reach %s: %w", p.uri, err))
		return
	}
	p.targets = targets
	l.source = targets[0].addr()
	l.place(st)
	if p.sdp, err = l.sdp.n.Offer(p.o.Formats, l.sdp.wish); err != nil {
		p.failed(488, err)
		return
	}
	l.tag = l.s.newID()
	l.s.legs[l.tag] = l
	p.try()
}

// lookupCode is the answer for a callee that could not even be rung.
func lookupCode(err error) int {
	if r, ok := errors.AsType[*call.Refusal](err); ok {
		return r.Code
	}
	return 404
}

// try sends the INVITE to the target whose turn it is.
func (p *placing) try() {
	l, s, t := p.l, p.l.s, p.targets[p.at]
	flow := t.flow
	p.pinned = !flow.IsZero()
	if flow.IsZero() {
		network := t.network
		if network == transport.UDP && !t.explicit && !p.fallback && p.long() && !s.takesNoTCP(t.remote) {
			network = transport.TCP // RFC 3261 §18.1.1
		}
		var err error
		if flow, err = s.u.transports().Connect(network, t.local, t.remote); err != nil {
			p.next(503, err)
			return
		}
	}
	p.send(flow)
	l.source = flow.Remote().Addr().Unmap()
}

// longest is the size from which on a request goes by a stream transport where nobody said otherwise (RFC 3261 §18.1.1).
const longest = 1300

// long guesses the size of the INVITE: what is fixed of it is about 500 bytes.
func (p *placing) long() bool {
	return 500+2*len(p.uri)+len(p.headers)+len(p.l.stamps)+len(p.auth)+len(p.sdp) > longest
}

// send sends the INVITE over a flow, as a new transaction.
func (p *placing) send(flow transport.Flow) {
	l, s := p.l, p.l.s
	l.dlg.flow = flow
	l.dlg.localSeq++
	if l.dlg.local == "" {
		l.dlg.local = s.localAddress(p.o.From, l.tag, flow)
		l.dlg.remote = "<" + p.uri + ">"
	}
	branch := s.newBranch()
	b := p.appendStart(s.buf[:0], "INVITE", flow, branch, l.dlg.localSeq, l.dlg.remote)
	b = appendContact(b, flow)
	b = appendHeader(b, "Allow", allowed)
	b = append(b, p.auth...)
	b = append(b, p.headers...)
	b = append(b, l.stamps...)
	b = appendBody(b, typeSDP, p.sdp)
	s.buf = b
	p.rung = false
	p.tx = s.invite(flow, branch, l.dlg.localSeq, b, p)
}

// appendStart writes what INVITE, its CANCEL and the ACK of a refusal have in common.
func (p *placing) appendStart(b []byte, method string, flow transport.Flow, branch string, seq uint32, to string) []byte {
	l := p.l
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, p.uri...)
	b = append(b, " SIP/2.0\r\n"...)
	b = appendVia(b, flow, branch)
	hops := p.o.MaxForwards
	if hops == 0 {
		hops = l.s.u.cfg.MaxForwards
	}
	b = appendInt(b, "Max-Forwards", hops)
	b = appendHeader(b, "From", l.dlg.local)
	b = appendHeader(b, "To", to)
	b = appendHeader(b, "Call-ID", l.id)
	b = append(b, "CSeq: "...)
	b = strconv.AppendUint(b, uint64(seq), 10)
	b = append(b, ' ')
	b = append(b, method...)
	b = append(b, "\r\n"...)
	if product := l.s.u.cfg.Product; product != "" {
		b = appendHeader(b, "User-Agent", product)
	}
	return b
}

// localAddress is the From of a call we place: the identity asked for, at our own host.
func (s *shard) localAddress(id call.Identity, tag string, flow transport.Flow) string {
	var b []byte
	if id.Display != "" {
		b = appendQuoted(b, clean(id.Display))
		b = append(b, ' ')
	}
	b = append(b, "<sip:"...)
	if id.User != "" {
		b = appendEscaped(b, id.User)
		b = append(b, '@')
	}
	b = appendHost(b, flow.Contact().Addr())
	b = append(b, ">;tag="...)
	return string(append(b, tag...))
}

func appendHost(b []byte, a netip.Addr) []byte {
	if a.Is6() {
		b = append(b, '[')
		b = a.AppendTo(b)
		return append(b, ']')
	}
	return a.AppendTo(b)
}

// appendACK writes the ACK of a refusal.
func (p *placing) appendACK(b []byte, t *inviteClient, to string) []byte {
	return appendBody(p.appendStart(b, "ACK", t.flow, t.branch, t.seq, to), "", nil)
}

// knows reports whether a To tag is that of an early dialog.
func (p *placing) knows(tag string) bool { return slices.Contains(p.early, tag) }
