package engine

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket is a non-blocking UDP socket's descriptor. Its methods are single raw
// system calls that never block; they return the kernel's error number, 0 for none.
type Socket int

// Address is a socket address as the kernel writes it, IPv4 or IPv6.
type Address struct {
	raw  unix.RawSockaddrInet6 // large enough for both families
	size uint32
}

// AddressOf turns an address and port into the kernel's form.
func AddressOf(a netip.AddrPort) Address {
	var s Address
	if a.Addr().Is4() {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
		in.Family, in.Addr = unix.AF_INET, a.Addr().As4()
		s.size = unix.SizeofSockaddrInet4
	} else {
		s.raw.Family, s.raw.Addr = unix.AF_INET6, a.Addr().As16()
		s.size = unix.SizeofSockaddrInet6
	}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&s.raw.Port))[:], a.Port())
	return s
}

// AddrPort is the address in Go's form; the zero value for a family that is neither IPv4 nor IPv6.
func (a *Address) AddrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&a.raw.Port))[:])
	switch a.raw.Family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw)).Addr), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.raw.Addr).Unmap(), port)
	}
	return netip.AddrPort{}
}

// IsZero reports whether the address was never set.
func (a *Address) IsZero() bool { return a.size == 0 }

// Receive reads one datagram into b, which must not be empty.
func (s Socket) Receive(b []byte) (int, unix.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	return int(n), e
}

// ReceiveFrom reads one datagram into b and its source into from.
func (s Socket) ReceiveFrom(b []byte, from *Address) (int, unix.Errno) {
	from.size = uint32(unsafe.Sizeof(from.raw))
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0,
		uintptr(unsafe.Pointer(&from.raw)), uintptr(unsafe.Pointer(&from.size)))
	return int(n), e
}

// Send writes one datagram to the connected far end.
func (s Socket) Send(b []byte) unix.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
	return e
}

// SendTo writes one datagram to an address; the socket must not be connected elsewhere.
func (s Socket) SendTo(b []byte, to *Address) unix.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0,
		uintptr(unsafe.Pointer(&to.raw)), uintptr(to.size))
	return e
}

// Connect fixes the far end: sends get cheaper, and the kernel drops what others send.
func (s Socket) Connect(to *Address) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_CONNECT, uintptr(s), uintptr(unsafe.Pointer(&to.raw)), uintptr(to.size))
	return e
}

// Disconnect undoes Connect; the local address and port stay.
func (s Socket) Disconnect() unix.Errno {
	raw := unix.RawSockaddrInet6{Family: unix.AF_UNSPEC}
	_, _, e := unix.RawSyscall(unix.SYS_CONNECT, uintptr(s), uintptr(unsafe.Pointer(&raw)), unsafe.Sizeof(raw))
	return e
}
