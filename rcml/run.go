package rcml

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"tandem/switch/call"
	"tandem/switch/directory"
)

// afterlife is how long a plan may go on when its caller has gone: one action request and free verbs.
const afterlife = 60 * time.Second

// lastState is how long a plan waits for the final status of a call that is being hung up.
const lastState = 2 * time.Second

// Run is a chain of documents on one call. It belongs to the plan's goroutine.
type Run struct {
	engine  *Engine
	call    *call.Call
	log     *slog.Logger
	session *session
	extra   Form // parameters of every request
	screen  bool // it runs on a callee before its bridge

	base    *url.URL // of the running document
	current Request  // that brought it

	answering *call.Refusal // what an unanswered caller hears at the end, once a Dial has tried; nil: it is answered
	redirects int           // Redirect documents since the last other verb
	declined  bool          // Reject has answered
	dropped   bool          // a verb ended the call on purpose
	left      bool          // the caller has gone
	after     context.Context
	cancel    context.CancelFunc
}

func newRun(e *Engine, c *call.Call, extra Form) *Run {
	return &Run{engine: e, call: c, log: c.Log(), session: sessionOf(c), extra: extra}
}

// serve runs documents until none follows.
func (r *Run) serve(ctx context.Context, first func(context.Context) (*Document, error)) error {
	defer func() {
		if r.cancel != nil {
			r.cancel()
		}
	}()
	doc, err := first(ctx)
	for err == nil {
		var next Next
		if next, err = r.execute(ctx, doc); err != nil {
			break
		}
		if next.Request == nil {
			return r.end(ctx)
		}
		doc, err = r.load(r.life(ctx), *next.Request)
		if err == nil && next.Leave {
			err = r.call.Hangup(context.WithoutCancel(ctx), call.CauseNormal)
		}
	}
	return r.fail(ctx, err)
}

// execute runs one document. When the caller goes meanwhile, only free verbs run from there on.
func (r *Run) execute(ctx context.Context, doc *Document) (Next, error) {
	for _, w := range doc.Warnings {
		r.warn(w.Code, "%s", w.Text)
	}
	for _, v := range doc.Verbs {
		if _, ok := v.(free); !ok && r.gone(ctx) {
			continue
		}
		next, err := r.step(r.life(ctx), v)
		r.left = r.left || errors.Is(err, call.ErrEnded) // the leg is over, and the context hears it in a moment
		if err != nil && !r.gone(ctx) {
			return Next{}, err
		}
		if next.Request != nil || next.End {
			return next, nil
		}
	}
	return Next{}, nil
}

// step runs one verb.
func (r *Run) step(ctx context.Context, v Verb) (Next, error) {
	began := time.Now()
	r.log.Debug("verb", "verb", verbName(v))
	if _, ok := v.(redirect); !ok {
		r.redirects = 0
	}
	next, err := v.Execute(ctx, r)
	outcome := "next"
	switch {
	case err != nil:
		outcome = "stopped"
	case next.Request != nil:
		outcome = "document"
	case next.End:
		outcome = "end"
	}
	r.engine.metrics.ran(verbName(v), outcome, time.Since(began))
	return next, err
}

// gone reports whether the caller has left: only what needs no caller happens now.
func (r *Run) gone(ctx context.Context) bool {
	return r.left || errors.Is(context.Cause(ctx), call.ErrHangup) || ctx.Err() == nil && r.call.Status().Final()
}

// life is the context of what happens next: the call's own, or, behind a caller that has gone, a time of grace.
func (r *Run) life(ctx context.Context) context.Context {
	if !r.gone(ctx) {
		return ctx
	}
	if r.after == nil {
		r.left = true
		r.settle(ctx)
		r.after, r.cancel = context.WithTimeout(context.WithoutCancel(ctx), afterlife)
	}
	return r.after
}

// settle waits until the status of a call that was hung up is final, for the requests that report it.
func (r *Run) settle(ctx context.Context) {
	if r.call.Status().Final() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastState)
	defer cancel()
	for range r.call.Digits(ctx) { // closed when the leg has ended
	}
}

