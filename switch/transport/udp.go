package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// udpListener is one UDP address: a socket for each shard, among which the kernel spreads sources by
// SO_REUSEPORT. One source always meets the same socket, so its messages stay in order.
type udpListener struct {
	layer   *Layer
	addr    netip.AddrPort
	sockets []*udpSocket

	mu    sync.RWMutex
	paths map[netip.Addr]*udpPath // by our own address; one, unless the listener is a wildcard
}

// maxPaths bounds the addresses of ours one wildcard listener tells apart; a machine has few, but all of 127.0.0.0/8.
const maxPaths = 1024

func (l *Layer) listenUDP(at Listen) (*udpListener, error) {
	u := &udpListener{layer: l, addr: at.Addr, paths: make(map[netip.Addr]*udpPath)}
	for n := range l.shards {
		s, err := u.openSocket(at.family(), n > 0)
		if err != nil {
			u.close()
			return nil, err
		}
		u.sockets = append(u.sockets, s)
		u.addr = addrPort(s.conn.LocalAddr()) // the others bind the port the first one got
	}
	return u, nil
}

// openSocket binds one socket. The first one shares its port only once it has it: bound the other way, it would share
// with another process of ours at the same address, and each would get half the calls.
func (u *udpListener) openSocket(network string, share bool) (*udpSocket, error) {
	wild := u.addr.Addr().IsUnspecified()
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) { err = setOptions(int(fd), share, wild, network == "udp4", u.layer.cfg.ReceiveBuffer) }); e != nil {
			return e
		}
		return err
	}}
	pc, err := lc.ListenPacket(context.Background(), network, u.addr.String())
	if err != nil {
		return nil, err
	}
	s := &udpSocket{conn: pc.(*net.UDPConn), wild: wild, v4: network == "udp4"}
	if s.raw, err = s.conn.SyscallConn(); err == nil {
		err = s.raw.Control(func(fd uintptr) { s.fd = fd })
	}
	if err == nil && !share {
		err = unix.SetsockoptInt(int(s.fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}
	if err != nil {
		_ = s.conn.Close()
		return nil, err
	}
	return s, nil
}

func setOptions(fd int, share, wild, v4 bool, buffer int) error {
	if share {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return fmt.Errorf("share the port among shards: %w", err)
		}
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer) != nil { // needs CAP_NET_ADMIN
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer) // at most net.core.rmem_max
	}
	switch {
	case wild && v4:
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	case wild:
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	}
	return nil
}

func (u *udpListener) listen() Listen { return Listen{UDP, u.addr} }

func (u *udpListener) close() {
	for _, s := range u.sockets {
		s.close()
	}
}

// serve reads all sockets until they are closed.
func (u *udpListener) serve(context.Context) {
	var wg sync.WaitGroup
	for _, s := range u.sockets {
		wg.Go(func() { newUDPReader(u, s).run() })
	}
	wg.Wait()
}

// path is the local end of flows at one of our addresses.
func (u *udpListener) path(local netip.Addr) *udpPath {
	u.mu.RLock()
	p := u.paths[local]
	u.mu.RUnlock()
	if p != nil {
		return p
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if p := u.paths[local]; p != nil {
		return p
	}
	port := u.addr.Port()
	p = &udpPath{u: u, addr: netip.AddrPortFrom(local, port), public: netip.AddrPortFrom(u.layer.advertised(local), port)}
	if len(u.paths) >= maxPaths {
		clear(u.paths)
	}
	u.paths[local] = p
	return p
}

func (l *Layer) connectUDP(local, remote netip.AddrPort) (Flow, error) {
	at, err := l.best(UDP, local, remote)
	if err != nil {
		return Flow{}, err
	}
	for _, u := range l.udp {
		if u.addr != at.Addr {
			continue
		}
		ours := at.Addr.Addr()
		if ours.IsUnspecified() && local.IsValid() && local.Port() == at.Addr.Port() {
			ours = local.Addr()
		}
		if ours.IsUnspecified() {
			if ours = l.sources.to(remote); !ours.IsValid() {
				return Flow{}, fmt.Errorf("there is no route to %v", remote.Addr())
			}
		}
		return Flow{u.path(ours), remote}, nil
	}
	return Flow{}, ErrNoListener
}

// udpPath is the link of UDP flows: one of our addresses.
type udpPath struct {
	u            *udpListener
	addr, public netip.AddrPort
}

func (p *udpPath) id() uint64              { return 0 }
func (p *udpPath) network() Network        { return UDP }
func (p *udpPath) local() netip.AddrPort   { return p.addr }
func (p *udpPath) contact() netip.AddrPort { return p.public }

// send passes b to the kernel. Peers are spread over the sockets so that shards seldom meet at one.
func (p *udpPath) send(b []byte, to netip.AddrPort) error {
	s := p.u.sockets[int(to.Port())%len(p.u.sockets)]
	t := &p.u.layer.metrics.of[UDP]
	err := s.send(b, to, p.addr.Addr())
	switch {
	case err == nil:
		t.out(len(b))
	case errors.Is(err, ErrFull):
		t.drop(dropFull)
	case errors.Is(err, ErrTooLong):
		t.drop(dropTooLong)
	case errors.Is(err, ErrClosed):
		t.drop(dropClosed)
	default:
		t.drop(dropRefused)
		return fmt.Errorf("send to udp:%v: %w", to, err)
	}
	return err
}
