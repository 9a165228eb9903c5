package sipua

import (
	"net/netip"

	"tandem/switch/transport"
)

// How far an address can be reached from.
const (
	reachNone = iota // 0.0.0.0
	reachHost
	reachLink
	reachSite
	reachAll
)

var shared = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598, between a carrier's NAT and its customers

func reach(a netip.Addr) int {
	switch {
	case !a.IsValid() || a.IsUnspecified():
		return reachNone
	case a.IsLoopback():
		return reachHost
	case a.IsLinkLocalUnicast():
		return reachLink
	case a.IsPrivate() || a.Is4() && shared.Contains(a):
		return reachSite
	}
	return reachAll
}

// behindNAT reports whether a peer that names an address in its Contact and
// sends from another must be behind a NAT: the one it names reaches less far.
// Two addresses of the same reach are two hosts, as in a provider's cluster.
func behindNAT(named, source netip.Addr) bool {
	return named != source && reach(named) < reach(source)
}

// mend finds another way for the requests of a dialog whose connection has
// gone: the one over which the client has registered meanwhile, else a new one to where the
// peer wants to be reached.
func (l *Leg) mend() {
	f, layer := l.dlg.flow, l.s.u.transports()
	if !f.Reliable() {
		return
	}
	if _, ok := layer.Flow(f.ID()); ok {
		return
	}
	if g, ok := l.registered(layer); ok {
		l.dlg.flow = g
		return
	}
	next := l.dlg.target
	if len(l.dlg.routes) > 0 {
		_, next, _ = cutAddress(l.dlg.routes[0])
	}
	u, _ := parseURI(next)
	if addr, ok := u.addr(); ok && !behindNAT(addr, f.Remote().Addr().Unmap()) {
		if g, err := layer.Connect(f.Network(), netip.AddrPort{}, netip.AddrPortFrom(addr, u.defaultPort())); err == nil {
			l.dlg.flow = g
		}
	}
}

// registered is a connection that the leg's client has registered over.
func (l *Leg) registered(layer Layer) (transport.Flow, bool) {
	if l.party.Client == "" || l.s.u.deps.Registrar == nil {
		return transport.Flow{}, false
	}
	for _, b := range l.s.u.deps.Registrar.Contacts(l.party.Client) {
		if f, ok := layer.Flow(b.Path.Flow); ok && b.Path.Flow != 0 {
			return f, true
		}
	}
	return transport.Flow{}, false
}
