package sipua

import (
	"net/netip"

	"tandem/switch/registrar"
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
	u, _ := parseURI(l.dlg.next())
	if addr, ok := u.addr(); ok && !behindNAT(addr, f.Remote().Addr().Unmap()) {
		if g, err := layer.Connect(f.Network(), netip.AddrPort{}, netip.AddrPortFrom(addr, u.defaultPort())); err == nil {
			l.dlg.flow = g
		}
	}
}

// rebound looks whether the leg's client has registered from another address since, as when its NAT gave it another
// port, and takes that for the requests to come. It is asked when one of them got no answer.
func (l *Leg) rebound() bool {
	if l.dlg.flow.Reliable() || !l.dlg.pinned {
		return false
	}
	for _, b := range l.bindings() {
		if b.Contact != l.dlg.target || b.Path.Source == l.dlg.flow.String() {
			continue
		}
		at, err := transport.ParseListen(b.Path.Source)
		if err != nil || b.Path.Flow != 0 {
			continue
		}
		if f, err := l.s.u.transports().Connect(at.Network, l.dlg.flow.Local(), at.Addr); err == nil {
			l.dlg.flow = f
			return true
		}
	}
	return false
}

// bindings are those of the client the leg belongs to; nil for none.
func (l *Leg) bindings() []registrar.Binding {
	login := l.party.Client
	if !l.party.Inbound && l.dlg.pinned {
		login = l.party.To.User
	}
	if login == "" || l.s.u.deps.Registrar == nil {
		return nil
	}
	return l.s.u.deps.Registrar.Contacts(login)
}

// wayBack is where an answer goes whose connection has gone: over the one that the client has registered over
// meanwhile, else over a new one to where the request came from, at the port that its Via names (RFC 3261 §18.2.2).
func (s *shard) wayBack(was transport.Flow, l *Leg, answer []byte) (transport.Flow, bool) {
	layer := s.u.transports()
	if l != nil {
		if f, ok := l.registered(layer); ok {
			return f, true
		}
	}
	m, err := transport.Index(answer)
	if err != nil {
		return transport.Flow{}, false
	}
	port := was.Network().Port()
	if u, ok := parseURI("sip:" + m.SentBy); ok && u.port != 0 {
		port = uint16(u.port)
	}
	f, err := layer.Connect(was.Network(), was.Local(), netip.AddrPortFrom(was.Remote().Addr(), port))
	return f, err == nil
}

// registered is a connection that the leg's client has registered over: that of the same contact, of one on the same
// host, or the only one there is. Another device of the client's would not know the dialog.
func (l *Leg) registered(layer Layer) (transport.Flow, bool) {
	target, _ := parseURI(l.dlg.target)
	var near, last transport.Flow
	n := 0
	for _, b := range l.bindings() {
		f, ok := layer.Flow(b.Path.Flow)
		if !ok || b.Path.Flow == 0 {
			continue
		}
		if b.Contact == l.dlg.target {
			return f, true
		}
		if u, _ := parseURI(b.Contact); u.host == target.host {
			near = f
		}
		last = f
		n++
	}
	if !near.IsZero() {
		return near, true
	}
	return last, n == 1
}
