package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrExhausted says that no pair of the range could be had on the address.
var ErrExhausted = errors.New("no RTP port pair is free")

// Pool is the range of ports on every configured address. Its methods may be called from any goroutine.
type Pool struct {
	first  int
	ranges []*ring
}

// New makes a pool of the pairs that lie whole within first to last, on each of
// addrs. An unspecified address (0.0.0.0, ::) stands for all of its family. It
// opens nothing yet; the error names a range or an address that cannot work.
func New(first, last int, addrs []netip.Addr) (*Pool, error) {
	first += first & 1
	pairs := (last - first + 1) / 2
	if first < 2 || last > 65535 || pairs < 1 {
		return nil, fmt.Errorf("ports %d-%d: a range of at least one even port and the next, within 2-65535", first, last)
	}
	if len(addrs) == 0 {
		return nil, errors.New("ports: at least one address")
	}
	p := &Pool{first: first}
	for _, a := range addrs {
		if !a.IsValid() {
			return nil, errors.New("ports: an address is empty")
		}
		p.ranges = append(p.ranges, newRing(a.Unmap(), pairs))
	}
	return p, nil
}

// Pair opens the next free pair on addr. The zero address means the first that
// was configured; an address the pool does not have is taken to be one of the
// machine's when the unspecified address of its family was configured. The error
// is ErrExhausted when all free pairs are in use by other programs or by us, and
// the kernel's own (wrapped) when it is out of file descriptors or does not have
// the address.
func (p *Pool) Pair(addr netip.Addr) (*Pair, error) {
	r, addr, err := p.pick(addr.Unmap())
	if err != nil {
		return nil, err
	}
	for range r.len() {
		i, ok := r.take()
		if !ok {
			break
		}
		pair, err := p.open(r, addr, i)
		if err == nil {
			return pair, nil
		}
		r.put(i)
		if !errors.Is(err, unix.EADDRINUSE) && !errors.Is(err, unix.EACCES) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w on %s (%d pairs in use): rtp.ports is too small for so many calls", ErrExhausted, addr, r.inUse())
}

// InUse is the number of ports that are taken (two a pair), Size how many there are.
func (p *Pool) InUse() int {
	n := 0
	for _, r := range p.ranges {
		n += 2 * r.inUse()
	}
	return n
}

// Size is the number of ports the pool has on all its addresses.
func (p *Pool) Size() int { return 2 * len(p.ranges) * len(p.ranges[0].free) }

func (p *Pool) pick(addr netip.Addr) (*ring, netip.Addr, error) {
	if !addr.IsValid() {
		return p.ranges[0], p.ranges[0].addr, nil
	}
	for _, r := range p.ranges {
		if r.addr == addr || r.addr.IsUnspecified() && r.addr.Is4() == addr.Is4() {
			return r, addr, nil
		}
	}
	return nil, addr, fmt.Errorf("ports: %s is not a configured address", addr)
}

func (p *Pool) open(r *ring, addr netip.Addr, i uint16) (*Pair, error) {
	port := uint16(p.first) + 2*i
	rtp, err := socket(netip.AddrPortFrom(addr, port))
	if err != nil {
		return nil, err
	}
	rtcp, err := socket(netip.AddrPortFrom(addr, port+1))
	if err != nil {
		_ = unix.Close(rtp)
		return nil, err
	}
	return &Pair{RTP: rtp, RTCP: rtcp, addr: addr, port: port, index: i, ring: r}, nil
}

// ring is the queue of free pairs on one address: indexes into the range.
type ring struct {
	addr netip.Addr
	mu   sync.Mutex
	free []uint16 // used as a ring of fixed size
	head int
	n    int
}

func newRing(addr netip.Addr, pairs int) *ring {
	r := &ring{addr: addr, free: make([]uint16, pairs), n: pairs}
	for i := range r.free {
		r.free[i] = uint16(i)
	}
	rand.Shuffle(pairs, func(i, j int) { r.free[i], r.free[j] = r.free[j], r.free[i] })
	return r
}

func (r *ring) take() (uint16, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		return 0, false
	}
	i := r.free[r.head]
	r.head = (r.head + 1) % len(r.free)
	r.n--
	return i, true
}

func (r *ring) put(i uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free[(r.head+r.n)%len(r.free)] = i
	r.n++
}

func (r *ring) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

func (r *ring) inUse() int { return len(r.free) - r.len() }