// answer makes sure that the caller is answered.
func (r *Run) answer(ctx context.Context) error {
	r.answering = nil
	if !unanswered(r.call) {
		return nil
	}
	return r.call.Answer(ctx)
}

// end is the end of the last document.
func (r *Run) end(ctx context.Context) error {
	switch {
	case r.gone(ctx):
		return context.Cause(ctx)
	case r.declined:
		return nil
	case r.answering != nil && unanswered(r.call):
		return r.answering
	}
	return r.answer(ctx) // only Reject refuses a call: an empty document answers and hangs up
}

// fail ends the run with err: the end of the context, or a failure the caller hears.
func (r *Run) fail(ctx context.Context, err error) error {
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	if failed.final {
		return failed.err
	}
	r.report(failed)
	if r.gone(ctx) {
		return nil
	}
	refusal := &call.Refusal{Code: failed.sip, Text: failed.reason, Err: failed}
	if refusal.Reason = "Server Internal Error"; failed.sip == 404 {
		refusal.Reason = "Not Found"
	}
	return refusal
}

// resolve makes a reference of the running document absolute. Only http and https lead anywhere, and file: from a file.
func (r *Run) resolve(ref string) (string, error) {
	return resolve(r.base, ref, r.base != nil && r.base.Scheme == "file")
}

func resolve(base *url.URL, ref string, files bool) (string, error) {
	u, err := url.Parse(ref)
	if err != nil {
		return "", impossible(ref, errors.New("not a URL"))
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if u.Scheme == "file" && u.Opaque != "" { // file:name is below the folder like file:///name
		u.Path, u.Opaque = "/"+strings.TrimLeft(unescape(u.Opaque), "/"), ""
	}
	switch {
	case u.Scheme == "file" && files:
	case u.Scheme == "" || u.Scheme != "file" && u.Host == "":
		return "", impossible(ref, errors.New("no host"))
	case u.Scheme != "http" && u.Scheme != "https":
		return "", impossible(ref, fmt.Errorf("scheme %q is not allowed", u.Scheme))
	}
	return u.String(), nil
}

// impossible is a URL that leads nowhere: the call ends.
func impossible(ref string, err error) *failure {
	return &failure{code: noteBadURL, sip: 500, reason: "Bad URL", url: redact(ref), err: err}
}

// action is the request a verb ends with, or nil when it has no action. It is made before the verb
// begins, so that an impossible URL ends the call then.
func (r *Run) action(l link, method string) (*Request, error) {
	if !l.set {
		return nil, nil
	}
	if l.ref == "" && r.base == nil {
		return nil, impossible("", errors.New("the document has no URL of its own"))
	}
	if l.ref == "" {
		return &Request{Method: method, URL: r.current.URL, Action: true}, nil
	}
	target, err := r.resolve(l.ref)
	if err != nil {
		return nil, err
	}
	return &Request{Method: method, URL: target, Action: true}, nil
}

// warn stores a notification that ends nothing.
func (r *Run) warn(code int, format string, args ...any) {
	r.notify(&failure{code: code, err: fmt.Errorf(format, args...)})
}

// report stores the notification of a failure.
func (r *Run) report(f *failure) {
	if f != nil && !f.final {
		r.notify(f)
	}
}

func (r *Run) notify(f *failure) {
	n := directory.Notification{
		Account: r.call.Account(), Call: string(r.call.ID()), Warning: warnings[f.code], Code: f.code,
		Text: f.err.Error(), RequestURL: f.url, RequestMethod: f.method, RequestVariables: f.form,
	}
	if n.RequestURL == "" {
		n.RequestURL, n.RequestMethod = redact(r.current.URL), r.current.Method
	}
	if f.answer != nil {
		n.ResponseHeaders, n.ResponseBody = headerText(f.answer.Header), bodyText(f.answer.Body)
	}
	r.engine.notify(r.log, n)
}
