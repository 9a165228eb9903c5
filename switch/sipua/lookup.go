package sipua

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"tandem/switch/call"
	"tandem/switch/transport"
)

var errFlowGone = errors.New("the connection it registered over has gone")

// targets are the places a call goes to that need no looking up: the flow or
// source of a registered contact, or the address in the URI. nil: it has a name.
func (u *UA) targets(o call.Outgoing, to uri) ([]target, error) {
	layer := u.transports()
	if id := o.Path.Flow; id != 0 {
		f, ok := layer.Flow(id)
		if !ok {
			return nil, &call.Refusal{Code: 480, Err: errFlowGone}
		}
		return []target{{flow: f, explicit: true}}, nil
	}
	local, err := localOf(o.Path.Local)
	if err != nil {
		return nil, err
	}
	if o.Path.Source != "" {
		at, err := transport.ParseListen(o.Path.Source)
		if err != nil {
			return nil, &call.Refusal{Code: 480, Err: err}
		}
		f, err := layer.Connect(at.Network, local, at.Addr)
		if err != nil {
			return nil, &call.Refusal{Code: 503, Err: err}
		}
		return []target{{flow: f, explicit: true}}, nil
	}
	addr, literal := to.addr()
	if !literal {
		return nil, nil
	}
	network, explicit := to.network()
	if !explicit {
		network = transport.UDP
	}
	if to.secure {
		return nil, &call.Refusal{Code: 503, Err: errors.New("sips: there is no transport with TLS")}
	}
	return []target{{network: network, local: local, remote: netip.AddrPortFrom(addr, to.defaultPort()), explicit: explicit}}, nil
}

// localOf reads our listening address in a Path, with or without its network in front.
func localOf(s string) (netip.AddrPort, error) {
	if s == "" {
		return netip.AddrPort{}, nil
	}
	if l, err := transport.ParseListen(s); err == nil {
		return l.Addr, nil
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, &call.Refusal{Code: 480, Err: fmt.Errorf("local address of a path: %w", err)}
	}
	return a, nil
}

// lookup finds the targets of a name and hands them to f, in a goroutine of its own.
func (u *UA) lookup(to uri, f func([]target, error)) error {
	if u.deps.Resolver == nil {
		return &call.Refusal{Code: 404, Err: fmt.Errorf("%s is a name, and there is no resolver", to.host)}
	}
	if u.life.Err() != nil {
		return call.ErrEnded
	}
	to.host, to.params = strings.Clone(to.host), strings.Clone(to.params)
	u.errand.Go(func() {
		ctx, cancel := context.WithTimeout(u.life, u.cfg.DNSTimeout)
		defer cancel()
		f(u.resolve(ctx, to))
	})
	return nil
}

func (u *UA) resolve(ctx context.Context, to uri) ([]target, error) {
	var network *transport.Network
	n, named := to.network()
	if named {
		network = &n
	}
	found, err := u.deps.Resolver.Resolve(ctx, to.host, to.port, network, to.secure)
	if err != nil {
		return nil, err
	}
	list := make([]target, 0, len(found))
	for _, t := range found {
		list = append(list, target{network: t.Network, remote: t.Addr, explicit: named})
	}
	return list, nil
}

// lookupHop finds the way to a peer that named itself by name, for the requests
// that come after; until then they go to where it sent from.
func (s *shard) lookupHop(l *Leg, u uri, from transport.Flow) {
	if s.u.deps.Resolver == nil {
		return
	}
	asked := l.dlg.target
	_ = s.u.lookup(u, func(found []target, err error) {
		if err != nil || len(found) == 0 {
			return
		}
		s.post(func() { l.redirect(found[0], asked, from) })
	})
}

// redirect takes the address of a name the peer gave, if that is still where it wants to be reached.
func (l *Leg) redirect(t target, asked string, from transport.Flow) {
	source := from.Remote().Addr().Unmap()
	if l.state == over || l.dlg.target != asked || behindNAT(t.addr(), source) || t.addr() == source && t.network == from.Network() && from.Reliable() {
		return
	}
	if f, err := l.s.u.transports().Connect(t.network, from.Local(), t.remote); err == nil {
		l.dlg.flow = f
	}
}
