package stream_test

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tandem/media/engine"
	"tandem/media/stream"
)

// generator sends bursts in the name of many parties from one socket, which also takes what they get.
type generator struct {
	t    testing.TB
	fd   int
	port uint16
	buf  [2048]byte
}

func newGenerator(tb testing.TB) *generator {
	tb.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{}); err != nil {
		tb.Fatal(err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 64<<20) // as much as we may have
	}
	local, err := unix.Getsockname(fd)
	if err != nil {
		tb.Fatal(err)
	}
	return &generator{t: tb, fd: fd, port: uint16(local.(*unix.SockaddrInet4).Port)}
}

// party is the address of party i: all of 127.0.0.0/8 is ours.
func (g *generator) party(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 2, byte(i >> 8), byte(i)}), g.port)
}

// burst sends one 20 ms packet of G.711, number seq, from every party to its address in to.
func (g *generator) burst(to []netip.AddrPort, seq uint16) {
	b := g.buf[:172]
	b[0], b[1] = 0x80, 0
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], 160*uint32(seq))
	oob := make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
	h.Level, h.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
	h.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
	iov := unix.Iovec{Base: &b[0]}
	iov.SetLen(len(b))
	info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&oob[unix.CmsgLen(0)]))
	for i, a := range to {
		binary.BigEndian.PutUint32(b[8:], 0x10000+uint32(i))
		info.Spec_dst = g.party(i).Addr().As4()
		to := engine.AddressOf(a)
		m := unix.Msghdr{Name: (*byte)(unsafe.Pointer(&to)), Namelen: unix.SizeofSockaddrInet4, Iov: &iov, Iovlen: 1, Control: &oob[0]}
		m.SetControllen(len(oob))
		if _, _, e := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(g.fd), uintptr(unsafe.Pointer(&m)), 0); e != 0 {
			g.t.Fatal(e)
		}
	}
}

// drain reads what the parties got and returns how many packets that were.
func (g *generator) drain() int {
	for n := 0; ; n++ {
		if _, e := engine.Socket(g.fd).Receive(g.buf[:]); e != 0 {
			return n
		}
	}
}

// floor is the least a relay can do: connected sockets, a receive and a send a packet.
type floor struct {
	sockets []engine.Socket
	at      []netip.AddrPort
	buf     [2048]byte
	epoll   int // 0: none
	events  []unix.EpollEvent
}

func newFloor(tb testing.TB, g *generator, n int) *floor {
	tb.Helper()
	f := &floor{}
	for i := range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = unix.Close(fd) })
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: loopback.As4()}); err != nil {
			tb.Fatal(err)
		}
		local, _ := unix.Getsockname(fd)
		to := engine.AddressOf(g.party(i))
		if e := engine.Socket(fd).Connect(&to); e != 0 {
			tb.Fatal(e)
		}
		f.sockets = append(f.sockets, engine.Socket(fd))
		f.at = append(f.at, netip.AddrPortFrom(loopback, uint16(local.(*unix.SockaddrInet4).Port)))
	}
	return f
}

// polled makes the floor ask epoll which sockets to read, as any relay has to.
func (f *floor) polled(tb testing.TB) *floor {
	tb.Helper()
	var err error
	if f.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = unix.Close(f.epoll) })
	f.events = make([]unix.EpollEvent, 512)
	for i, s := range f.sockets {
		if err := unix.EpollCtl(f.epoll, unix.EPOLL_CTL_ADD, int(s), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}); err != nil {
			tb.Fatal(err)
		}
	}
	return f
}

func (f *floor) run() {
	if f.epoll == 0 {
		for i := range f.sockets {
			f.relay(i)
		}
		return
	}
	for done := 0; done < len(f.sockets); {
		n, _ := unix.EpollWait(f.epoll, f.events, 0)
		for i := range max(n, 0) {
			f.relay(int(f.events[i].Fd))
		}
		done += n
	}
}

func (f *floor) relay(i int) {
	if n, e := f.sockets[i].Receive(f.buf[:]); e == 0 {
		f.sockets[i^1].Send(f.buf[:n])
	}
}

// spent is the CPU time of the process: a worker is on no particular thread.
func spent() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return time.Duration(ts.Nano())
}

// field is n streams, bridged in pairs, that have found their parties.
type field struct {
	g       *generator
	bed     *bed
	streams []*stream.Stream
	seq     uint16
	at      []netip.AddrPort
}

func newField(tb testing.TB, n int) *field {
	tb.Helper()
	f := &field{g: newGenerator(tb), bed: newBed(tb, func(c *engine.Config) { c.Ports = "16000-19999" })}
	for i := range n {
		s := f.bed.open(tb, stream.Options{})
		s.Apply(stream.Params{Remote: f.g.party(i), Formats: g711()})
		rtp, _ := s.Local()
		f.streams, f.at = append(f.streams, s), append(f.at, rtp)
		if i%2 == 1 {
			if err := s.Bridge(f.streams[i-1]); err != nil {
				tb.Fatal(err)
			}
		}
	}
	f.streams[0].Sync()
	f.lockstep()
	f.g.drain()
	return f
}

// lockstep sends a burst while the worker stands still and returns what CPU time it then takes to relay it,
// waking up included.
func (f *field) lockstep() time.Duration {
	want := f.bed.Counters().Sent + uint64(len(f.streams))
	started := make(chan time.Duration, 1)
	f.streams[0].On(func() {
		f.seq++
		f.g.burst(f.at, f.seq)
		started <- spent()
	})
	begin := <-started
	for end := time.Now().Add(patience); f.bed.Counters().Sent < want; time.Sleep(4 * time.Millisecond) {
		if time.Now().After(end) {
			f.g.t.Fatalf("got %d packets relayed, want %d", f.bed.Counters().Sent, want)
		}
	}
	return spent() - begin
}

// aside has the floor relay a burst while the worker stands still, and returns what CPU time it takes.
func (f *field) aside(low *floor) time.Duration {
	took := make(chan time.Duration, 1)
	f.streams[0].On(func() {
		f.g.burst(low.at, 0)
		t := spent()
		low.run()
		took <- spent() - t
	})
	return <-took
}

// BenchmarkRelay relays bursts of packets and, in turn, has two
// references do so: the floor (connected sockets, a receive and a send) and the
// floor behind an epoll loop. All are medians of CPU time; ratio is ours to the
// floor, epoll-ratio ours to the floor behind epoll.
func BenchmarkRelay(b *testing.B) {
	const n = 1000
	f := newField(b, n)
	plain, polled := newFloor(b, f.g, n), newFloor(b, f.g, n).polled(b)
	var took [3][]float64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		for i, run := range []func() time.Duration{
			func() time.Duration { return f.aside(plain) },
			func() time.Duration { return f.aside(polled) },
			f.lockstep,
		} {
			took[i] = append(took[i], float64(run())/n)
			if got := f.g.drain(); got != n {
				b.Fatalf("got %d packets through relay %d, want %d", got, i, n)
			}
		}
	}
	runtime.ReadMemStats(&after)
	low, loop, ours := median(took[0]), median(took[1]), median(took[2])
	b.ReportMetric(ours, "ns/packet")
	b.ReportMetric(low, "floor-ns/packet")
	b.ReportMetric(loop, "epoll-ns/packet")
	b.ReportMetric(ours/low, "ratio")
	b.ReportMetric(ours/loop, "epoll-ratio")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n*len(took[2])), "allocs/packet")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
