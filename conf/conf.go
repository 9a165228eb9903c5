// Package conf is the whole configuration: one TOML file, environment
// overrides, and a default for every key. It composes the Config of each
// package; what a key means is documented there and in example.toml.
//
// # Decisions
//
//   - 2026-11-21: BurntSushi/toml reads the file: it is the kept one with strict
//     keys. It tells no position for keys that decode, so lines are found by
//     looking for the keys in the order the parser met them.
//   - 2026-11-21: file and environment are read through the same decoder, one value
//     at a time: an override means exactly what it would mean in the file, and
//     every value of a wrong type is reported, not only the first.
package conf

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"tandem/media/engine"
	"tandem/rcml"
	"tandem/rest"
	"tandem/script"
	"tandem/switch/call"
	"tandem/switch/registrar"
	"tandem/switch/sipua"
	"tandem/switch/store"
	"tandem/switch/transport"
	"tandem/switch/webhook"
)

// Config is every setting of the switch.
type Config struct {
	Data      string           `toml:"data"`          // directory of everything that outlives the process
	Drain     time.Duration    `toml:"drain"`         // how long live calls may go on after SIGTERM
	Garbage   int              `toml:"garbage_bytes"` // that may pile up before memory is collected; 0: Go's own pace
	SIP       SIP              `toml:"sip"`
	Registrar registrar.Config `toml:"registrar"`
	RTP       engine.Config    `toml:"rtp"`
	Calls     call.Config      `toml:"calls"`
	HTTP      HTTP             `toml:"http"`
	Web       webhook.Config   `toml:"web"`
	RCML      rcml.Config      `toml:"rcml"`
	Script    script.Config    `toml:"script"`
	Store     store.Config     `toml:"store"`
	Log       Log              `toml:"log"`
}

// SIP is the [sip] section: the sockets and the user agent on them.
type SIP struct {
	Transport
	UA
}

// Transport is the half of the [sip] section that is about sockets.
type Transport = transport.Config

// UA is the half of the [sip] section that is about the user agent.
type UA = sipua.Config

// HTTP is the [http] section: the server for REST, metrics and health.
type HTTP struct {
	Listen []netip.AddrPort `toml:"listen"`
	REST
}

// REST is how the REST API behaves.
type REST = rest.Config

// Log is the [log] section.
type Log struct {
	Level  slog.Level `toml:"level"`  // DEBUG, INFO, WARN or ERROR; DEBUG shows the SIP trace
	Format string     `toml:"format"` // text or json
}

// Default is the configuration of a switch that has none.
func Default() *Config {
	return &Config{
		Data: "data", Drain: 30 * time.Second, Garbage: 64 << 20,
		SIP:       SIP{transport.Default(), sipua.Default()},
		Registrar: registrar.Default(),
		RTP:       engine.Default(),
		Calls:     call.Default(),
		HTTP:      HTTP{Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:8080")}, REST: rest.Default()},
		Web:       webhook.Default(),
		RCML:      rcml.Default(),
		Script:    script.Default(),
		Store:     store.Default(),
		Log:       Log{Level: slog.LevelInfo, Format: "text"},
	}
}

// check returns every value that makes no sense, each with its key.
func (c *Config) check() []*Mistake {
	errs := []error{
		c.checkOwn(), c.checkTogether(), c.SIP.Transport.Validate(), c.SIP.UA.Validate(), c.Registrar.Validate(), c.RTP.Validate(), c.Calls.Validate(),
		c.HTTP.Validate(), c.Web.Validate(), c.RCML.Validate(), c.Script.Validate(), c.Store.Validate(),
	}
	var found []*Mistake
	for _, err := range flatten(errors.Join(errs...)) {
		key, text, ok := strings.Cut(err.Error(), ": ")
		if !ok {
			key, text = "", err.Error()
		}
		found = append(found, &Mistake{Key: key, Text: text})
	}
	return found
}

// checkOwn checks the keys that no package owns.
func (c *Config) checkOwn() error {
	var errs []error
	if c.Data == "" {
		errs = append(errs, errors.New("data: a directory is needed"))
	}
	if c.Drain < 0 {
		errs = append(errs, fmt.Errorf("drain: %v is negative", c.Drain))
	}
	if c.Garbage < 0 {
		errs = append(errs, fmt.Errorf("garbage_bytes: %d is negative", c.Garbage))
	}
	if len(c.HTTP.Listen) == 0 {
		errs = append(errs, errors.New("http.listen: at least one address"))
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		errs = append(errs, fmt.Errorf("log.format: %q is neither text nor json", c.Log.Format))
	}
	return errors.Join(errs...)
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// Logger is the log that the configuration asks for, on standard error.
func (c *Config) Logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Log.Level}
	if cmp.Or(c.Log.Format, "text") == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
