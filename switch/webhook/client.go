package webhook

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Kind says what a request is for; it is a metric label.
type Kind string

// The kinds of requests.
const (
	Document Kind = "document"
	Action   Kind = "action"
	Callback Kind = "callback"
	Media    Kind = "media"
)

// Request is one thing to ask for.
type Request struct {
	Account   string         // whose limit counts and whose token signs
	Kind      Kind           // "": Document
	Method    string         // GET; anything else is POST
	URL       string         // absolute; credentials in it become a Basic header
	Params    Params         // GET: appended to the query; POST: the body
	Body      []byte         // in place of Params: a body of its own
	Type      string         // content type of Body
	Accept    string         // "": */*
	Header    http.Header    // more headers; nil: none
	Jar       http.CookieJar // nil: no cookies
	Limit     int64          // bytes of body taken; 0: the configured limit of a document, or of a sound for Media
	Timeout   time.Duration  // of the whole exchange; 0: as configured
	Redirects int            // followed at most; 0: as configured; negative: none
}

// Response is an answer of any status, its body whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	URL    string // that answered in the end, without credentials
}

// Deps are what a Client works with. All may be nil.
type Deps struct {
	Tokens     func(account string) string // the account's auth token now; "": requests are not signed
	Network    Network                     // nil: the machine's own
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Client sends requests within the limits of its Config. It is safe for many goroutines.
type Client struct {
	cfg       Config
	transport *http.Transport
	tokens    func(string) string
	limits    *limiter
	metrics   *metrics
	log       *slog.Logger
}

// New makes a client. It does nothing until it is asked.
func New(cfg Config, d Deps) *Client {
	if d.Network == nil {
		d.Network = &system{}
	}
	if d.Tokens == nil {
		d.Tokens = func(string) string { return "" }
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	g := &guard{network: d.Network, allow: cfg.AllowPrivate, timeout: cfg.ConnectTimeout}
	return &Client{
		cfg: cfg, tokens: d.Tokens, log: d.Log,
		limits:  newLimiter(cfg.PerAccount),
		metrics: newMetrics(d.Registerer),
		transport: &http.Transport{
			Proxy:                  nil, // a proxy from the environment would go round the guard
			DialContext:            g.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: cfg.TLSMode == "allow-all"}, //nolint:gosec // the operator's choice
			TLSHandshakeTimeout:    cfg.ConnectTimeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           1000,
			MaxIdleConnsPerHost:    32,
			IdleConnTimeout:        60 * time.Second,
		},
	}
}

// Close lets idle connections go.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Do sends r, follows redirects with method and parameters kept, and returns the final answer whatever its
// status. The error is an *Error with its notification code, or the cause of ctx when ctx ended first.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.Kind == "" {
		r.Kind = Document
	}
	started := time.Now()
	c.metrics.inFlight.WithLabelValues(string(r.Kind)).Inc()
	defer c.metrics.inFlight.WithLabelValues(string(r.Kind)).Dec()
	resp, err := c.do(ctx, r)
	took := time.Since(started)
	result := "canceled"
	if failed, ok := errors.AsType[*Error](err); ok {
		result = results[failed.Code]
	} else if err == nil {
		result = class(resp.Status)
	}
	c.metrics.seconds.WithLabelValues(string(r.Kind)).Observe(took.Seconds())
	c.metrics.requests.WithLabelValues(string(r.Kind), result).Inc()
	c.log.Debug("web request", "kind", r.Kind, "url", Redact(r.URL), "result", result, "took", took, "err", err)
	return resp, err
}

