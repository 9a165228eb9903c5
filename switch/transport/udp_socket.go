package transport

import (
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// udpSocket is one non-blocking socket. Sending goes past package net, which would park the shard in the poller when the
// socket's buffer is full.
type udpSocket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	v4   bool
	wild bool // bound to no address: the source is named with each datagram

	mu     sync.RWMutex // keeps fd open while it is written to
	fd     uintptr
	closed bool
}

func (s *udpSocket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		_ = s.conn.Close()
	}
}

// send is one non-blocking system call.
func (s *udpSocket) send(b []byte, to netip.AddrPort, from netip.Addr) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	var name sockaddr
	var control control
	h := unix.Msghdr{Name: &name[0], Namelen: name.set(to), Iovlen: 1}
	iov := unix.Iovec{Base: unsafe.SliceData(b)}
	iov.SetLen(len(b))
	h.Iov = &iov
	if s.wild {
		h.Control = &control.b[0]
		h.SetControllen(control.set(from))
	}
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, s.fd, uintptr(unsafe.Pointer(&h)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
			continue
		case unix.EAGAIN, unix.ENOBUFS:
			return ErrFull
		case unix.EMSGSIZE:
			return ErrTooLong
		}
		return errno
	}
}

// drops is how many datagrams the kernel dropped at this socket.
func (s *udpSocket) drops() uint32 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0
	}
	const skMeminfoDrops, skMeminfoVars = 8, 9
	var info [skMeminfoVars]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, s.fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0
	}
	return info[skMeminfoDrops]
}

// kernelDrops sums the drops of all UDP sockets.
func (l *Layer) kernelDrops() (n float64) {
	for _, u := range l.udp {
		for _, s := range u.sockets {
			n += float64(s.drops())
		}
	}
	return n
}

// sockaddr is a kernel's socket address of either family.
type sockaddr [unix.SizeofSockaddrInet6]byte

// set writes a and returns its length.
func (s *sockaddr) set(a netip.AddrPort) uint32 {
	p4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(s))
	if a.Addr().Is4() {
		p4.Family, p4.Addr = unix.AF_INET, a.Addr().As4()
		setPort(&p4.Port, a.Port())
		return unix.SizeofSockaddrInet4
	}
	p6 := (*unix.RawSockaddrInet6)(unsafe.Pointer(s))
	p6.Family, p6.Addr, p6.Scope_id = unix.AF_INET6, a.Addr().As16(), scope(a.Addr().Zone())
	setPort(&p6.Port, a.Port())
	return unix.SizeofSockaddrInet6
}

// get reads what the kernel wrote.
func (s *sockaddr) get(v4 bool) netip.AddrPort {
	if v4 {
		p := (*unix.RawSockaddrInet4)(unsafe.Pointer(s))
		return netip.AddrPortFrom(netip.AddrFrom4(p.Addr), getPort(&p.Port))
	}
	p := (*unix.RawSockaddrInet6)(unsafe.Pointer(s))
	a := netip.AddrFrom16(p.Addr)
	if p.Scope_id != 0 && a.IsLinkLocalUnicast() {
		a = a.WithZone(strconv.FormatUint(uint64(p.Scope_id), 10))
	}
	return netip.AddrPortFrom(a, getPort(&p.Port))
}

// scope is the interface number of a link-local address's zone.
func scope(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// Ports are in network byte order.
func setPort(p *uint16, port uint16) {
	*(*[2]byte)(unsafe.Pointer(p)) = [2]byte{byte(port >> 8), byte(port)}
}

func getPort(p *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(p))
	return uint16(b[0])<<8 | uint16(b[1])
}

// control is one IP_PKTINFO control message: our address of a datagram. Its first field aligns it.
type control struct {
	_ [0]unix.Cmsghdr
	b [unix.SizeofCmsghdr + 24]byte
}

// set names the source to send from and returns the length.
func (c *control) set(from netip.Addr) int {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.b))
	data := unsafe.Pointer(&c.b[unix.CmsgLen(0)])
	if from.Is4() {
		h.Level, h.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		h.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		(*unix.Inet4Pktinfo)(data).Spec_dst = from.As4()
		return unix.CmsgSpace(unix.SizeofInet4Pktinfo)
	}
	h.Level, h.Type = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
	h.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
	(*unix.Inet6Pktinfo)(data).Addr = from.As16()
	return unix.CmsgSpace(unix.SizeofInet6Pktinfo)
}

// get reads the address a datagram was sent to; n is the length the kernel wrote.
func (c *control) get(n int) (netip.Addr, bool) {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.b))
	data := unsafe.Pointer(&c.b[unix.CmsgLen(0)])
	switch {
	case n >= unix.CmsgLen(unix.SizeofInet6Pktinfo) && h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO:
		return netip.AddrFrom16((*unix.Inet6Pktinfo)(data).Addr), true
	case n >= unix.CmsgLen(unix.SizeofInet4Pktinfo) && h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO:
		return netip.AddrFrom4((*unix.Inet4Pktinfo)(data).Spec_dst), true
	}
	return netip.Addr{}, false
}
