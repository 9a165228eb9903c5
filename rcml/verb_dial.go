package rcml

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/switch/call"
)

// maxTargets is how many targets a Dial may have.
const maxTargets = 10

// dial connects the caller with one or more targets.
type dial struct {
	action       link
	method       string
	timeout      time.Duration
	limit        time.Duration
	callerID     string
	hangupOnStar bool
	onBridge     *bool // answerOnBridge; nil: as configured
	country      string
	ringURL      string
	sequential   bool
	nouns        []noun
	impossible   string // why nobody can be dialled; "": somebody can
}

func (dial) verb() string { return "Dial" }

func parseDial(_ language, e *element) (Verb, error) {
	d := dial{
		action: e.link("action"), method: e.method("method", warnDialMethod),
		timeout:  e.seconds("timeout", call.DefaultRingTime, warnDialTime),
		limit:    e.seconds("timeLimit", call.DefaultTimeLimit, warnDialLimit),
		callerID: strings.TrimPrefix(e.str("callerId"), "client:"), hangupOnStar: e.boolean("hangupOnStar", false),
		sequential: e.boolean("sequential", false),
	}
	if e.str("answerOnBridge") != "" {
		on := e.boolean("answerOnBridge", false)
		d.onBridge = &on
	}
	d.ringTone(e)
	if v := e.str("record"); v != "" && v != "false" && v != "do-not-record" {
		e.warn(warnNotBuilt, "record is not available")
	}
	if e.has("referUrl") {
		e.warn(warnNotBuilt, "referUrl is not available")
	}
	d.targets(e)
	if strings.ContainsFunc(d.callerID, notUser) {
		e.warn(noteCallerID, "callerId=%q cannot be a caller", d.callerID)
		d.impossible = "callerId"
	}
	return d, nil
}

// notUser is what cannot stand in the user part of a SIP URI without escapes (RFC 3261 §25.1), and "#", which numbers have.
func notUser(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && !strings.ContainsRune("-_.!~*'()&=+$,;?/#", r)
}

func (d *dial) ringTone(e *element) {
	d.country = strings.ToLower(e.str("ringTone"))
	if v := e.str("ringbackTone"); len(v) == 2 {
		d.country = strings.ToLower(v)
	} else {
		d.ringURL = v
	}
}

// targets reads the nouns, or the text where there are none.
func (d *dial) targets(e *element) {
	var others []string
	for _, c := range e.children {
		read, ok := nouns[c.name]
		if !ok {
			if slices.Contains(notBuilt, c.name) {
				c.warn(warnNotBuilt, "not available")
				others = append(others, c.name)
			} else {
				c.warn(warnElement, "not allowed inside <Dial>")
			}
			continue
		}
		n, err := read(c)
		if err != nil {
			c.warn(warnElement, "left out: %v", err)
			continue
		}
		if len(d.nouns) == maxTargets {
			e.warn(warnTargets, "more than %d targets", maxTargets)
			break
		}
		d.nouns = append(d.nouns, n)
	}
	if slices.Contains(others, "Conference") || len(d.nouns) == 0 && len(others) > 0 {
		d.impossible, d.nouns = others[0], nil // a conference wins over all other targets
	} else if len(d.nouns) == 0 && e.text != "" {
		d.text(e)
	}
}

// text is the target that a Dial without nouns names.
func (d *dial) text(e *element) {
	kind, bare := "Number", &element{name: e.name, line: e.line, text: e.text, warnings: e.warnings}
	switch {
	case strings.HasPrefix(e.text, "client:"):
		kind = "Client"
	case strings.Contains(e.text, "@"):
		kind = "Sip"
	}
	n, err := nouns[kind](bare)
	if err != nil {
		e.warn(warnElement, "%v", err)
		return
	}
	d.nouns = append(d.nouns, n)
}

func (d dial) Execute(ctx context.Context, r *Run) (Next, error) {
	switch {
	case r.screen:
		r.warn(noteNoTarget, "Dial inside a screening document")
		r.dropped = true
		return Next{End: true}, nil
	case len(d.nouns) == 0 && d.impossible == "":
		r.warn(noteNoTarget, "Dial without a target")
		return Next{}, nil
	}
	onBridge := r.engine.cfg.AnswerOnBridge
	if d.onBridge != nil {
		onBridge = *d.onBridge
	}
	if !onBridge {
		if err := r.answer(ctx); err != nil {
			return Next{}, err
		}
	}
	action, err := r.action(d.action, d.method)
	if err != nil {
		return Next{}, err
	}
	declined := &atomic.Bool{}
	targets, err := d.resolved(r, declined)
	if err != nil {
		return Next{}, err
	}
	res, err := call.DialResult{Status: call.StatusFailed}, error(nil)
	if d.impossible == "" {
		res, err = d.dial(ctx, r, targets, onBridge)
	}
	if res.EndedBy == call.ByTransfer {
		return transferred(ctx)
	}
	return d.next(r, action, res, declined.Load(), err), err
}

// transferred is a Dial whose callee was given a plan of its own: it has no action, and the caller gets another plan, too, or
// is hung up, in this moment.
func transferred(ctx context.Context) (Next, error) {
	select {
	case <-ctx.Done():
		return Next{}, context.Cause(ctx)
	case <-time.After(lastState):
		return Next{End: true}, nil
	}
}

