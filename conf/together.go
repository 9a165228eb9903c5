package conf

import (
	"errors"
	"fmt"
	"net/netip"

	"tandem/switch/transport"
)

// checkTogether checks what no package can see alone: values that are good, but not with one another.
func (c *Config) checkTogether() error {
	var errs []error
	for _, l := range c.SIP.Listen {
		port := int(l.Addr.Port())
		for _, h := range c.HTTP.Listen {
			if port != 0 && l.Network == transport.TCP && h.Port() == l.Addr.Port() && (everything(h) || overlap(h.Addr(), []netip.Addr{l.Addr.Addr()})) {
				errs = append(errs, fmt.Errorf("http.listen: %q is taken by sip.listen %q", h, l))
			}
		}
	}
	for i, h := range c.HTTP.Listen {
		for _, before := range c.HTTP.Listen[:i] {
			if h.Port() != 0 && h.Port() == before.Port() && (everything(h) || everything(before) || overlap(h.Addr(), []netip.Addr{before.Addr()})) {
				errs = append(errs, fmt.Errorf("http.listen: %q is taken by %q", h, before))
			}
		}
	}
	return errors.Join(errs...)
}

// everything reports whether a web listener is at all addresses of both families, as Go opens "::" there.
func everything(h netip.AddrPort) bool { return h.Addr() == netip.IPv6Unspecified() }

// overlap reports whether a socket at one address would be in the way of one at
// any of the others. "::" stands for IPv6 alone, as sockets for SIP and RTP are opened.
func overlap(a netip.Addr, others []netip.Addr) bool {
	a = a.Unmap()
	for _, o := range others {
		o = o.Unmap()
		if a.Is4() == o.Is4() && (a == o || a.IsUnspecified() || o.IsUnspecified()) {
			return true
		}
	}
	return false
}
