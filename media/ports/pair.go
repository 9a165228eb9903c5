package ports

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Pair is two open sockets on neighbouring ports. It has one owner, who reads
// and writes the descriptors and closes the pair once.
type Pair struct {
	RTP  int // file descriptor
	RTCP int // file descriptor; -1 after CloseRTCP

	addr  netip.Addr
	port  uint16
	index uint16
	ring  *ring
}

// Local is the address and port the RTP socket is bound to; RTCP's port is one higher.
func (p *Pair) Local() netip.AddrPort { return netip.AddrPortFrom(p.addr, p.port) }

// CloseRTCP gives the RTCP socket back to the kernel early, when RTP and RTCP
// share a port (RFC 5761). The port stays the pair's.
func (p *Pair) CloseRTCP() {
	if p.RTCP >= 0 {
		_ = unix.Close(p.RTCP)
		p.RTCP = -1
	}
}

// Close closes both sockets and returns the pair to the pool. Only the first call does anything.
func (p *Pair) Close() {
	if p.ring == nil {
		return
	}
	p.CloseRTCP()
	_ = unix.Close(p.RTP)
	p.RTP = -1
	p.ring.put(p.index)
	p.ring = nil
}

// expedited is DSCP EF, the class of voice (RFC 4594 §4.1), in its place in the TOS byte.
const expedited = 46 << 2

func socket(local netip.AddrPort) (int, error) {
	family, level, option := unix.AF_INET, unix.IPPROTO_IP, unix.IP_TOS
	if local.Addr().Is6() {
		family, level, option = unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket for %s: %w", local, os.NewSyscallError("socket", err))
	}
	_ = unix.SetsockoptInt(fd, level, option, expedited) // a wish: the call works without it
	if family == unix.AF_INET6 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err := unix.Bind(fd, sockaddr(local)); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("bind %s: %w", local, err)
	}
	return fd, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zone(a.Addr().Zone())}
}
