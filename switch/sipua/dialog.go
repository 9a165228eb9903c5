package sipua

import (
	"net/netip"
	"strconv"
	"strings"

	"tandem/switch/transport"
)

// dialog is what RFC 3261 §12 has both sides remember. Its strings are views
// into the message that made it, which stays in memory with them: about a
// kilobyte a leg, and not a dozen small copies.
type dialog struct {
	local     string // From of our requests, tag included
	remote    string // To of our requests, tag included
	remoteTag string
	target    string   // the peer's Contact: Request-URI of our requests
	routes    []string // name-addrs, the first hop first
	localSeq  uint32
	remoteSeq uint32
	flow      transport.Flow // where our requests go
	pinned    bool           // to flow, whatever Contact says: a registered client's
}

// loose reports whether the first hop, if there is one, is a loose router (RFC 3261 §19.1.1).
func (d *dialog) loose() bool {
	if len(d.routes) == 0 {
		return true
	}
	u, _ := parseURI(d.next())
	_, loose := param(u.params, "lr")
	return loose
}

// next is where requests go: to the first route, or else to the peer itself.
func (d *dialog) next() string {
	if len(d.routes) == 0 {
		return d.target
	}
	_, first, _ := cutAddress(d.routes[0])
	return first
}

// requestURI is the peer's own, unless a strict router must find itself there (RFC 3261 §12.2.1.1).
func (d *dialog) requestURI() string {
	if d.loose() {
		return d.target
	}
	return d.next()
}

// appendRequest writes a request of ours up to the headers that all have in common.
func (l *Leg) appendRequest(b []byte, d *dialog, method, branch string, seq uint32) []byte {
	loose := d.loose()
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, d.requestURI()...)
	b = append(b, " SIP/2.0\r\n"...)
	b = appendVia(b, d.flow, branch)
	b = appendInt(b, "Max-Forwards", l.s.u.cfg.MaxForwards)
	b = appendHeader(b, "From", d.local)
	b = appendHeader(b, "To", d.remote)
	b = appendHeader(b, "Call-ID", l.id)
	b = append(b, "CSeq: "...)
	b = strconv.AppendUint(b, uint64(seq), 10)
	b = append(b, ' ')
	b = append(b, method...)
	b = append(b, "\r\n"...)
	for i, r := range d.routes {
		if i > 0 || loose {
			b = appendHeader(b, "Route", r)
		}
	}
	if !loose {
		b = append(b, "Route: <"...)
		b = append(b, d.target...)
		b = append(b, ">\r\n"...)
	}
	if p := l.s.u.cfg.Product; p != "" {
		b = appendHeader(b, "User-Agent", p)
	}
	return append(b, l.stamps...)
}

// newBranch makes a branch of RFC 3261 §8.1.1.7.
func (s *shard) newBranch() string {
	return string(s.appendID(append(make([]byte, 0, 20), "z9hG4bK"...)))
}

// routeSet reads the Record-Route headers of m: as they stand for the callee,
// the other way round for the caller (RFC 3261 §12.1.1, §12.1.2).
func routeSet(m *transport.Message, reverse bool) []string {
	var set []string
	for l := linesOf(m); l.next(); {
		if identify(l.name) != headerRecordRoute {
			continue
		}
		for rest := l.value; rest != ""; {
			var r string
			if r, rest = cutList(rest); r != "" {
				set = append(set, r)
			}
		}
	}
	if reverse {
		for i, j := 0, len(set)-1; i < j; i, j = i+1, j-1 {
			set[i], set[j] = set[j], set[i]
		}
	}
	return set
}

// targetOf is the URI of a Contact header that requests may be sent to; false where there is none.
func targetOf(value string) (string, bool) {
	first, _ := cutList(value)
	_, target, _ := cutAddress(first)
	target, _, _ = strings.Cut(target, "?") // RFC 3261 §19.1.1: no headers in a Request-URI
	if strings.ContainsAny(target, " \t<>\"") {
		return "", false
	}
	_, ok := parseURI(target)
	return target, ok
}

// moved takes the target, and where the party signals from, of a re-INVITE or UPDATE: a phone that has changed networks
// sends its audio from the new one too.
func (l *Leg) moved(from transport.Flow) {
	l.source = from.Remote().Addr().Unmap()
	l.refresh(l.s.f[headerContact], from)
}

// refresh takes a new remote target from a re-INVITE, an UPDATE or the answer to ours (RFC 3261 §12.2.1.2, §12.2.2).
func (l *Leg) refresh(contact string, from transport.Flow) {
	target, ok := targetOf(contact)
	if !ok {
		return
	}
	if target == l.dlg.target && from == l.dlg.flow {
		return
	}
	l.dlg.target = target
	l.dlg.flow = l.s.hop(l, &l.dlg, from)
}

// hop decides where the requests of a dialog go. See nat.go for who is answered where it came from.
func (s *shard) hop(l *Leg, d *dialog, from transport.Flow) transport.Flow {
	u, ok := parseURI(d.next())
	if !ok || d.pinned {
		return from
	}
	addr, literal := u.addr()
	if !literal {
		if d == &l.dlg {
			s.lookupHop(l, u, from)
		}
		return from // until the name is known
	}
	return s.direct(u, addr, from)
}

// direct is the way to an address that the peer named, given where its message came from.
func (s *shard) direct(u uri, addr netip.Addr, from transport.Flow) transport.Flow {
	source := from.Remote()
	network, named := u.network()
	switch _, other := param(u.params, "transport"); {
	case u.secure || other && !named:
		return from // by TLS, say, which we do not have: it has shown another way itself
	case !named:
		network = from.Network()
	}
	switch {
	case behindNAT(addr, source.Addr().Unmap()):
		return from
	case network == from.Network() && addr == source.Addr().Unmap() && (from.Reliable() || u.defaultPort() == source.Port()):
		return from
	}
	f, err := s.u.transports().Connect(network, from.Local(), netip.AddrPortFrom(addr, u.defaultPort()))
	if err != nil {
		return from
	}
	return f
}
