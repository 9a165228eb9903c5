package transport

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

var (
	// ErrNoSuchHost is a name that DNS has no address for.
	ErrNoSuchHost = errors.New("no such host")
	// ErrNoNetwork is a URI that asks for a network we do not speak, such as sips: without TLS.
	ErrNoNetwork = errors.New("no network of ours serves this URI")
)

// Target is one place to send a request to.
type Target struct {
	Network Network
	Addr    netip.AddrPort
}

// String is "udp:192.0.2.1:5060".
func (t Target) String() string { return Listen(t).String() }

// maxTargets bounds what one name can make us try.
const maxTargets = 16

// Resolver finds where a host is served: RFC 3263 with a cache that keeps each answer for its TTL. Many goroutines may use
// it at once.
type Resolver struct {
	dns   dnsClient
	hosts hostsFile
}

// NewResolver asks the given DNS servers in turn; none: those of /etc/resolv.conf. It does no I/O yet.
func NewResolver(servers []netip.AddrPort) *Resolver {
	return &Resolver{dns: dnsClient{given: servers}}
}

// Resolve returns where to send a request for host, best first: if one target cannot be reached or answers 503, the
// next one is to be tried (RFC 3263 §4.3). port is 0 and network nil where the URI does not say; secure
// is a sips: URI. IP addresses, in brackets or not, are answered without DNS. The error wraps ErrNoSuchHost, ErrNoNetwork, what DNS
// said or the context's cause.
func (r *Resolver) Resolve(ctx context.Context, host string, port int, network *Network, secure bool) ([]Target, error) {
	if port < 0 || port > 65_535 {
		return nil, fmt.Errorf("resolve %s: port %d: %w", host, port, ErrNoSuchHost)
	}
	q := query{r: r, host: host, port: uint16(port), secure: secure, allowed: allowed(network, secure), pinned: network != nil}
	if len(q.allowed) == 0 {
		return nil, fmt.Errorf("resolve %s: %w", host, ErrNoNetwork)
	}
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err == nil {
		q.add(q.allowed[0], a, q.port)
		return q.targets, nil
	}
	if _, ok := dns.IsDomainName(host); !ok || host == "" {
		return nil, fmt.Errorf("resolve %q: %w", host, ErrNoSuchHost)
	}
	q.host = dns.Fqdn(strings.ToLower(host))
	if err := q.run(ctx); err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	return q.targets, nil
}

// allowed are the networks a URI may be served by; the first is the default (RFC 3263 §4.1).
func allowed(network *Network, secure bool) []Network {
	var all []Network
	for n := UDP; int(n) < len(networks); n++ {
		if (network == nil || *network == n) && (!secure || n.Secure()) {
			all = append(all, n)
		}
	}
	return all
}

// query is one Resolve under way.
type query struct {
	r       *Resolver
	host    string // ends with a dot
	port    uint16
	secure  bool
	pinned  bool // the URI names the network
	allowed []Network
	targets []Target
}

// run goes down RFC 3263 §4.1 and §4.2 until something is found.
func (q *query) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{q.naptr, q.srv, q.plain} {
		if err := step(ctx); err != nil {
			return err
		}
		if len(q.targets) > 0 {
			return nil
		}
	}
	return ErrNoSuchHost
}

// naptr asks which networks the host prefers and where their SRV records are.
func (q *query) naptr(ctx context.Context) error {
	if q.pinned || q.port != 0 {
		return nil
	}
	records, err := lookup[*dns.NAPTR](ctx, &q.r.dns, q.host, dns.TypeNAPTR)
	if err != nil {
		return err
	}
	for _, rr := range orderNAPTR(records) {
		for _, n := range q.allowed {
			if !strings.EqualFold(rr.Service, networks[n].naptr) || !strings.EqualFold(rr.Flags, "s") {
				continue
			}
			if err := q.services(ctx, n, rr.Replacement); err != nil {
				return err
			}
		}
	}
	return nil
}

// srv asks each network's SRV records.
func (q *query) srv(ctx context.Context) error {
	if q.port != 0 {
		return nil
	}
	for _, n := range q.allowed {
		if err := q.services(ctx, n, networks[n].service+q.host); err != nil {
			return err
		}
	}
	return nil
}

// plain takes the host's addresses, with the default network and port where none is given.
func (q *query) plain(ctx context.Context) error {
	return q.addresses(ctx, q.allowed[0], q.host, q.port)
}

// services adds the servers of one SRV name in the order to try them.
func (q *query) services(ctx context.Context, n Network, name string) error {
	records, err := lookup[*dns.SRV](ctx, &q.r.dns, dns.CanonicalName(name), dns.TypeSRV)
	if err != nil {
		return err
	}
	for _, rr := range orderSRV(records) {
		if rr.Target == "." { // RFC 2782: decidedly not served
			continue
		}
		if err := q.addresses(ctx, n, dns.CanonicalName(rr.Target), rr.Port); err != nil {
			return err
		}
	}
	return nil
}

// addresses adds a name's IPv4 and IPv6 addresses.
func (q *query) addresses(ctx context.Context, n Network, name string, port uint16) error {
	if len(q.targets) >= maxTargets {
		return nil
	}
	if local := q.r.hosts.lookup(name); len(local) > 0 {
		for _, a := range local {
			q.add(n, a, port)
		}
		return nil
	}
	v4, err := lookup[*dns.A](ctx, &q.r.dns, name, dns.TypeA)
	if err != nil {
		return err
	}
	v6, err := lookup[*dns.AAAA](ctx, &q.r.dns, name, dns.TypeAAAA)
	if err != nil && len(v4) == 0 {
		return err
	}
	for _, rr := range v4 {
		if a, ok := netip.AddrFromSlice(rr.A); ok {
			q.add(n, a, port)
		}
	}
	for _, rr := range v6 {
		if a, ok := netip.AddrFromSlice(rr.AAAA); ok {
			q.add(n, a, port)
		}
	}
	return nil
}

func (q *query) add(n Network, a netip.Addr, port uint16) {
	if port == 0 {
		port = n.Port()
	}
	if len(q.targets) < maxTargets {
		q.targets = append(q.targets, Target{n, netip.AddrPortFrom(a.Unmap(), port)})
	}
}
