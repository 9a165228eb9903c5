package sipua

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/transport"
)

// Layer is what the user agent needs of the transports; *transport.Layer is one.
type Layer interface {
	Connect(n transport.Network, local, remote netip.AddrPort) (transport.Flow, error)
	Flow(id uint64) (transport.Flow, bool)
	Addrs() []transport.Listen
}

// Resolver finds where a host of a URI is served (RFC 3263); *transport.Resolver is one.
type Resolver interface {
	Resolve(ctx context.Context, host string, port int, network *transport.Network, secure bool) ([]transport.Target, error)
}

// Users knows the clients that may place calls and register. It answers from memory.
type Users interface {
	Client(login string) (directory.Client, bool)
}

// Deps is what a user agent works with.
type Deps struct {
	Layer     Layer     // may be given later, by Bind
	Resolver  Resolver  // for hosts that are names; nil: only addresses are reached
	Users     Users     // who may call and register
	Registrar Registrar // keeps the bindings; nil: REGISTER gets 405
	Media     Opener    // opens a leg's stream

	Accept func(call.Leg)       // takes a new inbound leg; called from a shard, so it must not block
	Admit  func() *call.Refusal // asked before a new call costs anything; nil: all are welcome

	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// UA is the user agent: the sink of the transports, and an Inviter.
type UA struct {
	cfg     Config
	deps    Deps
	log     *slog.Logger
	metrics *metrics
	shards  []*shard
	edge    edge // what validation, authentication and registration keep

	layer  atomic.Pointer[Layer]
	life   context.Context // ends with Serve; lookups run under it
	end    context.CancelFunc
	errand sync.WaitGroup // lookups under way
	next   atomic.Uint32  // shard of the next leg placed beside nobody
	seed   maphash.Seed
}

// New makes a user agent. It does nothing before Serve but collect what Receive hands it.
func New(cfg Config, d Deps) *UA {
	n := cfg.Shards
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	u := &UA{cfg: cfg, deps: d, log: d.Log, seed: maphash.MakeSeed(), metrics: newMetrics(d.Registerer)}
	u.life, u.end = context.WithCancel(context.Background())
	u.edge = newEdge(cfg, d)
	for i := range n {
		u.shards = append(u.shards, newShard(u, i))
	}
	if d.Layer != nil {
		u.Bind(d.Layer)
	}
	return u
}

// Shards is how many event loops there are: what a transport layer is made with.
func (u *UA) Shards() int { return len(u.shards) }

// Bind gives the user agent its transports, which need the user agent as their sink to be made. It comes before Serve.
func (u *UA) Bind(l Layer) { u.layer.Store(&l) }

// transports is what Bind was given.
func (u *UA) transports() Layer { return *u.layer.Load() }

// Serve runs the shards until the context ends. What is up by then hears an Ended event; no message is sent any more.
func (u *UA) Serve(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, s := range u.shards {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
	u.end()
	u.errand.Wait()
	for _, s := range u.shards {
		s.close()
	}
	return context.Cause(ctx)
}

// Receive takes a batch of messages for a shard. It is part of transport.Sink.
func (u *UA) Receive(shard int, batch []transport.Message) {
	u.shards[shard%len(u.shards)].receive(batch)
}

// Closed is told that a stream connection has gone. It is part of transport.Sink.
func (u *UA) Closed(flow uint64, err error) {
	if r := u.deps.Registrar; r != nil {
		r.FlowClosed(flow)
	}
	for _, s := range u.shards {
		s.post(func() { s.flowClosed(flow, err) })
	}
}
