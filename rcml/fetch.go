package rcml

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// failure is an error that ends the call: what the user finds in the notifications, and what an unanswered caller hears.
type failure struct {
	code   int    // of the notification
	sip    int    // 404 or 500
	reason string // text of the Reason header
	err    error
	final  bool // not the application's doing: err is passed on as it is, and no fallback asked

	url, method, form string    // the request
	answer            *Response // what the application said, if it said something
}

func (f *failure) Error() string { return fmt.Sprintf("notification %d: %v", f.code, f.err) }
func (f *failure) Unwrap() error { return f.err }

// orNil is f as an error that is nil when f is.
func (f *failure) orNil() error {
	if f == nil {
		return nil
	}
	return f
}

// locate makes the URL of a plan absolute: by the configured base, or as a file of the documents folder.
func (e *Engine) locate(ref string) (string, error) {
	if ref == "" {
		return "", errors.New("no URL")
	}
	base := &url.URL{Scheme: "file", Path: "/"}
	if e.cfg.BaseURL != "" {
		if u, err := url.Parse(e.cfg.BaseURL); err == nil {
			base = u
		}
	}
	if isFile(ref) {
		name, err := localName("/", ref)
		if err != nil {
			return "", err
		}
		base, ref = &url.URL{Scheme: "file", Path: "/"}, (&url.URL{Path: "/" + name}).String()
	}
	absolute, err := resolve(base, ref, true)
	if failed, ok := errors.AsType[*failure](err); ok {
		return "", failed.err
	}
	return absolute, err
}

// load fetches a document and reads it. The error is a *failure, or the end of ctx.
func (r *Run) load(ctx context.Context, req Request) (*Document, error) {
	req.Account = r.call.Account()
	req.Jar = r.session.jar
	req.Form = r.form(req.Form)
	if req.Method == "" {
		req.Method = http.MethodPost
	}
	if r.engine.profile.QueryInBody && req.Method == http.MethodPost {
		req = queryInBody(req)
	}
	doc, err := r.get(ctx, req)
	if failed, ok := errors.AsType[*failure](err); ok {
		failed.method, failed.form = req.Method, formText(req.Form)
		if failed.url == "" {
			failed.url = redact(req.URL)
		}
	}
	r.engine.metrics.fetched(err)
	return doc, err
}

// queryInBody moves the query of a URL behind the parameters of the body.
func queryInBody(req Request) Request {
	u, err := url.Parse(req.URL)
	if err != nil || u.RawQuery == "" {
		return req
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		req.Form.add(name, value)
	}
	u.RawQuery = ""
	req.URL = u.String()
	return req
}

// form is what every request says, then what this one adds.
func (r *Run) form(more Form) Form {
	f := r.engine.standard(r.call.Summary(), r.call.Party())
	f.add("OutboundCallSid", string(r.session.outbound))
	f = append(f, r.extra...)
	for _, kv := range more {
		if i := f.index(kv[0]); i >= 0 {
			f = slices.Delete(f, i, i+1)
		}
		f = append(f, kv)
	}
	return f
}

func (r *Run) get(ctx context.Context, req Request) (*Document, error) {
	resp, err := r.engine.fetch(ctx, req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, failedRequest(err)
	}
	if err := badStatus(resp.Status); err != nil {
		err.answer = resp
		return nil, err
	}
	base, err := url.Parse(resp.URL)
	if r.engine.profile.FirstURLIsBase || err != nil {
		if base, err = url.Parse(req.URL); err != nil {
			return nil, impossible(req.URL, errors.New("not a URL"))
		}
	}
	base.User = userOf(req.URL, base)
	doc, failed := r.engine.read(resp)
	if failed != nil {
		failed.answer = resp
		return nil, failed
	}
	r.base, r.current = base, Request{Method: req.Method, URL: base.String()}
	return doc, nil
}

// userOf keeps the credentials of a URL for what is relative to it, on the same host.
func userOf(asked string, base *url.URL) *url.Userinfo {
	if u, err := url.Parse(asked); err == nil && u.Host == base.Host && u.Scheme == base.Scheme {
		return u.User
	}
	return nil
}

// inline reads a document that came without a URL; it has no base.
func (r *Run) inline(body []byte) (*Document, error) {
	doc, failed := r.engine.read(&Response{Status: http.StatusOK, Body: body, Header: http.Header{"Content-Type": {"text/xml"}}})
	return doc, failed.orNil()
}

// fetch gets req from the web, or from the documents folder.
func (e *Engine) fetch(ctx context.Context, req Request) (*Response, error) {
	if !isFile(req.URL) {
		return e.deps.Fetch.Fetch(ctx, req)
	}
	u, err := url.Parse(req.URL)
	if err != nil {
		return nil, err
	}
	limit := e.cfg.MaxDocument
	kind := fileTypes[strings.ToLower(path.Ext(u.Path))]
	if strings.HasPrefix(kind, "audio/") { // only its name is needed
		return &Response{Status: http.StatusOK, URL: req.URL, Body: []byte{0}, Header: http.Header{"Content-Type": {kind}}}, nil
	}
	body, err := ReadFile(e.cfg.Documents, req.URL, limit)
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusOK, URL: req.URL, Body: body, Header: http.Header{"Content-Type": {kind}}}, nil
}

// fileTypes are the content types of local documents by the end of their names; others are read as documents too.
var fileTypes = map[string]string{".xml": "text/xml", ".rcml": "text/xml", ".txt": "text/plain", ".wav": "audio/wav", ".mp3": "audio/mpeg"}

// failedRequest is a request that got no answer.
func failedRequest(err error) *failure {
	f := &failure{code: noteConnect, sip: 500, reason: "Application cannot be reached", err: err}
	var coded interface{ NotificationCode() int }
	var located interface{ FailedURL() string }
	if errors.As(err, &coded) {
		f.code = coded.NotificationCode()
	}
	if errors.As(err, &located) {
		f.url = located.FailedURL()
	}
	if errors.Is(err, ErrTooLarge) {
		f.code = noteTooLarge
	}
	return f
}

// badStatus is an answer that is no document.
func badStatus(status int) *failure {
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusNotFound:
		return &failure{code: warnNotFound, sip: 404, reason: "Application answered 404", err: errors.New("the application answered 404")}
	}
	return &failure{
		code: noteStatus, sip: 500, reason: fmt.Sprintf("Application answered %d", status),
		err: fmt.Errorf("the application answered %d", status),
	}
}

// redact is a URL without the user information it may hold.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		if at := strings.LastIndexByte(raw, '@'); at >= 0 {
			return "…" + raw[at:]
		}
		return raw
	}
	u.User = nil
	return u.String()
}

// kept is how much of a body a notification keeps, in bytes.
const kept = 4096

func bodyText(b []byte) string {
	b = b[:min(len(b), kept)]
	if !utf8.Valid(b) {
		return fmt.Sprintf("%q", b[:min(len(b), 256)])
	}
	return string(b)
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.WriteSubset(&b, map[string]bool{"Set-Cookie": true}) // a strings.Builder takes everything
	return b.String()
}

func formText(f Form) string {
	v := url.Values{}
	for _, kv := range f {
		v.Add(kv[0], kv[1])
	}
	return v.Encode()
}

func itoa(n int) string { return strconv.Itoa(n) }
