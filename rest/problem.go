package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tandem/switch/directory"
)

// problem is an error with an HTTP answer (1.11).
type problem struct {
	Status  int
	Code    int    // 0: that of the status
	Message string // may be read by anybody
	Allow   string // of a 405
	Retry   int    // Retry-After in seconds; 0: none
}

// Error is the message.
func (p problem) Error() string { return p.Message }

// codes are used where the specification names no code for an error (1.11.3).
var codes = map[int]int{
	400: 20001, 401: 20003, 403: 20006, 404: 20404, 405: 20004, 406: 20404, 409: 1103, 410: 1100, 412: 20001,
	413: 20001, 415: 20001, 429: 20429, 500: 1000, 501: 1002, 503: 1000,
}

func badRequest(code int, format string, args ...any) problem {
	return problem{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

var (
	errDenied   = problem{Status: http.StatusForbidden, Message: "Access denied"}
	errInactive = problem{Status: http.StatusForbidden, Code: 20005, Message: "Provided Account is not active"}
	errClosed   = problem{Status: http.StatusBadRequest, Code: 20005, Message: "Account is closed"}
	errUnknown  = problem{Status: http.StatusUnauthorized, Message: "Authentication failed"}
	errNotFound = problem{Status: http.StatusNotFound, Message: "The requested resource was not found"}
)

// problemOf makes an answer of any error. What is not meant for the client's eyes becomes a 500.
func problemOf(err error) problem {
	if p, ok := errors.AsType[problem](err); ok {
		return p
	}
	if v, ok := errors.AsType[*directory.Invalid](err); ok {
		return badRequest(v.Code, "%s", v.Text)
	}
	if errors.Is(err, directory.ErrNotFound) {
		return errNotFound
	}
	return problem{Status: http.StatusInternalServerError, Message: "Internal error"}
}

// fail answers with an error's body.
func (s *Server) fail(w http.ResponseWriter, r *request, err error) {
	p := problemOf(err)
	if p.Code == 0 {
		p.Code = codes[p.Status]
	}
	if p.Status >= http.StatusInternalServerError && p.Status != http.StatusNotImplemented {
		s.deps.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "err", err)
	}
	h := w.Header()
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if p.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.Retry))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Restcomm realm"`)
	}
	r.write(w, p.Status, fields{
		{json: "message", xml: "Message", value: p.Message},
		{json: "code", xml: "Code", value: p.Code},
		{json: "status", xml: "Status", value: p.Status},
		{json: "more_info", xml: "MoreInfo", value: s.moreInfo(r.Request, p.Code)},
	})
}

// moreInfo is the page about a code (reasons.go).
func (s *Server) moreInfo(r *http.Request, code int) string {
	return fmt.Sprintf("%s/restcomm/errors/%d.html", s.publicURL(r), code)
}

// publicURL is the scheme and host of absolute URLs.
func (s *Server) publicURL(r *http.Request) string {
	if s.cfg.PublicURL != "" {
		return s.cfg.PublicURL
	}
	scheme := "http"
	if secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// secure tells whether the client spoke TLS, to us or to the proxy before us. Who
// forges the proxy's header has sent but its own credentials in the clear.
func secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
