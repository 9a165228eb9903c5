package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
)

var errEnded = problem{Status: http.StatusGone, Code: 1100, Message: "Call is already completed."}

// modification is what a request asks of a live call.
type modification struct {
	status   string // "", "canceled", "completed"
	mute     *bool
	redirect call.Handler
	move     bool
	report   func(call.Progress)
}

// modifyCall changes a live call (2.7.5) and answers with the call as it was before.
func (s *Server) modifyCall(w http.ResponseWriter, r *request) error {
	rec, ok, err := s.record(r.Context(), r.sid())
	if err != nil {
		return err
	}
	if !ok {
		return problem{Status: http.StatusNotAcceptable, Message: "The call does not exist"}
	}
	if !r.caller.Super() { // who may address any call through any target
		if err := r.owned(directory.CallSID(r.sid()), rec.Account, true); err != nil {
			return errDenied
		}
	}
	c, ok := s.deps.Live.Find(rec.ID)
	if !ok {
		return errEnded
	}
	m, err := s.parseModification(r, rec)
	if err != nil {
		return err
	}
	view := s.viewCall(rec)
	if err := m.apply(r.Context(), c); err != nil {
		return err
	}
	return r.one(w, view)
}

func (s *Server) parseModification(r *request, rec cdr.Record) (modification, error) {
	var m modification
	if r.text("Url") == "" && r.text("Status") == "" && r.text("Mute") == "" && r.text("StatusCallback") == "" {
		return m, problem{Status: http.StatusConflict, Message: "One of Url, Status and Mute must be given"}
	}
	set := &setter{r: r}
	m.status = strings.ToLower(r.text("Status"))
	switch m.status {
	case "", call.StatusCanceled.String(), call.StatusCompleted.String():
	default:
		set.fail(badRequest(0, "Status %q is neither canceled nor completed", m.status))
	}
	if _, ok := set.given("Mute"); ok {
		m.mute = new(bool)
		set.bool("Mute", m.mute)
	}
	set.bool("MoveConnectedCallLeg", &m.move)
	plan := s.planOf(set, rec.Account)
	plan.NumberSID = rec.NumberSID
	status := s.statusCallback(set)
	if set.err != nil {
		return m, set.err
	}
	if m.mute != nil && rec.Status != call.StatusInProgress {
		return m, errWrongState
	}
	if status.URL != "" {
		m.report = s.deps.Progress(status)
	}
	if plan.Source != "" {
		m.redirect = s.deps.Plan(plan)
	}
	return m, nil
}

var errWrongState = problem{Status: http.StatusConflict, Code: 1103, Message: "Invalid Call State: the call is not in progress"}

// apply carries it out: Status, Mute, Url, in this order.
func (m modification) apply(ctx context.Context, c *call.Call) error {
	if m.report != nil {
		c.Watch(m.report) //nolint:contextcheck // the loop of a call never blocks
	}
	var err error
	switch {
	case m.status == call.StatusCompleted.String():
		err = c.Hangup(ctx, call.CauseNormal)
	case m.status == call.StatusCanceled.String() && c.Status() != call.StatusInProgress:
		err = c.Hangup(ctx, call.CauseNormal)
	}
	if err == nil && m.mute != nil {
		err = c.Mute(ctx, *m.mute)
	}
	if err == nil && m.redirect != nil {
		err = c.Replace(ctx, m.redirect, call.ReplaceOptions{MovePeer: m.move})
	}
	switch {
	case errors.Is(err, call.ErrEnded):
		return errEnded
	case errors.Is(err, call.ErrNotAnswered):
		return errWrongState
	}
	return err
}
