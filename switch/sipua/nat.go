package sipua

import "net/netip"

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
