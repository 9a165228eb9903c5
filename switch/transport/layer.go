package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	// ErrNotServing is a Layer that is not within Serve.
	ErrNotServing = errors.New("the transport layer does not serve")
	// ErrNoListener is a network and address family we do not listen at.
	ErrNoListener = errors.New("no listener of this network and address family")
	// ErrShutdown is why connections end when Serve does.
	ErrShutdown = errors.New("shutting down")
)

// Sink takes what comes in. Both methods are called by many goroutines at once and must not block.
type Sink interface {
	// Receive takes messages that belong to a shard. The batch is the caller's again when it returns, the messages are not.
	Receive(shard int, batch []Message)
	// Closed says that a connection has ended, or could not be made, and why. It is called once for each flow ID,
	// behind all its messages.
	Closed(flowID uint64, err error)
}

// listener is one open address of Config.Listen.
type listener interface {
	listen() Listen // with the real port
	serve(ctx context.Context)
	close()
}

// Layer is all sockets SIP comes in by and goes out from.
type Layer struct {
	cfg     Config
	shards  int
	sink    Sink
	log     *slog.Logger
	metrics *metrics
	sources sourceCache

	listeners []listener // set by Open
	udp       []*udpListener

	wg    sync.WaitGroup // everything Serve waits for
	conns connTable
}

// New keeps what it is given and opens nothing. Times and limits that are zero in cfg get their defaults. reg may be nil.
func New(cfg Config, shards int, sink Sink, log *slog.Logger, reg prometheus.Registerer) *Layer {
	l := &Layer{cfg: cfg.filled(), shards: max(shards, 1), sink: sink, log: log}
	l.metrics = newMetrics(reg, l.kernelDrops)
	// IDs of an earlier run are all lower: it cannot have made a connection a nanosecond.
	l.conns.init(uint64(time.Now().UnixNano()))
	return l
}

// Open binds every address of the configuration, or none. The error names the address.
func (l *Layer) Open() error {
	for _, addr := range l.cfg.Listen {
		if err := l.open(addr); err != nil {
			l.Close()
			return fmt.Errorf("listen at %v: %w", addr, err)
		}
	}
	return nil
}

func (l *Layer) open(addr Listen) error {
	if addr.Network.Reliable() {
		s, err := l.listenStream(addr)
		if err != nil {
			return err
		}
		l.listeners = append(l.listeners, s)
		return nil
	}
	u, err := l.listenUDP(addr)
	if err != nil {
		return err
	}
	l.udp = append(l.udp, u)
	l.listeners = append(l.listeners, u)
	return nil
}

// Close gives back the sockets of a Layer that was opened and will not serve. Serve does it by itself.
func (l *Layer) Close() {
	for _, s := range l.listeners {
		s.close()
	}
}

// Addrs are the addresses Open bound, with the ports the kernel chose where the configuration says 0.
func (l *Layer) Addrs() []Listen {
	addrs := make([]Listen, len(l.listeners))
	for i, s := range l.listeners {
		addrs[i] = s.listen()
	}
	return addrs
}

// Serve receives until ctx ends, then closes everything and returns nil when all its goroutines have.
func (l *Layer) Serve(ctx context.Context) error {
	if len(l.listeners) == 0 {
		return ErrNoListener
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !l.conns.open(ctx) {
		return errors.New("the transport layer has already served")
	}
	for _, s := range l.listeners {
		l.wg.Go(func() { s.serve(ctx) })
	}
	<-ctx.Done()
	l.conns.shut(ErrShutdown)
	l.Close()
	l.wg.Wait()
	return nil
}

// Flow finds a connection by its ID; false: it is gone.
func (l *Layer) Flow(id uint64) (Flow, bool) {
	c, ok := l.conns.byID(id)
	if !ok {
		return Flow{}, false
	}
	return c.flow(), true
}

// Connect makes a flow to remote, at once. local picks one of our addresses and may be zero for
// the best one. Over UDP nothing is sent. A stream network reuses the connection there is to that remote address, or
// begins one: what is sent meanwhile waits, and a failure comes as Sink.Closed.
func (l *Layer) Connect(n Network, local, remote netip.AddrPort) (Flow, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if !remote.IsValid() || remote.Port() == 0 {
		return Flow{}, fmt.Errorf("%v is no address to send to", remote)
	}
	if n.Reliable() {
		return l.connectStream(n, local, remote)
	}
	return l.connectUDP(local, remote)
}

// advertised is how others see one of our addresses.
func (l *Layer) advertised(a netip.Addr) netip.Addr {
	if adv := l.cfg.Advertise; adv.IsValid() && adv.Is4() == a.Is4() && !a.IsLoopback() {
		return adv
	}
	return a
}