// dial rings the targets, all at once or one after the other.
func (d dial) dial(ctx context.Context, r *Run, targets []call.Target, onBridge bool) (res call.DialResult, err error) {
	how := call.Dial{
		Timeout: d.timeout, TimeLimit: d.limit, CallerID: d.callerID, AnswerOnBridge: onBridge,
		EarlyMedia: r.engine.cfg.EarlyMedia, Ringback: d.ringback(ctx, r),
	}
	if r.engine.profile.Grace {
		how.Timeout += 5 * time.Second
	}
	if d.hangupOnStar && r.engine.profile.KeysInDial {
		how.HangupKey = '*'
	}
	rounds := [][]call.Target{targets}
	if d.sequential {
		rounds = nil
		for t := range slices.Chunk(targets, 1) {
			rounds = append(rounds, t)
		}
	}
	for _, round := range rounds {
		how.Targets = round
		if res, err = r.call.Dial(ctx, how); err != nil || res.Bridged {
			break
		}
	}
	return res, err
}

// ringback is what an answered caller hears meanwhile.
func (d dial) ringback(ctx context.Context, r *Run) *media.Prompt {
	if d.ringURL != "" {
		target, err := resolve(r.base, d.ringURL, true)
		if err == nil {
			var prompt *media.Prompt
			if prompt, err = r.prompt(ctx, target); err == nil {
				return prompt
			}
		}
		r.warn(notePlay, "ringbackTone cannot be played: %v", err)
	}
	if r.engine.deps.Tones == nil {
		return nil
	}
	return r.engine.deps.Tones(d.country)
}

// resolved makes targets of the nouns: URLs absolute, callbacks and screenings in place.
func (d dial) resolved(r *Run, declined *atomic.Bool) ([]call.Target, error) {
	var inherited []call.Header
	if r.engine.cfg.PassHeaders {
		for _, h := range r.call.Party().Headers {
			if isCustom(h.Name) {
				inherited = append(inherited, h)
			}
		}
	}
	out := make([]call.Target, 0, len(d.nouns))
	for _, n := range d.nouns {
		t := call.Target{
			Kind: n.kind, Value: n.value, Username: n.user, Password: n.password,
			Headers: append(slices.Clone(inherited), n.headers...),
		}
		if n.status.ref != "" && r.engine.deps.Callbacks != nil {
			if target, err := r.resolve(n.status.ref); err != nil || isFile(target) {
				r.warn(noteBadURL, "statusCallback %q leads nowhere", redact(n.status.ref))
			} else {
				p := r.engine.reporter(target, n.statusMethod, n.events, r.engine.profile.DefaultEvents)
				p.jar = r.session.jar
				t.Progress = p.progress
			}
		}
		if n.screen.ref != "" {
			req, err := r.action(n.screen, n.screenMethod)
			if err != nil {
				return nil, err
			}
			t.OnAnswer = &screening{
				engine: r.engine, session: session{jar: r.session.jar}, base: r.base, request: *req,
				limit: n.screenLimit, sip: n.kind == call.TargetSIP, declined: declined,
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// next decides what follows: the action, or the next verb.
func (d dial) next(r *Run, action *Request, res call.DialResult, declined bool, err error) Next {
	p := r.engine.profile
	if res.Child != "" {
		r.session.outbound = res.Child
	}
	if !res.Bridged && unanswered(r.call) {
		r.answering = refusal(res)
	}
	leave := err == nil && (res.EndedBy == call.ByCallee && !p.StayAfterCallee ||
		res.EndedBy == call.ByLimit && p.LimitEndsCaller || declined && !res.Bridged && p.DeclineDropsAll)
	if action == nil {
		return Next{End: leave}
	}
	action.Form = d.result(p, res, err)
	return Next{Request: action, Leave: leave}
}

// refusal is what a caller hears whom a Dial has left unanswered, unless something else answers it.
func refusal(res call.DialResult) *call.Refusal {
	if res.Code < 300 {
		return &call.Refusal{Code: 487, Reason: "Request Terminated"}
	}
	return &call.Refusal{Code: res.Code}
}

// result are the parameters of the action request (rcml.md 2.1.6).
func (d dial) result(p *Profile, res call.DialResult, err error) Form {
	status := res.Status.Plain().String()
	switch {
	case res.Status == call.StatusNoAnswer && res.Code == 408:
		status = p.TimeoutStatus
	case res.Status == call.StatusCanceled && err != nil:
		status = p.AbandonedStatus
	}
	child := string(res.Child)
	if child == "" && p.NullSID {
		child = "null"
	}
	f := Form{}
	f.add("DialCallStatus", status)
	f.add("DialCallSid", child)
	f.add("DialCallDuration", itoa(seconds(res.Duration)))
	f.add("DialBridged", map[bool]string{true: "true", false: "false"}[res.Bridged])
	if res.Child == "" {
		return f
	}
	f.add("DialRingDuration", itoa(seconds(res.RingDuration)))
	if slices.ContainsFunc(d.nouns, func(n noun) bool { return n.kind == call.TargetSIP }) {
		f.add("DialSipCallId", res.SIPCallID)
		code := res.Code
		if code == 0 {
			code = 200 // to the BYE
		}
		f.add("DialSipResponseCode", itoa(code))
		f.headers("DialSipHeader_", res.Headers)
	}
	return f
}
