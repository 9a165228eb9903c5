package rcml

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"

	"golang.org/x/net/publicsuffix"

	"tandem/switch/call"
)

// Handler is a dial plan: the document at a URL, and where it leads. The same Handler may serve many calls.
type Handler struct {
	Engine *Engine

	URL    string // of the first document: absolute, or relative to the engine's base
	Method string // GET or POST ("")
	// FallbackURL is asked when the first document cannot be had or read; "": nothing is.
	FallbackURL    string
	FallbackMethod string
	// Document runs in place of what URL would return; nil: URL is asked.
	Document []byte
	// Status is told how the call gets on; the zero value: nobody is.
	Status StatusCallback
	// Extra are parameters that every request of this run carries, ReferTarget and the like.
	Extra Form
}

// ServeCall runs the plan on c. An inbound caller hears ringing at once and is answered when a verb needs it.
func (h *Handler) ServeCall(ctx context.Context, c *call.Call) error {
	r := newRun(h.Engine, c, h.Extra)
	finish := h.Engine.watch(c, h.Status, r.session)
	defer finish()
	if unanswered(c) {
		if err := c.Ring(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, call.ErrEnded) {
			return err
		}
	}
	return r.serve(ctx, func(ctx context.Context) (*Document, error) { return h.first(ctx, r) })
}

// first gets the document that the call begins with, or its fallback.
func (h *Handler) first(ctx context.Context, r *Run) (*Document, error) {
	if h.Document != nil {
		return r.inline(h.Document)
	}
	doc, failed := h.load(ctx, r, h.URL, h.Method, nil)
	if failed == nil || h.FallbackURL == "" || failed.final {
		return doc, failed.orNil()
	}
	r.report(failed)
	form := Form{}
	form.add("ErrorCode", itoa(failed.code))
	form.add("ErrorUrl", failed.url)
	doc, failed = h.load(ctx, r, h.FallbackURL, h.FallbackMethod, form)
	return doc, failed.orNil()
}

// load is one attempt; a failure that is none of the application's is final.
func (h *Handler) load(ctx context.Context, r *Run, ref, method string, form Form) (*Document, *failure) {
	target, err := h.Engine.locate(ref)
	if err != nil {
		return nil, impossible(ref, err)
	}
	doc, err := r.load(ctx, Request{Method: method, URL: target, Form: form})
	if err == nil {
		return doc, nil
	}
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		return nil, &failure{final: true, err: err}
	}
	if failed.code == noteSyntax && !h.Engine.profile.FallbackOnSyntax {
		failed.final = true
	}
	return nil, failed
}

// session is what a call keeps across its plans.
type session struct {
	jar      http.CookieJar
	outbound call.ID // the child dialled last
}

type sessionKey struct{}

// sessionOf finds the session of a call, or begins one.
func sessionOf(c *call.Call) *session {
	if s, ok := c.Value(sessionKey{}).(*session); ok {
		return s
	}
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	s := &session{}
	if err == nil {
		s.jar = jar
	}
	c.SetValue(sessionKey{}, s)
	return s
}

// unanswered reports whether c is an inbound call that still rings.
func unanswered(c *call.Call) bool {
	return c.Direction() == call.Inbound && c.Status() == call.StatusRinging
}
