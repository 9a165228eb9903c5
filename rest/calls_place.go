package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
	"tandem/switch/route"
)

// createCall places a call (2.7.3) and answers when its leg exists.
func (s *Server) createCall(w http.ResponseWriter, r *request) error {
	if r.target.Status != directory.Active {
		return errInactive
	}
	if err := required(r); err != nil {
		return err
	}
	set := &setter{r: r}
	plan := s.planOf(set, r.target.SID)
	seconds := 60
	set.number("Timeout", &seconds, 1, 600, 21208)
	status := s.statusCallback(set)
	target, err := s.parseTarget(r.text("To"))
	set.fail(err)
	if set.err != nil {
		return set.err
	}
	target.Username, target.Password = r.text("Username"), r.text("Password")
	if status.URL != "" {
		target.Progress = s.deps.Progress(status)
	}
	c, err := s.deps.Live.Place(r.Context(), call.Placement{
		Account: r.target.SID, From: r.text("From"), Target: target,
		Timeout: time.Duration(seconds) * time.Second, OnAnswer: s.deps.Plan(plan),
	})
	if err != nil {
		return s.notPlaced(w, r, target, err)
	}
	sum := c.Summary()
	sum.To = shown(target)
	return r.one(w, s.viewCall(cdr.Record{Summary: sum}))
}

// required checks what a call cannot be without.
func required(r *request) error {
	for _, p := range []struct {
		name string
		code int
	}{{"From", 21213}, {"To", 21201}, {"Url", 21205}} {
		if r.text(p.name) == "" && (p.name != "Url" || r.text("ApplicationSid") == "") {
			return badRequest(p.code, "%s can not be null.", p.name)
		}
	}
	if strings.ContainsFunc(r.text("From"), unprintable) {
		return badRequest(21212, "From is not a number, client or SIP address")
	}
	return nil
}

func unprintable(r rune) bool { return r < ' ' || r == 0x7f }

// planOf reads where the document of a new or redirected call is.
func (s *Server) planOf(set *setter, account string) route.Plan {
	p := route.Plan{Kind: route.KindRCML, Account: account, Method: http.MethodPost, FallbackMethod: http.MethodPost}
	set.url("Url", &p.Source, 21205)
	set.method("Method", &p.Method, 21209)
	set.url("FallbackUrl", &p.FallbackURL, 21205)
	set.method("FallbackMethod", &p.FallbackMethod, 21209)
	var sid string
	set.application("ApplicationSid", account, &sid)
	if p.Source != "" || sid == "" || set.err != nil {
		return p
	}
	a, _ := s.deps.Store.Application(sid)
	p.Source = a.URL
	if script, ok := strings.CutPrefix(a.URL, "lua:"); ok {
		p.Kind, p.Source = route.KindLua, script
	}
	if p.Source == "" {
		set.fail(badRequest(21218, "The application has no RcmlUrl"))
	}
	return p
}

var callEvents = []string{"initiated", "ringing", "answered", "completed"}

// statusCallback reads who is told how the call gets on; events are separated by commas, blanks or repetition.
func (s *Server) statusCallback(set *setter) StatusCallback {
	c := StatusCallback{Method: http.MethodPost, Events: []string{"completed"}}
	if s.cfg.AllStatusEvents {
		c.Events = callEvents
	}
	set.url("StatusCallback", &c.URL, 21502)
	set.method("StatusCallbackMethod", &c.Method, 21209)
	named := strings.FieldsFunc(strings.Join(set.r.form["StatusCallbackEvent"], ","), func(r rune) bool { return r == ',' || r == ' ' })
	for i, e := range named {
		named[i] = strings.ToLower(e)
		if !slices.Contains(callEvents, named[i]) {
			set.fail(badRequest(0, "StatusCallbackEvent %q is not one of %s", e, strings.Join(callEvents, ", ")))
		}
	}
	if len(named) > 0 {
		c.Events = named
	}
	return c
}

// parseTarget reads a destination (2.7.3).
func (s *Server) parseTarget(to string) (call.Target, error) {
	bad := badRequest(21211, "To %q is not a number, client or SIP address", to)
	if strings.ContainsFunc(to, func(r rune) bool { return unprintable(r) || r == '<' || r == '>' || r == '"' }) {
		return call.Target{}, bad
	}
	value, query, _ := strings.Cut(to, "?")
	t := call.Target{Kind: call.TargetNumber, Value: strings.TrimSpace(value), Headers: customHeaders(query)}
	login, isClient := strings.CutPrefix(value, "client:")
	isURI := strings.HasPrefix(value, "sip:") || strings.HasPrefix(value, "sips:")
	switch {
	case isURI:
		t.Kind = call.TargetSIP
	case strings.Contains(value, "@"):
		t.Kind, t.Value = call.TargetSIP, "sip:"+value
	case isClient:
		t.Kind, t.Value = call.TargetClient, login
	default:
		t.Headers = nil
		if e164, err := directory.E164(t.Value, s.cfg.Region); err == nil && s.cfg.Normalize {
			t.Value = e164
		}
	}
	if t.Value == "" || t.Kind != call.TargetNumber && strings.ContainsAny(t.Value, " ") {
		return call.Target{}, bad
	}
	return t, nil
}

// customHeaders are the X- headers in a destination's query; others are dropped.
func customHeaders(query string) []call.Header {
	var list []call.Header
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || len(name) < 3 || !strings.HasPrefix(name, "X-") ||
			strings.ContainsFunc(name, notToken) || strings.ContainsFunc(value, unprintable) {
			continue
		}
		list = append(list, call.Header{Name: name, Value: value})
	}
	return list
}

// notToken holds for what cannot stand in a header's name.
func notToken(r rune) bool {
	return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// shown is a destination as the property To shows it: the user part or number.
func shown(t call.Target) string {
	v := t.Value
	if t.Kind != call.TargetSIP {
		return v
	}
	_, v, _ = strings.Cut(v, ":")
	user, _, _ := strings.Cut(v, "@")
	user, _, _ = strings.Cut(user, ":")
	return user
}

// notPlaced answers for a call that has no leg: 503 when the switch takes none,
// else with the record of a call that ended before it began.
func (s *Server) notPlaced(w http.ResponseWriter, r *request, t call.Target, err error) error {
	refusal, ok := errors.AsType[*call.Refusal](err)
	if !ok {
		return err
	}
	if refusal.Code == http.StatusServiceUnavailable {
		return problem{Status: http.StatusServiceUnavailable, Code: 4001, Message: "No capacity for another call", Retry: max(refusal.Retry, 1)}
	}
	if err := context.Cause(r.Context()); err != nil {
		return err
	}
	now := time.Now()
	sum := call.Summary{
		ID: call.NewID(), Account: r.target.SID, Direction: call.OutboundAPI, Status: call.StatusQueued, From: r.text("From"), To: shown(t),
		Created: now,
	}
	view := s.viewCall(cdr.Record{Summary: sum})
	s.deps.Records.Began(&sum)
	sum.Status, sum.Code, sum.Ended = call.StatusFailed, refusal.Code, now
	sum.Cause = call.Cause{By: call.BySwitch, Code: refusal.Code, Text: refusal.Error()}
	switch refusal.Code {
	case 404, 410, 480, 604:
		sum.Status = call.StatusNotFound
	}
	s.deps.Records.Ended(&sum)
	if t.Progress != nil {
		t.Progress(call.Progress{Step: call.StepCompleted, At: now, Call: sum})
	}
	return r.one(w, view)
}
