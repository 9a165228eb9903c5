package rcml

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"tandem/switch/call"
)

// finalWait is how long the last callback of a call waits for the action request of the verb that was interrupted.
const finalWait = 10 * time.Second

// StatusCallback says who is told how a call gets on.
type StatusCallback struct {
	URL    string // absolute, or relative to the engine's base; "": nobody
	Method string // GET or POST ("")
	Events string // a list of initiated, ringing, answered (or in-progress), completed; "": all
}

// Report tells s of every further step of c, for plans that are no documents. A call has one
// such listener: a later one takes its place.
func (e *Engine) Report(c *call.Call, s StatusCallback) {
	e.watch(c, s, sessionOf(c))()
}

// Progress returns what tells s of the steps of a call that is being placed, or nil when nobody is to be told: for
// the Progress of a call.Target.
func (e *Engine) Progress(s StatusCallback) func(call.Progress) {
	if s.URL == "" || e.deps.Callbacks == nil {
		return nil
	}
	target, err := e.locate(s.URL)
	if err != nil || isFile(target) {
		e.deps.Log.Warn("status callback has an impossible URL", "url", redact(s.URL), "err", err)
		return nil
	}
	p := e.reporter(target, s.Method, s.Events, allEvents)
	p.whole = true
	return p.progress
}

// watch is Report for a plan that runs: the final callback waits for finish.
func (e *Engine) watch(c *call.Call, s StatusCallback, with *session) (finish func()) {
	if s.URL == "" || e.deps.Callbacks == nil {
		return func() {}
	}
	target, err := e.locate(s.URL)
	if err != nil || isFile(target) {
		c.Log().Warn("status callback has an impossible URL", "url", redact(s.URL), "err", err)
		return func() {}
	}
	p := e.reporter(target, s.Method, s.Events, allEvents)
	p.jar, p.party, p.whole, p.running = with.jar, c.Party(), true, true
	c.Watch(p.progress)
	return p.finish
}

// reporter turns the steps of one call into callbacks.
type reporter struct {
	engine      *Engine
	url, method string
	wanted      map[string]bool
	jar         http.CookieJar
	party       call.Party
	whole       bool // it reports a call, not a leg of a Dial

	mu      sync.Mutex
	running bool // the plan
	final   *Callback
}

func (e *Engine) reporter(url, method, events, otherwise string) *reporter {
	p := &reporter{engine: e, url: url, method: method, wanted: map[string]bool{}}
	if events == "" {
		events = otherwise
	}
	for _, name := range e.profile.list(events) {
		p.wanted[name] = true
	}
	return p
}

// list splits a list of names.
func (p *Profile) list(s string) []string {
	if !p.BlankSeparates {
		return strings.Split(strings.Join(strings.Fields(s), ""), ",")
	}
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}

// progress is called on the loop of the call it tells about.
func (p *reporter) progress(at call.Progress) {
	name := at.Step.String()
	if at.Step == call.StepAnswered && p.wanted["in-progress"] {
		name = "in-progress"
	}
	if !p.wanted[name] {
		return
	}
	cb := Callback{
		Call: string(at.Call.ID), Account: at.Call.Account, Method: p.method, URL: p.url,
		Form: p.form(at), Jar: p.jar,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.Step == call.StepCompleted && p.running {
		p.final = &cb
		time.AfterFunc(finalWait, p.finish)
		return
	}
	p.engine.deps.Callbacks.Callback(cb)
}

// finish sends what waited for the end of the plan.
func (p *reporter) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = false
	if p.final != nil {
		p.engine.deps.Callbacks.Callback(*p.final)
		p.final = nil
	}
}

// form is what a callback says (rcml.md 3.1, 3.2).
func (p *reporter) form(at call.Progress) Form {
	f := p.engine.standard(at.Call, p.party)
	f[f.index("CallStatus")][1] = p.status(at)
	if at.Step == call.StepCompleted {
		f.add("CallDuration", itoa(seconds(at.Call.Duration())))
		if p.whole {
			f.add("Duration", itoa(seconds(at.Call.Duration()+59*time.Second)/60)) // in started minutes
		}
		if at.Call.Code != 0 {
			f.add("SipResponseCode", itoa(at.Call.Code))
		}
	}
	f.add("Timestamp", at.At.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	f.add("CallbackSource", "call-progress-events")
	sequence := at.Sequence
	if p.engine.profile.FixedSequence {
		sequence = int(at.Step)
	}
	f.add("SequenceNumber", itoa(sequence))
	return f
}

// status is the CallStatus of a step.
func (p *reporter) status(at call.Progress) string {
	switch {
	case p.engine.profile.EventAsStatus && !p.whole, at.Step == call.StepInitiated, at.Step == call.StepRinging:
		return at.Step.String()
	case at.Step == call.StepAnswered:
		return call.StatusInProgress.String()
	}
	return at.Call.Status.Plain().String()
}
