package transport

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// conn is one stream connection: the link of its flow. One goroutine reads it; write.go has the other direction.
type conn struct {
	layer   *Layer
	net     Network
	remote  netip.AddrPort
	bind    netip.Addr // of a connection we make: where it comes from; zero: the kernel's choice
	source  netip.Addr // of an accepted connection: what its limit counts by; else zero
	flowID  uint64
	traffic *traffic

	mu      sync.Mutex
	nc      net.Conn // nil until connected
	raw     syscall.RawConn
	ours    netip.AddrPort // our end
	public  netip.AddrPort // contact
	err     error          // why it ended; nil while it lives
	queue   []byte         // waits for the writer
	writing bool           // a writer runs
	direct  directWrite
}

func newConn(l *Layer, n Network, remote netip.AddrPort) *conn {
	return &conn{layer: l, net: n, remote: remote, traffic: &l.metrics.of[n]}
}

func (c *conn) flow() Flow       { return Flow{c, c.remote} }
func (c *conn) id() uint64       { return c.flowID }
func (c *conn) network() Network { return c.net }

// local is our end; before the connection stands, the address it will come from.
func (c *conn) local() netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.localLocked()
}

func (c *conn) localLocked() netip.AddrPort {
	if !c.ours.IsValid() {
		ours := c.bind
		if !ours.IsValid() {
			ours = c.layer.sources.to(c.remote)
		}
		return netip.AddrPortFrom(ours, 0)
	}
	return c.ours
}

// contact is where new connections to us can be made: our listener's port, not the one this connection happens to have.
func (c *conn) contact() netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.public.IsValid() {
		ours := c.localLocked()
		port := ours.Port()
		if at, err := c.layer.best(c.net, netip.AddrPort{}, c.remote); err == nil {
			port = at.Addr.Port()
		}
		for _, at := range c.layer.Addrs() {
			if at.Network == c.net && at.Addr.Addr() == ours.Addr() {
				port = at.Addr.Port()
			}
		}
		c.public = netip.AddrPortFrom(c.layer.advertised(ours.Addr()), port)
	}
	return c.public
}

func (c *conn) usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil
}

// attach takes the connection that was accepted or made, and sends what waited for it.
func (c *conn) attach(nc net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nc, c.ours = nc, addrPort(nc.LocalAddr())
	if c.err != nil {
		_ = nc.Close()
		return
	}
	if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn()
	}
	c.startWriter()
}

// fail ends the connection; the first reason counts. Its goroutine does the rest.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(err)
}

func (c *conn) failLocked(err error) {
	if c.err == nil {
		c.err = err
		if c.nc != nil {
			_ = c.nc.Close()
		}
	}
}

// serve reads until the connection ends.
func (c *conn) serve() {
	inbound := c.source.IsValid()
	open, began := c.traffic.outbound, c.traffic.dialled
	if inbound {
		open, began = c.traffic.inbound, c.traffic.accepted
	}
	began.Inc()
	open.Inc()
	c.fail(c.read(inbound))
	open.Dec()
	c.end()
}

// end forgets the connection and tells the sink, behind all its messages.
func (c *conn) end() {
	c.layer.conns.remove(c)
	c.mu.Lock()
	err := c.err
	c.mu.Unlock()
	c.layer.log.Debug("connection ended", "network", c.net.String(), "remote", c.remote, "flow", c.flowID, "err", err)
	c.layer.sink.Closed(c.flowID, err)
}

// read delivers messages until an error, which it returns.
func (c *conn) read(inbound bool) error {
	f := framer{limit: c.layer.cfg.MaxMessage}
	out := newDelivery(c.layer, c.net)
	cfg := &c.layer.cfg
	wait, deadline := idle, time.Now().Add(cfg.IdleTimeout)
	if inbound {
		wait, deadline = handshake, time.Now().Add(cfg.HandshakeTimeout)
	}
	for {
		if err := c.nc.SetReadDeadline(deadline); err != nil {
			return err
		}
		n, err := c.nc.Read(f.space())
		f.read(n)
		messages, bad := c.messages(&f, &out)
		switch {
		case bad != nil:
			c.traffic.drop(dropFraming)
			return bad
		case errors.Is(err, os.ErrDeadlineExceeded):
			return wait.err()
		case err != nil:
			return err
		}
		switch now := time.Now(); {
		case wait == handshake && messages == 0: // the deadline stays
		case !f.partial():
			wait, deadline = idle, now.Add(cfg.IdleTimeout)
		case wait != rest || messages > 0: // a message has begun
			wait, deadline = rest, now.Add(cfg.MessageTimeout)
		}
	}
}

// waiting is what a connection's read deadline is for.
type waiting uint8

const (
	handshake waiting = iota // the first message
	idle                     // anything
	rest                     // the rest of a message
)

// err is why a connection ends that waited in vain.
func (w waiting) err() error { return [...]error{errHandshake, errIdle, errSlow}[w] }

// messages delivers what is whole and answers pings.
func (c *conn) messages(f *framer, out *delivery) (n int, err error) {
	defer out.flush()
	for {
		b, err := f.next()
		for ; f.pings > 0; f.pings-- {
			c.traffic.drop(dropKeepAlive)
			_ = c.write(pong) // RFC 5626 §4.4.1; a peer that does not read its pongs loses them
		}
		if err != nil || b == nil {
			return n, err
		}
		if !out.add(b, c.flow()) {
			return n, errNotSIP
		}
		n++
	}
}

var pong = []byte("\r\n")
