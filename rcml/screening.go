package rcml

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"
	"time"

	"tandem/switch/call"
)

var (
	errDeclined  = errors.New("the call was declined in its screening")
	errScreening = errors.New("the screening took too long")
)

// screening runs a document on a callee that has answered; its normal end lets the bridge come.
type screening struct {
	engine   *Engine
	session  session // with the caller's cookies
	base     *url.URL
	request  Request
	limit    time.Duration
	sip      bool         // the noun was Sip or Uri
	declined *atomic.Bool // set when the callee is dropped
}

// ServeCall returns nil when the callee is to be bridged.
func (s *screening) ServeCall(ctx context.Context, c *call.Call) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, errScreening)
	defer cancel()
	r := newRun(s.engine, c, nil)
	r.session = &session{jar: s.session.jar}
	r.base, r.screen = s.base, true
	if s.sip {
		r.extra.add("SipCallId", c.SIPCallID())
	}
	err := r.serve(ctx, func(ctx context.Context) (*Document, error) { return r.load(ctx, s.request) })
	if err == nil && r.dropped {
		err = errDeclined
	}
	if err != nil {
		s.declined.Store(true)
	}
	return err
}
