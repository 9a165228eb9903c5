package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Network is how the guard reaches the world: net's resolver and dialer, or a network of a test's own.
type Network interface {
	Lookup(ctx context.Context, host string) ([]netip.Addr, error)
	Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// system is the machine's own network.
type system struct {
	resolver net.Resolver
	dialer   net.Dialer
}

func (s *system) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return s.resolver.LookupNetIP(ctx, "ip", host)
}

func (s *system) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return s.dialer.DialContext(ctx, "tcp", to.String())
}

// guard dials addresses that it has looked up and checked itself.
type guard struct {
	network Network
	allow   []netip.Prefix
	timeout time.Duration
}

// DialContext resolves host, leaves out what is not allowed, and tries the rest in order. The
// address that was checked is the address that is dialled.
func (g *guard) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.timeout, ErrTimeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, err
	}
	addrs, err := g.resolve(ctx, host)
	if err != nil {
		return nil, timedOut(ctx, err)
	}
	conn, err := g.dial(ctx, addrs, uint16(number))
	return conn, timedOut(ctx, err)
}

func (g *guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else if addrs, err = g.network.Lookup(ctx, host); err != nil {
		return nil, err
	}
	var allowed []netip.Addr
	var refused error
	for _, a := range addrs {
		if err := g.check(a); err != nil {
			refused = err
			continue
		}
		allowed = append(allowed, a.Unmap())
	}
	if len(allowed) > 0 {
		return allowed, nil
	}
	if refused == nil {
		refused = fmt.Errorf("%s has no address", host)
	}
	return nil, refused
}

// dial gives each address its share of the time that is left.
func (g *guard) dial(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	var errs []error
	for i, a := range addrs {
		deadline, _ := ctx.Deadline()
		share := time.Until(deadline) / time.Duration(len(addrs)-i)
		attempt, cancel := context.WithTimeoutCause(ctx, share, ErrTimeout)
		conn, err := g.network.Dial(attempt, netip.AddrPortFrom(a, port))
		err = timedOut(attempt, err)
		cancel()
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// timedOut replaces an error that is only the echo of ctx by its cause.
func timedOut(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// check says whether a may be contacted.
func (g *guard) check(a netip.Addr) error {
	if a.Zone() != "" {
		return fmt.Errorf("%v: %w", a, ErrRefused)
	}
	a = a.Unmap()
	for _, p := range g.allow {
		if p.Contains(a) {
			return nil
		}
	}
	if inner, ok := embedded(a); ok {
		if g.check(inner) == nil {
			return nil
		}
		return fmt.Errorf("%v: %w", a, ErrRefused)
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return fmt.Errorf("%v: %w", a, ErrRefused)
	}
	for _, p := range special {
		if p.Contains(a) {
			return fmt.Errorf("%v: %w", a, ErrRefused)
		}
	}
	return nil
}

// special are networks that are no destinations on the Internet although they look like global unicast: the IANA registries of
// RFC 6890, and addresses on which clouds serve credentials.
var special = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"168.63.129.16/32",                                                              // Azure's host agent; the others lie in link-local, CGNAT or ULA space
	"100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10", // Teredo and ORCHID lie in 2001::/23
	"64:ff9b:1::/48", // RFC 8215: NAT64 inside one network
)

var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour  = netip.MustParsePrefix("2002::/16")    // RFC 3056
	compatible = netip.MustParsePrefix("::/96")        // RFC 4291 §2.5.5.1
)

// embedded finds the IPv4 address that packets to a would end up at.
func embedded(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	switch {
	case !a.Is6():
	case nat64.Contains(a), compatible.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}
