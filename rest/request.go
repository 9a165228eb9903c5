package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tandem/switch/directory"
)

// maxBody is the largest request that is read, in bytes (1.3).
const maxBody = 10_000_000

// request is an HTTP request of the API with what was found out about it.
type request struct {
	*http.Request
	s              *Server
	format         format
	below          string // canonical path below the base
	resource       string
	values         map[string]string // wildcards of the path
	caller, target directory.Account
	form           url.Values
}

// sid is the instance in the path.
func (r *request) sid() string { return r.values["sid"] }

// verb is the method that a resource is asked for: HEAD is GET.
func (r *request) verb() string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

// action is what the request wants to do, as roles name it.
func (r *request) action() string {
	_, instance := r.values["sid"]
	switch {
	case r.verb() == http.MethodGet:
		return "Read"
	case r.Method == http.MethodDelete:
		return "Delete"
	case instance || r.values["account"] != "" && strings.Count(r.below, "/") == 2:
		return "Modify"
	}
	return "Create"
}

// readForm reads the parameters of a POST or PUT (1.3). Those in the query do not count.
func (r *request) readForm(w http.ResponseWriter) error {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return problem{Status: http.StatusRequestEntityTooLarge, Message: "The request is larger than 10 000 000 bytes"}
	}
	if err != nil {
		return badRequest(0, "The request could not be read")
	}
	if t := r.Header.Get("Content-Type"); t != "" && len(body) > 0 {
		if kind, _, err := mime.ParseMediaType(t); err != nil || kind != "application/x-www-form-urlencoded" {
			return problem{Status: http.StatusUnsupportedMediaType, Message: "Parameters travel as application/x-www-form-urlencoded"}
		}
	}
	if r.form, err = url.ParseQuery(string(body)); err != nil {
		return badRequest(0, "The parameters are not form-encoded")
	}
	return nil
}

// text is the first value of a parameter, "" when it was not sent.
func (r *request) text(name string) string { return r.form.Get(name) }

// isTrue reads a flag of a list's query; anything else is false.
func isTrue(v string) bool { return strings.EqualFold(v, "true") }

// setter reads parameters into a value and stops at the first mistake. On an
// update an empty parameter clears, on a create it counts as not sent.
type setter struct {
	r      *request
	update bool
	err    error
}

// given tells whether a parameter is there to be read.
func (s *setter) given(name string) (string, bool) {
	v, ok := s.r.form[name]
	if s.err != nil || !ok || len(v) == 0 || v[0] == "" && !s.update {
		return "", false
	}
	return v[0], true
}

func (s *setter) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// text sets what is checked nowhere else but for its length.
func (s *setter) text(name string, to *string) {
	if v, ok := s.given(name); ok {
		s.fail(directory.CheckName(name, v))
		*to = v
	}
}

// name sets a mandatory name: it cannot be cleared.
func (s *setter) name(name string, to *string) {
	if v, ok := s.given(name); ok {
		if v == "" {
			s.fail(badRequest(0, "%s can not be null.", name))
		}
		s.fail(directory.CheckName(name, v))
		*to = v
	}
}

func (s *setter) bool(name string, to *bool) {
	v, ok := s.given(name)
	if !ok {
		return
	}
	switch strings.ToLower(v) {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		s.fail(badRequest(0, "%s %q is neither true nor false", name, v))
	}
}

func (s *setter) url(name string, to *string, code int, schemes ...string) {
	if v, ok := s.given(name); ok {
		if v != "" {
			s.fail(directory.CheckURL(name, v, code, schemes...))
		}
		*to = v
	}
}

// method sets GET or POST; cleared, it is POST again.
func (s *setter) method(name string, to *string, code int) {
	v, ok := s.given(name)
	if !ok {
		return
	}
	if v == "" {
		*to = http.MethodPost
		return
	}
	m, err := directory.ParseMethod(name, v, code)
	s.fail(err)
	*to = m
}

// application sets a reference to an application of the account.
func (s *setter) application(name, account string, to *string) {
	v, ok := s.given(name)
	if !ok {
		return
	}
	if v != "" {
		if a, known := s.r.s.deps.Store.Application(v); !known || a.Account != account {
			s.fail(badRequest(21218, "%s %q does not exist", name, v))
		}
	}
	*to = v
}

// hook sets the parameters of a document: <prefix>Url and its companions.
func (s *setter) hook(prefix, account string, h *directory.Hook) {
	s.url(prefix+"Url", &h.URL, 21402, "lua", "file")
	s.method(prefix+"Method", &h.Method, 21403)
	s.url(prefix+"FallbackUrl", &h.FallbackURL, 21402, "file")
	s.method(prefix+"FallbackMethod", &h.FallbackMethod, 21403)
	s.application(prefix+"ApplicationSid", account, &h.Application)
}

// number reads a parameter that is a whole number between low and high.
func (s *setter) number(name string, to *int, low, high, code int) {
	v, ok := s.given(name)
	if !ok || v == "" {
		return
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high || strings.HasPrefix(v, "+") {
		s.fail(badRequest(code, "%s %q is not a number between %d and %d", name, v, low, high))
		return
	}
	*to = n
}

func cloneURL(u *url.URL, path string) *url.URL {
	next := *u
	next.Path, next.RawPath = path, ""
	return &next
}
