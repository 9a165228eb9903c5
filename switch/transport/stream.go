package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// streamListener accepts the connections of one address.
type streamListener struct {
	layer *Layer
	at    Listen
	ln    net.Listener
}

func (l *Layer) listenStream(at Listen) (*streamListener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), at.family(), at.Addr.String())
	if err != nil {
		return nil, err
	}
	return &streamListener{layer: l, at: Listen{at.Network, addrPort(ln.Addr())}, ln: ln}, nil
}

func (s *streamListener) listen() Listen { return s.at }
func (s *streamListener) close()         { _ = s.ln.Close() }

// serve accepts until the listener is closed. Connections have goroutines of their own, so one that says nothing
// holds up nobody.
func (s *streamListener) serve(ctx context.Context) {
	for {
		nc, err := s.ln.Accept()
		switch {
		case err == nil:
			s.accepted(nc)
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, say: those who wait will be served when some are free again
			s.layer.log.Warn("cannot accept connections", "addr", s.at.String(), "err", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

func (s *streamListener) accepted(nc net.Conn) {
	l := s.layer
	remote := addrPort(nc.RemoteAddr())
	source := sourceOf(remote.Addr())
	if !l.conns.admit(source, &l.cfg, &l.metrics.of[s.at.Network]) {
		_ = nc.Close()
		return
	}
	c := newConn(l, s.at.Network, remote)
	c.source = source
	c.attach(nc)
	if l.conns.put(c, &l.wg, c.serve) != nil {
		_ = nc.Close()
		l.conns.leave(source)
	}
}

// sourceOf is what a limit per source counts by: an IPv4 address, or the /64 that one IPv6 host can pick from.
func sourceOf(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

func (l *Layer) connectStream(n Network, local, remote netip.AddrPort) (Flow, error) {
	c, err := l.conns.reuse(Listen{n, remote}, local.Addr(), &l.wg, func() *conn {
		c := newConn(l, n, remote)
		c.bind = l.bindTo(n, local, remote)
		return c
	})
	if err != nil {
		return Flow{}, err
	}
	return c.flow(), nil
}

// bindTo is the address a new connection comes from: that of the listener that serves this side, where it has one.
func (l *Layer) bindTo(n Network, local, remote netip.AddrPort) netip.Addr {
	at, err := l.best(n, local, remote)
	ours := at.Addr.Addr()
	switch {
	case err != nil:
		return netip.Addr{}
	case local.IsValid() && local.Port() == at.Addr.Port() && (ours.IsUnspecified() || ours == local.Addr()):
		return local.Addr()
	case ours.IsUnspecified() || ours.IsLoopback() != remote.Addr().IsLoopback():
		return netip.Addr{}
	}
	return ours
}

// dial makes the connection, then serves it.
func (c *conn) dial(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.layer.cfg.ConnectTimeout)
	defer cancel()
	d := net.Dialer{}
	if c.bind.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.bind, 0))
	}
	nc, err := d.DialContext(ctx, "tcp", c.remote.String())
	if err != nil {
		c.fail(err)
		c.end()
		return
	}
	c.attach(nc)
	c.serve()
}
