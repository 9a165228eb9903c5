package transport

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// sourceCache remembers which of our addresses the kernel would send from to a remote one. It is bounded
// and forgets after a minute, because routes change.
type sourceCache struct {
	mu   sync.Mutex
	seen map[netip.Addr]source
}

type source struct {
	addr    netip.Addr
	expires time.Time
}

const maxSources = 4096

// to asks the kernel, without sending anything; the zero Addr if there is no route.
func (c *sourceCache) to(remote netip.AddrPort) netip.Addr {
	now := time.Now()
	c.mu.Lock()
	s, ok := c.seen[remote.Addr()]
	c.mu.Unlock()
	if ok && now.Before(s.expires) {
		return s.addr
	}
	s = source{expires: now.Add(time.Minute)}
	if conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(remote)); err == nil {
		s.addr = addrPort(conn.LocalAddr()).Addr()
		_ = conn.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= maxSources {
		c.seen = make(map[netip.Addr]source)
	}
	c.seen[remote.Addr()] = s
	return s.addr
}

// addrPort is a socket's address of package net as a netip value.
func addrPort(a net.Addr) netip.AddrPort {
	if a, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// best picks, among listeners of one network and remote's family, the one to reach remote from: the one asked
// for by local if there still is one, else by the kernel's route, a wildcard, or loopback for loopback.
func (l *Layer) best(n Network, local, remote netip.AddrPort) (Listen, error) {
	var chosen Listen
	score := 0
	for _, s := range l.listeners {
		at := s.listen()
		if at.Network != n || at.Addr.Addr().Is4() != remote.Addr().Is4() {
			continue
		}
		if sc := l.score(at.Addr, local, remote); sc > score {
			chosen, score = at, sc
		}
	}
	if score == 0 {
		return Listen{}, ErrNoListener
	}
	return chosen, nil
}

func (l *Layer) score(at, local, remote netip.AddrPort) int {
	wild := at.Addr().IsUnspecified()
	switch {
	case local == at:
		return 6
	case local.IsValid() && wild && local.Port() == at.Port():
		return 5
	case wild:
		return 3
	case len(l.listeners) > 1 && l.sources.to(remote) == at.Addr():
		return 4
	case at.Addr().IsLoopback() == remote.Addr().IsLoopback():
		return 2
	}
	return 1
}
