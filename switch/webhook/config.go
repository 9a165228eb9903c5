package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Config limits what leaves the switch over HTTP.
type Config struct {
	// AllowPrivate lists networks that may be contacted although they are private, loopback or otherwise special.
	AllowPrivate []netip.Prefix `toml:"allow_private"`
	// ConnectTimeout covers name resolution and the TCP connection.
	ConnectTimeout time.Duration `toml:"connect_timeout"`
	// Timeout covers one whole exchange: waiting for a free place, redirects, the body.
	Timeout time.Duration `toml:"timeout"`
	// MediaTimeout is Timeout for sound files.
	MediaTimeout time.Duration `toml:"media_timeout"`
	// MaxRedirects is how many redirects a document request follows.
	MaxRedirects int `toml:"max_redirects"`
	// MaxDocument is the largest document, in bytes.
	MaxDocument int64 `toml:"max_document_bytes"`
	// MaxMedia is the largest sound file, in bytes.
	MaxMedia int64 `toml:"max_media_bytes"`
	// CacheMedia is how many bytes of decoded sound files are kept in memory.
	CacheMedia int64 `toml:"cache_media_bytes"`
	// PerAccount is how many requests of one account may be in flight; more wait within their own time.
	PerAccount int `toml:"per_account"`
	// TLSMode is "strict", or "allow-all" to accept any certificate.
	TLSMode string `toml:"tls_mode"`
	// Product is the User-Agent. It is not read from the file.
	Product string `toml:"-"`

	// CallbackRetries is how often a callback is repeated after a failed connection or a 5xx.
	CallbackRetries int `toml:"callback_retries"`
	// CallbackPause is the wait before the first repetition; it doubles with each.
	CallbackPause time.Duration `toml:"callback_pause"`
	// CallbackQueue is how many callbacks may wait for one call.
	CallbackQueue int `toml:"callback_queue"`
	// CallbackPending is how many callbacks may wait in all.
	CallbackPending int `toml:"callback_pending"`
	// CallbackDrain is how long shutdown goes on delivering.
	CallbackDrain time.Duration `toml:"callback_drain"`
}

// callbackRedirects is how many redirects a callback follows.
const callbackRedirects = 3

// Default is the configuration of a switch whose operator said nothing.
func Default() Config {
	return Config{
		ConnectTimeout:  3 * time.Second,
		Timeout:         15 * time.Second,
		MediaTimeout:    15 * time.Second,
		MaxRedirects:    10,
		MaxDocument:     64 << 10,
		MaxMedia:        50 << 20,
		CacheMedia:      64 << 20,
		PerAccount:      200,
		TLSMode:         "strict",
		Product:         "Tandem",
		CallbackRetries: 1,
		CallbackPause:   time.Second,
		CallbackQueue:   100,
		CallbackPending: 50_000,
		CallbackDrain:   5 * time.Second,
	}
}

// Validate names every value that cannot work.
func (c Config) Validate() error {
	var errs []error
	positive := func(key string, ok bool) {
		if !ok {
			errs = append(errs, fmt.Errorf("web.%s: must be positive", key))
		}
	}
	positive("connect_timeout", c.ConnectTimeout > 0)
	positive("timeout", c.Timeout > 0)
	positive("media_timeout", c.MediaTimeout > 0)
	positive("max_document_bytes", c.MaxDocument > 0)
	positive("max_media_bytes", c.MaxMedia > 0)
	positive("cache_media_bytes", c.CacheMedia > 0)
	positive("per_account", c.PerAccount > 0)
	positive("callback_queue", c.CallbackQueue > 0)
	positive("callback_pending", c.CallbackPending > 0)
	positive("callback_pause", c.CallbackPause > 0)
	positive("callback_drain", c.CallbackDrain > 0)
	if c.MaxRedirects < 0 {
		errs = append(errs, errors.New("web.max_redirects: must not be negative"))
	}
	if c.CallbackRetries < 0 || c.CallbackRetries > 10 {
		errs = append(errs, errors.New("web.callback_retries: must be 0 to 10"))
	}
	if c.TLSMode != "strict" && c.TLSMode != "allow-all" {
		errs = append(errs, fmt.Errorf("web.tls_mode: %q is neither strict nor allow-all", c.TLSMode))
	}
	return errors.Join(errs...)
}
