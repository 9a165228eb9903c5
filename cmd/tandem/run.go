package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"tandem/conf"
	"tandem/media"
	"tandem/media/audio"
	"tandem/media/engine"
	"tandem/media/stream"
	"tandem/rcml"
	"tandem/rest"
	"tandem/script"
	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
	"tandem/switch/event"
	"tandem/switch/registrar"
	"tandem/switch/route"
	"tandem/switch/sipua"
	"tandem/switch/store"
	"tandem/switch/transport"
	"tandem/switch/webhook"
)

// flushTime is how long requests of the API that are under way may take to end.
const flushTime = 10 * time.Second

// run is the switch, from the store up to the sockets, and back down again when
// ctx ends: not ready, 503 to new calls, live calls may end until the deadline,
// then they are hung up, callbacks and records are flushed, the store is closed.
func run(ctx context.Context, cfg *conf.Config, log *slog.Logger, greeter *greeter) (err error) {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	// State.
	cfg.Store.Path = filepath.Join(cfg.Data, "tandem.db")
	cfg.Store.Region = cfg.HTTP.Region
	db, err := store.Open(ctx, cfg.Store, log, metrics)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if n, err := db.Orphans(ctx); err != nil {
		return err
	} else if n > 0 {
		log.Warn("calls were up when the switch last died", "calls", n)
	}
	instance, err := db.SettingOr(ctx, "instance", func() string { return directory.NewSID(directory.PrefixInstance) })
	if err != nil {
		return err
	}
	if err := sameRealm(ctx, db, cfg.SIP.Realm); err != nil {
		return err
	}
	first, err := seed(ctx, db, cfg.Data, cfg.SIP.Realm)
	if err != nil {
		return fmt.Errorf("first run: %w", err)
	}

	// Media.
	engines, err := engine.New(cfg.RTP, log, metrics)
	if err != nil {
		return err
	}

	// Web and plans.
	client := webhook.New(withProduct(cfg.Web), webhook.Deps{Tokens: tokens(db), Log: log, Registerer: metrics})
	defer client.Close()
	callbacks := webhook.NewQueue(client, metrics)
	plans := newPlans(cfg, db, web{client, callbacks}, instance, log, metrics)

	// SIP and calls.
	bindings := registrar.New(cfg.Registrar, db, log, metrics)
	if err := bindings.Load(ctx); err != nil {
		return err
	}
	var calls *call.Manager
	agent := sipua.New(withAccounts(cfg.SIP.UA, db), sipua.Deps{
		Resolver: transport.NewResolver(cfg.SIP.Nameservers), Users: db, Registrar: bindings, Media: sipua.Engine(stream.New(engines)),
		Accept: func(l call.Leg) { calls.Accept(l) }, //nolint:contextcheck // a call outlives whatever brought its INVITE
		Admit:  func() *call.Refusal { return calls.Admit() },
		Log: log, Registerer: metrics,
	})
	sip := transport.New(cfg.SIP.Transport, agent.Shards(), agent, log, metrics)
	agent.Bind(sip)
	cfg.Calls.Headers = cfg.SIP.RestcommHeaders
	records := cdr.NewWriter(db)
	calls = call.New(cfg.Calls, call.Deps{ //nolint:contextcheck // its metrics are read without one
		Inviter: agent, Dialer: route.NewDialer(db, bindings, ours(cfg, sip)), Mux: route.NewMux(db, plans.builders(), plans.progress),
		Records: records, Bus: event.New(), Notifier: store.OfCalls{Store: db}, Full: db.Full, Log: log, Registerer: metrics,
	})

	// REST.
	var ready atomic.Bool
	api := rest.New(cfg.HTTP.REST, rest.Deps{
		Store: db, Live: calls, Records: records, Registrations: bindings, Plan: plans.build, Progress: plans.restProgress,
		Realm: cfg.SIP.Realm, Instance: instance, Ready: readiness(&ready, db), Gatherer: metrics, Registerer: metrics, Log: log,
	})

	// Sockets last: from here on calls come.
	if err := sip.Open(); err != nil { //nolint:contextcheck // binding does not wait
		return err
	}
	servers, err := listen(ctx, cfg.HTTP.Listen, api, log)
	if err != nil {
		return err
	}
	below, stop := context.WithCancel(context.WithoutCancel(ctx)) // what calls stand on outlives them
	defer stop()
	services, failed := errgroup.WithContext(below)
	serve := func(f func(context.Context) error) {
		services.Go(func() error { return ended(f(below)) })
	}
	serve(engines.Serve)
	serve(bindings.Serve)
	serve(agent.Serve)
	serve(sip.Serve)
	for _, s := range servers {
		serve(s.serve)
	}
	delivering, stopDelivering := context.WithCancel(below)
	defer stopDelivering()
	delivered := make(chan error, 1)
	services.Go(func() error {
		err := ended(callbacks.Serve(delivering))
		delivered <- err
		return err
	})
	ready.Store(true)
	log.Info("ready", "version", version, "instance", instance)
	if err := greeter.greet(listeners(sip), servers[0].base(), first); err != nil {
		return err
	}

	select {
	case <-ctx.Done():
	case <-failed.Done(): // a service gave up: its error is Wait's
	}
	ready.Store(false)
	log.Info("shutting down", "calls", calls.Len(), "deadline", cfg.Drain)
	drain, cancel := context.WithTimeout(below, cfg.Drain)
	defer cancel()
	if err := calls.Drain(drain); err != nil {
		log.Error("shutting down", "err", err)
	}
	stopDelivering()
	if err := <-delivered; err != nil { // it bounds its own time
		log.Error("shutting down", "err", err)
	}
	stop()
	return services.Wait()
}

// sameRealm refuses a realm other than the one the clients' passwords are hashed with.
func sameRealm(ctx context.Context, db *store.Store, realm string) error {
	kept, err := db.SettingOr(ctx, "realm", func() string { return realm })
	if err != nil {
		return err
	}
	if kept != realm {
		return fmt.Errorf("sip.realm is %q, but the clients' passwords in the data directory were hashed for %q: set it back, or start with a new data directory", realm, kept)
	}
	return nil
}

// ended drops the error of a service that was told to end.
func ended(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

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

// server is one listener of the API.
type server struct {
	http.Server
	listener net.Listener
}

// listen opens the API's listeners, so that an address in use is an error before calls come.
func listen(ctx context.Context, addrs []netip.AddrPort, handler http.Handler, log *slog.Logger) ([]*server, error) {
	var all []*server
	for _, a := range addrs {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", a.String())
		if err != nil {
			return nil, fmt.Errorf("http.listen: %w", err)
		}
		s := &server{listener: l}
		s.Handler, s.ReadHeaderTimeout, s.IdleTimeout = handler, 10*time.Second, 2*time.Minute
		s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
		all = append(all, s)
	}
	return all, nil
}

// serve answers until ctx ends, and lets requests under way finish.
func (s *server) serve(ctx context.Context) error {
	stopped := make(chan error, 1)
	end := context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		stopped <- s.Shutdown(bounded)
	})
	if err := s.Serve(s.listener); end() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func (s *server) base() string { return "http://" + s.listener.Addr().String() }
