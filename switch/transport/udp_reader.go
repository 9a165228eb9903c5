package transport

import (
	"errors"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many datagrams one system call fetches.
const batchSize = 64

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// udpReader fetches the datagrams of one socket in batches. It waits in the runtime's poller.
type udpReader struct {
	u       *udpListener
	s       *udpSocket
	out     delivery
	size    int // of one buffer
	buffers []byte
	heads   [batchSize]mmsghdr
	iovs    [batchSize]unix.Iovec
	names   [batchSize]sockaddr
	control [batchSize]control

	got   int
	errno unix.Errno
	path  *udpPath // of the datagram before
}

func newUDPReader(u *udpListener, s *udpSocket) *udpReader {
	size := min(u.layer.cfg.MaxMessage, 65_535)
	r := &udpReader{u: u, s: s, out: newDelivery(u.layer, UDP), size: size, buffers: make([]byte, batchSize*size)}
	for i := range r.heads {
		r.iovs[i].Base = &r.buffers[i*size]
		r.iovs[i].SetLen(size)
		h := &r.heads[i].hdr
		h.Iov, h.Name = &r.iovs[i], &r.names[i][0]
		h.SetIovlen(1)
		if s.wild {
			h.Control = &r.control[i].b[0]
		}
	}
	return r
}

// run reads until the socket is closed.
func (r *udpReader) run() {
	fetch := r.fetch // one closure for all reads
	for {
		err := r.s.raw.Read(fetch)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil && r.errno != 0:
			err = r.errno
		}
		if err != nil { // out of memory, say: wait rather than spin
			r.u.layer.log.Warn("cannot read a UDP socket", "addr", r.u.addr, "err", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		for i := range r.got {
			r.datagram(i)
		}
		r.out.flush()
	}
}

// fetch is the system call; false waits until there is something to read.
func (r *udpReader) fetch(fd uintptr) bool {
	for i := range r.heads {
		h := &r.heads[i].hdr
		h.Namelen, h.Flags = uint32(len(r.names[i])), 0
		if r.s.wild {
			h.SetControllen(len(r.control[i].b))
		}
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.heads)), batchSize, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		r.got, r.errno = int(n), errno
		if errno != 0 {
			r.got = 0
		}
		return true
	}
}

func (r *udpReader) datagram(i int) {
	h := &r.heads[i]
	b := r.buffers[i*r.size:][:h.len]
	switch {
	case h.hdr.Flags&unix.MSG_TRUNC != 0:
		r.out.traffic.drop(dropTruncated)
	case keepAlive(b):
		r.out.traffic.drop(dropKeepAlive)
	default:
		own := make([]byte, len(b))
		copy(own, b)
		r.out.add(own, Flow{r.local(i), r.names[i].get(r.s.v4)})
	}
}

// local is our end of a datagram's flow.
func (r *udpReader) local(i int) *udpPath {
	at := r.u.addr.Addr()
	if r.s.wild {
		if to, ok := r.control[i].get(int(r.heads[i].hdr.Controllen)); ok {
			at = to
		}
	}
	if r.path == nil || r.path.addr.Addr() != at {
		r.path = r.u.path(at)
	}
	return r.path
}

// keepAlive reports whether a datagram holds nothing but CR, LF and NUL (RFC 5626 §4.4.1, and
// what phones send besides to keep a NAT's binding).
func keepAlive(b []byte) bool {
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 {
			return false
		}
	}
	return true
}