// do holds a place of the account and the deadline over all hops.
func (c *Client) do(parent context.Context, r Request) (*Response, error) {
	c.defaults(&r)
	u, err := target(r.URL)
	if err != nil {
		return nil, &Error{Code: CodeBadURL, URL: Redact(r.URL), Err: err}
	}
	ctx, cancel := context.WithTimeoutCause(parent, r.Timeout, ErrTimeout)
	defer cancel()
	release, err := c.limits.acquire(ctx, r.Account)
	if err != nil {
		return nil, ended(parent, u, err)
	}
	defer release()
	for hops := 0; ; hops++ {
		resp, next, err := c.hop(ctx, r, u)
		if err != nil {
			return nil, ended(parent, u, timedOut(ctx, err))
		}
		if next == nil {
			return resp, nil
		}
		if hops >= r.Redirects {
			return nil, &Error{Code: CodeRedirects, URL: show(u), Err: errRedirects}
		}
		u = next
	}
}

func (c *Client) defaults(r *Request) {
	limit, timeout := c.cfg.MaxDocument, c.cfg.Timeout
	if r.Kind == Media {
		limit, timeout = c.cfg.MaxMedia, c.cfg.MediaTimeout
	}
	if r.Limit == 0 {
		r.Limit = limit
	}
	if r.Timeout == 0 {
		r.Timeout = timeout
	}
	if r.Redirects == 0 {
		r.Redirects = c.cfg.MaxRedirects
	}
	if r.Accept == "" {
		r.Accept = "*/*"
	}
	if strings.EqualFold(r.Method, http.MethodGet) {
		r.Method = http.MethodGet
	} else {
		r.Method = http.MethodPost
	}
}

// ended gives an error its code, unless it only says that whoever asked has lost interest.
func ended(parent context.Context, u *url.URL, err error) error {
	if parent.Err() != nil {
		return context.Cause(parent)
	}
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // its text repeats the whole URL
	}
	return &Error{Code: classify(err), URL: show(u), Err: err}
}

// hop makes one request. next is where a redirect leads.
func (c *Client) hop(ctx context.Context, r Request, u *url.URL) (resp *Response, next *url.URL, err error) {
	req, err := c.request(ctx, r, *u)
	if err != nil {
		return nil, nil, err
	}
	client := http.Client{Transport: c.transport, Jar: r.Jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	got, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = got.Body.Close() }()
	if location := got.Header.Get("Location"); location != "" && redirects(got.StatusCode) && r.Redirects > 0 {
		next, err := follow(u, location)
		return nil, next, err
	}
	body, err := read(got, r.Limit)
	if errors.Is(err, errTooLarge) {
		return nil, nil, &Error{Code: CodeTooLarge, URL: show(u), Err: fmt.Errorf("%w (limit %d bytes)", err, r.Limit)}
	}
	return &Response{Status: got.StatusCode, Header: got.Header, Body: body, URL: show(u)}, nil, err
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func read(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, err
}

// request builds one hop: parameters in their place, credentials in a header, signed.
func (c *Client) request(ctx context.Context, r Request, u url.URL) (*http.Request, error) {
	user := u.User
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	body, contentType := "", ""
	var signed Params
	switch {
	case r.Body != nil:
		body, contentType = string(r.Body), r.Type
		u.RawQuery = join(u.RawQuery, bodyHash(r.Body))
		r.Method = http.MethodPost
	case r.Method == http.MethodGet:
		u.RawQuery = join(u.RawQuery, r.Params.query())
	default:
		body, contentType = r.Params.form(), "application/x-www-form-urlencoded; charset=utf-8"
		signed = r.Params
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, r.Header)
	req.Header.Set("User-Agent", c.cfg.Product)
	req.Header.Set("Accept", r.Accept)
	req.Header.Set("X-Request-Id", requestID())
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if user != nil {
		password, _ := user.Password()
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if token := c.tokens(r.Account); token != "" {
		signature := Sign(token, u.String(), signed)
		req.Header.Set("X-Twilio-Signature", signature)
		req.Header.Set("X-Restcomm-Signature", signature)
	}
	return req, nil
}

func requestID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

func join(query, more string) string {
	if query == "" || more == "" {
		return query + more
	}
	return query + "&" + more
}
