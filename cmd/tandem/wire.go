package main

import (
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/conf"
	"tandem/media"
	"tandem/media/audio"
	"tandem/rcml"
	"tandem/script"
	"tandem/switch/sipua"
	"tandem/switch/store"
	"tandem/switch/transport"
	"tandem/switch/webhook"
)

// newPlans makes what runs documents and scripts.
func newPlans(cfg *conf.Config, db *store.Store, w web, instance string, log *slog.Logger, metrics prometheus.Registerer) plans {
	if cfg.RCML.Documents == "" {
		cfg.RCML.Documents = filepath.Join(cfg.Data, documentsFolder)
	}
	if cfg.Script.Folder == "" {
		cfg.Script.Folder = filepath.Join(cfg.Data, scriptsFolder)
	}
	cfg.RCML.InstanceID = instance
	sounds := newPrompts(w.client, cfg.RCML.Documents, cfg.Web)
	return plans{
		table: db,
		documents: rcml.New(cfg.RCML, rcml.Deps{
			Fetch: w, Prompts: sounds, Callbacks: w, Notifier: db, Tones: ringback, Log: log, Registerer: metrics,
		}),
		scripts: script.New(cfg.Script, script.Deps{Prompts: sounds, Ringback: ringback(""), Log: log}),
	}
}

// ringback is the ringing tone of a country; the server's own is that of the United States.
func ringback(country string) *media.Prompt {
	if country == "" {
		country = "us"
	}
	return audio.Ringback(country)
}

func withProduct(c webhook.Config) webhook.Config {
	c.Product = "Tandem/" + version
	return c
}

// withAccounts gives allowed sources without an account to the switch's first one.
func withAccounts(c sipua.Config, db *store.Store) sipua.Config {
	c.Allow = slices.Clone(c.Allow)
	for i := range c.Allow {
		if c.Allow[i].Account != "" {
			continue
		}
		if top := db.Accounts(""); len(top) > 0 {
			c.Allow[i].Account = top[0].SID
		}
	}
	return c
}

// tokens is how requests to an account's applications are signed.
func tokens(db *store.Store) func(string) string {
	return func(account string) string {
		a, _ := db.Account(account)
		return a.Token
	}
}

// readiness is what /readyz asks.
func readiness(ready *atomic.Bool, db *store.Store) func() error {
	return func() error {
		switch {
		case !ready.Load():
			return errors.New("starting or shutting down")
		case db.Full():
			return errors.New("records cannot be stored fast enough")
		}
		return nil
	}
}

// ours tells which hosts of a SIP URI mean this switch.
func ours(cfg *conf.Config, sip *transport.Layer) func(string) bool {
	return func(host string) bool {
		if strings.EqualFold(host, cfg.SIP.Realm) || strings.EqualFold(host, "localhost") {
			return true
		}
		addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil {
			return false
		}
		if addr == cfg.SIP.Advertise {
			return true
		}
		return slices.ContainsFunc(sip.Addrs(), func(l transport.Listen) bool { return l.Addr.Addr() == addr })
	}
}

func listeners(sip *transport.Layer) []string {
	var all []string
	for _, l := range sip.Addrs() {
		all = append(all, l.String())
	}
	return all
}
