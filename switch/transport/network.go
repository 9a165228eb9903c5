package transport

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Network is a way SIP messages travel.
type Network uint8

const (
	// UDP is RFC 3261 §18 over datagrams.
	UDP Network = iota + 1
	// TCP is RFC 3261 §18 over a stream, framed by Content-Length.
	TCP
)

// networks is the one place that tells networks apart by name.
var networks = [...]struct {
	name    string // in configuration and logs
	via     string // in Via
	stream  bool
	secure  bool   // may serve sips: and a Request-URI that wants TLS
	port    uint16 // where nothing names one, RFC 3261 §19.1.2
	service string // SRV prefix, RFC 3263 §4.1
	naptr   string // NAPTR service field, RFC 3263 §4.1
}{
	UDP: {name: "udp", via: "UDP", port: 5060, service: "_sip._udp.", naptr: "SIP+D2U"},
	TCP: {name: "tcp", via: "TCP", port: 5060, stream: true, service: "_sip._tcp.", naptr: "SIP+D2T"},
}

// ParseNetwork reads a network's name, in any case: "udp", "TCP".
func ParseNetwork(s string) (Network, error) {
	for n := UDP; int(n) < len(networks); n++ {
		if strings.EqualFold(s, networks[n].name) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no SIP network is called %q", s)
}

// String is the network's name in configuration and logs: "udp".
func (n Network) String() string {
	if !n.known() {
		return ""
	}
	return networks[n].name
}

// Via is the network's name in a Via header: "UDP".
func (n Network) Via() string {
	if !n.known() {
		return ""
	}
	return networks[n].via
}

// Reliable reports whether the network resends what is lost by itself.
func (n Network) Reliable() bool { return n.known() && networks[n].stream }

// Secure reports whether the network is encrypted.
func (n Network) Secure() bool { return n.known() && networks[n].secure }

// Port is the network's default port.
func (n Network) Port() uint16 {
	if !n.known() {
		return 0
	}
	return networks[n].port
}

func (n Network) known() bool { return n > 0 && int(n) < len(networks) }

// Listen is one address to listen at; in text "udp:127.0.0.1:5060" or "tcp:[::1]:5060".
type Listen struct {
	Network Network
	Addr    netip.AddrPort // an unspecified address listens on all of its family
}

// ParseListen reads network:address:port.
func ParseListen(s string) (Listen, error) {
	name, addr, ok := strings.Cut(s, ":")
	if !ok {
		return Listen{}, fmt.Errorf("%q is not network:address:port", s)
	}
	n, err := ParseNetwork(name)
	if err != nil {
		return Listen{}, err
	}
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return Listen{}, fmt.Errorf("%q is not network:address:port: %w", s, err)
	}
	return Listen{n, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())}, nil
}

// String is what ParseListen reads.
func (l Listen) String() string { return l.Network.String() + ":" + l.Addr.String() }

// MarshalText makes a Listen a string in configuration files.
func (l Listen) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is ParseListen.
func (l *Listen) UnmarshalText(b []byte) (err error) {
	*l, err = ParseListen(string(b))
	return err
}

// family tells IPv4 from IPv6 in the names of package net: "udp4".
func (l Listen) family() string {
	if l.Addr.Addr().Is4() {
		return l.Network.String() + "4"
	}
	return l.Network.String() + "6"
}

func hasDuplicates(ls []Listen) (Listen, bool) {
	for i, l := range ls {
		if l.Addr.Port() != 0 && slices.Contains(ls[:i], l) {
			return l, true
		}
	}
	return Listen{}, false
}
