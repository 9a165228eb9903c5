package sipua

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tandem/switch/transaction"
)

// Config is what the operator decides about SIP. Durations are in nanoseconds as
// Go has them; the zero Config is not usable, Default is.
type Config struct {
	Shards  int                `toml:"shards"`  // event loops; 0: one a core
	Realm   string             `toml:"realm"`   // of digest authentication
	Product string             `toml:"product"` // Server and User-Agent of all we send; "": neither is sent
	Timers  transaction.Timers `toml:"timers"`  // RFC 3261 §17.1.1.1

	Digest  []string      `toml:"digest"`         // algorithms offered, in this order: MD5, SHA-256
	MD5Only []string      `toml:"md5_only"`       // beginnings of the User-Agent of phones that give up when anything but MD5 is offered
	Nonce   time.Duration `toml:"nonce_lifetime"` // how long a digest nonce lasts before it is stale
	Allow   []Allowed     `toml:"allow"`          // sources whose INVITEs need no credentials

	MaxGuesses      int           `toml:"max_guesses"`      // wrong passwords a source may send within GuessWindow before it is told to wait
	GuessWindow     time.Duration `toml:"guess_window"`     // see MaxGuesses
	MaxForwards     int           `toml:"max_forwards"`     // of the INVITEs we place for nobody else
	RestcommHeaders bool          `toml:"restcomm_headers"` // X-RestComm-… in the INVITEs we place
	KeepAlive       time.Duration `toml:"keep_alive"`       // without RTP from a party for so long, it is asked whether it is still there; 0: never
	DNSTimeout      time.Duration `toml:"dns_timeout"`      // how long looking up one target may take
}

// Allowed is a range of addresses whose INVITEs are taken without credentials, and the account they belong to.
type Allowed struct {
	Prefix  netip.Prefix
	Account string // AC…; "": none
}

// UnmarshalText reads "192.0.2.0/24", or "192.0.2.0/24=AC…" where the account is not the switch's first.
func (a *Allowed) UnmarshalText(text []byte) error {
	prefix, account, _ := strings.Cut(string(text), "=")
	if addr, err := netip.ParseAddr(prefix); err == nil {
		*a = Allowed{Prefix: netip.PrefixFrom(addr, addr.BitLen()), Account: account}
		return nil
	}
	p, err := netip.ParsePrefix(prefix)
	*a = Allowed{Prefix: p.Masked(), Account: account}
	return err
}

// Default is what a switch without configuration runs with.
func Default() Config {
	timers := transaction.DefaultTimers()
	timers.B = 10 * time.Second // see doc.go
	return Config{
		Realm:           "tandem",
		Product:         "Tandem",
		Timers:          timers,
		Digest:          []string{"MD5", "SHA-256"},
		MD5Only:         []string{"baresip v0.", "baresip v1."},
		Nonce:           5 * time.Minute,
		MaxGuesses:      20,
		GuessWindow:     time.Minute,
		MaxForwards:     70,
		RestcommHeaders: true,
		KeepAlive:       5 * time.Minute,
		DNSTimeout:      10 * time.Second,
	}
}

// Validate names every mistake in the configuration.
func (c Config) Validate() error {
	errs := []error{c.Timers.Validate()}
	positive := func(key string, ok bool, v any) {
		if !ok {
			errs = append(errs, fmt.Errorf("sip.%s: %v is not positive", key, v))
		}
	}
	positive("nonce_lifetime", c.Nonce > 0, c.Nonce)
	positive("guess_window", c.GuessWindow > 0, c.GuessWindow)
	positive("max_guesses", c.MaxGuesses > 0, c.MaxGuesses)
	positive("dns_timeout", c.DNSTimeout > 0, c.DNSTimeout)
	if c.KeepAlive < 0 || c.KeepAlive > 0 && c.KeepAlive < time.Second {
		errs = append(errs, fmt.Errorf("sip.keep_alive: %v is neither 0 nor at least a second", c.KeepAlive))
	}
	if c.Shards < 0 {
		errs = append(errs, fmt.Errorf("sip.shards: %d is negative", c.Shards))
	}
	if c.MaxForwards < 1 || c.MaxForwards > 255 {
		errs = append(errs, fmt.Errorf("sip.max_forwards: %d is not within 1 and 255", c.MaxForwards))
	}
	if c.Realm == "" || strings.ContainsAny(c.Realm, "\"\\\r\n\x00 <>@") {
		errs = append(errs, fmt.Errorf("sip.realm: %q is no host name", c.Realm))
	}
	if strings.ContainsAny(c.Product, "\r\n\x00") {
		errs = append(errs, fmt.Errorf("sip.product: %q does not fit into a header", c.Product))
	}
	if len(c.Digest) == 0 {
		errs = append(errs, errors.New("sip.digest: at least one algorithm"))
	}
	for _, d := range c.Digest {
		if algorithms[d] == nil {
			errs = append(errs, fmt.Errorf("sip.digest: %q is neither MD5 nor SHA-256", d))
		}
	}
	for _, a := range c.Allow {
		if !a.Prefix.IsValid() {
			errs = append(errs, errors.New("sip.allow: a prefix is not valid"))
		}
	}
	return errors.Join(errs...)
}
