package siptest

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"tandem/media/codec"
)

// Media is a call's audio: an RTP socket that records what comes and plays
// tones as PCMU. It exists as soon as the call does.
type Media struct {
	p    *Phone
	conn *net.UDPConn
	done sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{}
	remote  netip.AddrPort
	packets []Packet
	seq     uint16
	stamp   uint32
	ssrc    uint32
	closed  bool
}

// Packet is one RTP packet that came.
type Packet struct {
	At       time.Time
	From     netip.AddrPort
	Type     uint8
	Marker   bool
	Sequence uint16
	Stamp    uint32
	SSRC     uint32
	Payload  []byte
}

const (
	frame     = 160 // samples in 20 ms at 8 kHz
	frameTime = 20 * time.Millisecond
	rtpHeader = 12
	maxKept   = 1 << 16 // packets
)

var pcmu = func() *codec.Codec {
	c, ok := codec.Lookup("PCMU", 8000, 1)
	if !ok {
		panic("siptest: no PCMU")
	}
	return c
}()

func (c *Call) openMedia() {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(c.p.wire.local().Addr(), 0)))
	if err != nil {
		c.p.tb.Errorf("media socket: %v", err)
		return
	}
	m := &Media{p: c.p, conn: conn, changed: make(chan struct{}), ssrc: uint32(conn.LocalAddr().(*net.UDPAddr).Port) * 2654435761}
	m.done.Go(m.serve)
	c.media = m
}

func (c *Call) closeMedia() {
	if c.media == nil {
		return
	}
	c.media.mu.Lock()
	c.media.closed = true
	c.media.mu.Unlock()
	_ = c.media.conn.Close()
	c.media.done.Wait()
}

// Media is the call's audio.
func (c *Call) Media() *Media { return c.media }

// Addr is where the media is received.
func (m *Media) Addr() netip.AddrPort { return m.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Remote is where the media is sent; zero before the SDP said.
func (m *Media) Remote() netip.AddrPort {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.remote
}

func (m *Media) connect(to netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remote = to
}

// serve records packets until the socket is closed.
func (m *Media) serve() {
	b := make([]byte, 2048)
	for {
		n, from, err := m.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		p, ok := parseRTP(b[:n])
		if !ok {
			continue
		}
		p.At, p.From = time.Now(), from
		m.mu.Lock()
		if len(m.packets) < maxKept {
			m.packets = append(m.packets, p)
		}
		close(m.changed)
		m.changed = make(chan struct{})
		m.mu.Unlock()
	}
}

func parseRTP(b []byte) (Packet, bool) {
	if len(b) < rtpHeader || b[0]>>6 != 2 {
		return Packet{}, false
	}
	skip := rtpHeader + 4*int(b[0]&15)
	if b[0]&0x10 != 0 && len(b) >= skip+4 {
		skip += 4 + 4*int(binary.BigEndian.Uint16(b[skip+2:]))
	}
	if len(b) < skip {
		return Packet{}, false
	}
	return Packet{
		Type: b[1] & 0x7f, Marker: b[1]&0x80 != 0, Sequence: binary.BigEndian.Uint16(b[2:]),
		Stamp: binary.BigEndian.Uint32(b[4:]), SSRC: binary.BigEndian.Uint32(b[8:]), Payload: append([]byte(nil), b[skip:]...),
	}, true
}

// write sends one packet; m.mu is held.
func (m *Media) write(payloadType uint8, marker bool, stamp uint32, payload []byte) {
	if !m.remote.IsValid() || m.closed {
		return
	}
	b := make([]byte, rtpHeader, rtpHeader+len(payload))
	b[0], b[1] = 0x80, payloadType
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], m.seq)
	binary.BigEndian.PutUint32(b[4:], stamp)
	binary.BigEndian.PutUint32(b[8:], m.ssrc)
	m.seq++
	_, _ = m.conn.WriteToUDPAddrPort(append(b, payload...), m.remote)
}

// Tone plays a sine of the frequency in Hz from now until stop is called, a packet every 20 ms.
func (m *Media) Tone(frequency float64) (stop func()) {
	end := make(chan struct{})
	var once sync.Once
	m.done.Go(func() { m.play(frequency, end) })
	stop = func() { once.Do(func() { close(end) }) }
	m.p.tb.Cleanup(stop)
	return stop
}

func (m *Media) play(frequency float64, end chan struct{}) {
	t := time.NewTicker(frameTime)
	defer t.Stop()
	pcm := make([]int16, frame)
	for n := 0; ; n++ {
		for i := range pcm {
			pcm[i] = int16(8000 * math.Sin(2*math.Pi*frequency*float64(n*frame+i)/8000))
		}
		m.mu.Lock()
		closed := m.closed
		m.write(pcmu.PayloadType, n == 0, m.stamp, pcmu.Encode(nil, pcm))
		m.stamp += frame
		m.mu.Unlock()
		if closed {
			return
		}
		select {
		case <-t.C:
		case <-end:
			return
		}
	}
}

// Key presses a key by RFC 4733: eight packets over 100 ms, the last three with the end bit.
func (m *Media) Key(key byte) {
	m.p.tb.Helper()
	event := -1
	for i, k := range []byte("0123456789*#ABCD") {
		if k == key {
			event = i
		}
	}
	if event < 0 {
		m.p.tb.Fatalf("no key %q", key)
	}
	t := time.NewTicker(frameTime)
	defer t.Stop()
	m.mu.Lock()
	stamp := m.stamp
	m.stamp += 8 * frame
	m.mu.Unlock()
	for i := range 8 {
		payload := []byte{byte(event), 10, 0, 0}
		if i >= 5 {
			payload[1] |= 0x80
		}
		binary.BigEndian.PutUint16(payload[2:], uint16(min(i+1, 6)*frame))
		m.mu.Lock()
		m.write(101, i == 0, stamp, payload)
		m.mu.Unlock()
		if i < 5 {
			<-t.C
		}
	}
}

// Packets is what has come so far.
func (m *Media) Packets() []Packet {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Packet(nil), m.packets...)
}

// WantPackets waits until n packets have come in all, and returns them.
func (m *Media) WantPackets(n int) []Packet {
	m.p.tb.Helper()
	deadline := time.NewTimer(m.p.o.Timeout + time.Duration(n)*frameTime)
	defer deadline.Stop()
	for {
		m.mu.Lock()
		have, changed := len(m.packets), m.changed
		m.mu.Unlock()
		if have >= n {
			return m.Packets()
		}
		select {
		case <-changed:
		case <-deadline.C:
			m.p.fail("got %d RTP packets, want %d", have, n)
		}
	}
}

// WantTone waits until that much more audio has come and checks that the frequency carries at
// least half of its energy and that no packet is missing.
func (m *Media) WantTone(frequency float64, d time.Duration) {
	m.p.tb.Helper()
	before := len(m.Packets())
	heard := m.WantPackets(before + int(d/frameTime))[before:]
	if share := Share(Samples(heard), frequency); share < 0.5 {
		m.p.fail("%v Hz carries %.2f of the energy, want half at least", frequency, share)
	}
	if lost := Lost(heard); lost > 0 {
		m.p.fail("%d RTP packets of %d are missing", lost, len(heard))
	}
}
