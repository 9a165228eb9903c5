package offer

import "net/netip"

// cgnat is the address space carriers share among customers (RFC 6598).
var cgnat = netip.MustParsePrefix("100.64.0.0/10")

// Private reports whether an address in a description is one that only its own network can reach (RFC 1918, RFC 4193, RFC 6598,
// link-local, loopback), so that media will come from somewhere else. It is not private when the peer signals from that very
// address, nor a loopback address when the peer signals from loopback too: then it is reachable as it stands.
func Private(a, signalling netip.Addr) bool {
	a, signalling = a.Unmap(), signalling.Unmap()
	switch {
	case !a.IsValid() || a == signalling:
		return false
	case a.IsLoopback():
		return !signalling.IsLoopback()
	}
	return a.IsPrivate() || a.IsLinkLocalUnicast() || cgnat.Contains(a)
}
