package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
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
	"tandem/switch/route"
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

// ours tells which hosts and ports of a SIP URI mean this switch. A listener on
// all addresses stands for those the machine has now.
func ours(cfg *conf.Config, sip *transport.Layer) (route.Ours, error) {
	machine, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("our own addresses: %w", err)
	}
	all := addresses(machine)
	return func(host string, port uint16) bool {
		named := strings.EqualFold(host, cfg.SIP.Realm) || host == "localhost"
		addr, err := netip.ParseAddr(host)
		if !named && err != nil {
			return false
		}
		named = named || addr == cfg.SIP.Advertise
		return slices.ContainsFunc(sip.Addrs(), func(l transport.Listen) bool {
			here := named || l.Addr.Addr() == addr || l.Addr.Addr().IsUnspecified() && slices.Contains(all, addr)
			return here && (port == 0 || port == l.Addr.Port())
		})
	}, nil
}

// addresses are the machine's own, without their networks.
func addresses(list []net.Addr) []netip.Addr {
	var all []netip.Addr
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all = append(all, p.Addr().Unmap())
		}
	}
	return all
}

func listeners(sip *transport.Layer) []string {
	var all []string
	for _, l := range sip.Addrs() {
		all = append(all, l.String())
	}
	return all
}
