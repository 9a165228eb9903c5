package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

const (
	batch = 64
	slots = 20 // a stream's packet goes out in one of the 20 milliseconds of its 20 ms
)

// talker is one end's RTP: one socket that all of its streams share; the switch's port tells them apart.
type talker struct {
	conn  *net.UDPConn
	local netip.AddrPort
	epoch time.Time // the same at both ends: times of sending are counted from it

	mu      sync.Mutex
	targets []net.Addr // the switch's address for each stream
	err     error

	sent, received int64
	delays         []time.Duration
}

func newTalker(addr netip.Addr, epoch time.Time) (*talker, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, fmt.Errorf("RTP socket: %w", err)
	}
	_ = conn.SetReadBuffer(socketBuffer) // the kernel's limit is good enough: losses show in the figures
	_ = conn.SetWriteBuffer(socketBuffer)
	return &talker{conn: conn, local: conn.LocalAddr().(*net.UDPAddr).AddrPort(), epoch: epoch}, nil
}

func (t *talker) close() { _ = t.conn.Close() }

// add makes a stream of the switch's SDP.
func (t *talker) add(sdp string) {
	addr, err := mediaAddress(sdp)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.err = err
		return
	}
	t.targets = append(t.targets, net.UDPAddrFromAddrPort(addr))
}

func (t *talker) streams() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.targets)
}

// send sends every stream's packets for the duration, spread over the 20 ms.
func (t *talker) send(ctx context.Context, duration time.Duration) {
	t.mu.Lock()
	targets := t.targets
	t.mu.Unlock()
	conn := ipv4.NewPacketConn(t.conn)
	messages := make([]ipv4.Message, batch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, packetSize)}
	}
	begin := time.Now()
	for step := 0; ctx.Err() == nil; step++ {
		due := begin.Add(time.Duration(step) * 20 * time.Millisecond / slots)
		if due.Sub(begin) >= duration {
			return
		}
		time.Sleep(time.Until(due))
		slot, sequence := step%slots, uint16(step/slots)
		n := 0
		for i := slot; i < len(targets); i += slots {
			rtp(messages[n].Buffers[0], sequence, uint32(i+1), time.Since(t.epoch))
			messages[n].Addr = targets[i]
			if n++; n == batch {
				t.flush(conn, messages[:n])
				n = 0
			}
		}
		t.flush(conn, messages[:n])
	}
}

func (t *talker) flush(conn *ipv4.PacketConn, messages []ipv4.Message) {
	for len(messages) > 0 {
		n, err := conn.WriteBatch(messages, 0)
		if err != nil || n == 0 {
			n = 1 // this one is lost: the difference of sent and received shows it
		}
		t.sent += int64(n)
		messages = messages[n:]
	}
}

// receive counts what comes back and how long it took.
func (t *talker) receive(ctx context.Context) {
	conn := ipv4.NewPacketConn(t.conn)
	messages := make([]ipv4.Message, batch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, 2048)}
	}
	for ctx.Err() == nil {
		if err := t.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			return
		}
		n, err := conn.ReadBatch(messages, 0)
		if err != nil {
			continue
		}
		now := time.Since(t.epoch)
		for _, m := range messages[:n] {
			if m.N != packetSize {
				continue
			}
			t.received++
			if t.received%16 == 0 { // one in sixteen is enough for a percentile
				t.delays = append(t.delays, now-time.Duration(binary.BigEndian.Uint64(m.Buffers[0][stampOffset:])))
			}
		}
	}
}
