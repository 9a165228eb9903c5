package rcml

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
	"tandem/switch/directory"
)

// Config is how documents are run.
type Config struct {
	// Profile is standard, restcomm8 or twilio: whom to follow where sources differ.
	Profile string `toml:"profile"`
	// BaseURL resolves voice URLs that are relative; "": they are files below Documents.
	BaseURL string `toml:"base_url"`
	// Documents is the folder of local documents and prompts; "": there is none.
	Documents string `toml:"documents"`
	// MaxRedirects is how many Redirect documents may follow one another without any other verb.
	MaxRedirects int `toml:"max_redirects"`
	// MaxDocument is the largest document, in bytes.
	MaxDocument int64 `toml:"max_document_bytes"`
	// AnswerOnBridge makes answerOnBridge="true" the default of Dial.
	AnswerOnBridge bool `toml:"answer_on_bridge"`
	// EarlyMedia lets an unanswered caller hear what a single target sends before it answers.
	EarlyMedia bool `toml:"early_media"`
	// PassHeaders gives the X- headers of the caller's INVITE to those it dials.
	PassHeaders bool `toml:"pass_custom_headers"`
	// SIPParams sends SipCallId with the requests of inbound calls.
	SIPParams bool `toml:"sip_params"`
	// Parsed is how many bytes of parsed documents are kept.
	Parsed int `toml:"parsed_cache_bytes"`
	// InstanceID names this server in requests. It is not read from the file.
	InstanceID string `toml:"-"`
}

// Default is the configuration of a switch whose operator said nothing.
func Default() Config {
	return Config{
		Profile: "standard", MaxRedirects: 50, MaxDocument: 64 << 10, EarlyMedia: true,
		Parsed: 8 << 20,
	}
}

// Validate names every value that cannot work.
func (c Config) Validate() error {
	var errs []error
	if Profiles[c.Profile] == nil {
		errs = append(errs, fmt.Errorf("rcml.profile: %q is none of standard, restcomm8, twilio", c.Profile))
	}
	if c.BaseURL != "" {
		if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, errors.New("rcml.base_url: must be an absolute http or https URL"))
		}
	}
	if c.MaxRedirects < 1 {
		errs = append(errs, errors.New("rcml.max_redirects: must be positive"))
	}
	if c.MaxDocument < 1 {
		errs = append(errs, errors.New("rcml.max_document_bytes: must be positive"))
	}
	if c.Parsed < 1 {
		errs = append(errs, errors.New("rcml.parsed_cache_bytes: must be positive"))
	}
	return errors.Join(errs...)
}

// Fetcher asks applications for documents: webhook in the switch, a map in tests. An error that has a
// NotificationCode() int is reported under that code, any other as a failed connection.
type Fetcher interface {
	Fetch(ctx context.Context, r Request) (*Response, error)
}

// Request asks for a document.
type Request struct {
	Account string
	Action  bool // it answers a verb, not the call
	Method  string
	URL     string // absolute, http or https
	Form    Form
	Jar     http.CookieJar
}

// Response is an application's answer, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	URL    string // that answered in the end, without credentials
}

// Prompts finds sound: an http or https URL, or a file: URL below the documents folder.
type Prompts interface {
	Prompt(ctx context.Context, account, url string) (*media.Prompt, error)
}

// Callback is a request whose answer nobody reads.
type Callback struct {
	Call    string // callbacks of one call are delivered in order
	Account string
	Method  string
	URL     string
	Form    Form
	Jar     http.CookieJar
}

// Callbacks delivers callbacks without making anybody wait.
type Callbacks interface{ Callback(cb Callback) }

// Notifier keeps notifications for the account's owner. It must not block.
type Notifier interface {
	Notify(n directory.Notification)
}

// Tones gives the ringing tone of a country (two letters) or, for "", of the server; nil: there is none.
type Tones func(country string) *media.Prompt

// Deps are what an Engine works with. Fetch is needed; the rest may be nil, and then does not happen.
type Deps struct {
	Fetch      Fetcher
	Prompts    Prompts
	Callbacks  Callbacks
	Notifier   Notifier
	Tones      Tones
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Engine is what all documents share. It is safe for many goroutines.
type Engine struct {
	cfg     Config
	deps    Deps
	profile *Profile
	parsed  *otter.Cache[parsedKey, *parsed]
	metrics *metrics
}

type parsedKey struct {
	sum     [sha256.Size]byte
	charset string
	profile *Profile
}

type parsed struct {
	doc  *Document
	size int
}

// New makes an engine. It does nothing until a Handler runs.
func New(cfg Config, d Deps) *Engine {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	profile := Profiles[cfg.Profile]
	if profile == nil {
		profile = &standard
	}
	return &Engine{
		cfg: cfg, deps: d, profile: profile, metrics: newMetrics(d.Registerer),
		parsed: otter.Must(&otter.Options[parsedKey, *parsed]{
			MaximumWeight: uint64(max(cfg.Parsed, 1)),
			Weigher:       func(_ parsedKey, p *parsed) uint32 { return uint32(p.size) },
		}),
	}
}

// parse is Parse with what was parsed before kept.
func (e *Engine) parse(body []byte, charset string) (*Document, error) {
	key := parsedKey{sha256.Sum256(body), charset, e.profile}
	if p, ok := e.parsed.GetIfPresent(key); ok {
		return p.doc, nil
	}
	doc, err := Parse(body, charset, e.profile)
	if err != nil {
		return nil, err
	}
	const perByte = 8 // what a parsed document takes for each byte of its text, at most
	e.parsed.Set(key, &parsed{doc, 1024 + perByte*len(body)})
	return doc, nil
}

// notify stores a notification about a call.
func (e *Engine) notify(log *slog.Logger, n directory.Notification) {
	n.SID = directory.NewSID(directory.PrefixNotification)
	n.Date = time.Now()
	n.APIVersion = apiVersion
	log.Warn("notification", "code", n.Code, "text", n.Text, "url", n.RequestURL)
	e.metrics.notified(n.Code)
	if e.deps.Notifier != nil {
		e.deps.Notifier.Notify(n)
	}
}
