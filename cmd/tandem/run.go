package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"tandem/conf"
	"tandem/media/engine"
	"tandem/media/stream"
	"tandem/rest"
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
	streams := stream.New(engines)

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
		Resolver: transport.NewResolver(cfg.SIP.Nameservers), Users: db, Registrar: bindings, Media: sipua.Engine(streams),
		Accept: func(l call.Leg) { calls.Accept(l) }, //nolint:contextcheck // a call outlives whatever brought its INVITE
		Admit:  func() *call.Refusal { return calls.Admit() },
		Log:    log, Registerer: metrics,
	})
	sip := transport.New(cfg.SIP.Transport, agent.Shards(), agent, log, metrics)
	agent.Bind(sip)
	here, err := ours(cfg, sip)
	if err != nil {
		return err
	}
	cfg.Calls.Headers = cfg.SIP.RestcommHeaders
	records := cdr.NewWriter(db)
	calls = call.New(cfg.Calls, call.Deps{ //nolint:contextcheck // its metrics are read without one
		Inviter: agent, Dialer: route.NewDialer(db, bindings, here), Mux: route.NewMux(db, plans.builders(), plans.progress),
		Records: records, Bus: event.New(), Notifier: store.OfCalls{Store: db}, Cable: sipua.Cable(streams), Full: db.Full, Log: log, Registerer: metrics,
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
	serve((&collector{garbage: cfg.Garbage}).serve)
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
	if err := welcome(below, db, greeter, listeners(sip), servers[0].base(), first); err != nil {
		stop()
		return errors.Join(err, services.Wait())
	}
	ready.Store(true)
	log.Info("ready", "version", version, "instance", instance)

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
