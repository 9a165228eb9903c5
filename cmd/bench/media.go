package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Media is `tandem bench media`: calls that talk, both ways, 50 packets a second each way.
type Media struct {
	Credentials string        `required:"" help:"File that 'tandem serve --credentials' wrote."`
	PID         int           `required:"" help:"Process ID of the switch, whose CPU is measured."`
	Calls       int           `default:"500" help:"Calls up at once; each is two streams."`
	Rate        float64       `default:"200" help:"Calls a second while setting up."`
	Duration    time.Duration `default:"10s" help:"How long to send."`
}

// mediaResult is what Media prints.
type mediaResult struct {
	Calls            int              `json:"calls"`
	Failed           map[string]int64 `json:"failed"`
	PacketsSent      int64            `json:"packets_sent"`
	PacketsReceived  int64            `json:"packets_received"`
	PacketsPerSecond float64          `json:"packets_per_second"`
	Lost             int64            `json:"lost"`
	CPUPerPacket     float64          `json:"cpu_per_packet_us"`
	Delay            percentiles      `json:"delay"` // from this generator's send call to its receive call, through the switch
}

// Run drives the switch and prints the result to w as JSON.
func (m *Media) Run(ctx context.Context, w io.Writer) error {
	p, err := newPair(ctx, m.Credentials)
	if err != nil {
		return err
	}
	defer p.close()
	near, far, err := p.talk()
	if err != nil {
		return err
	}
	defer near.close()
	defer far.close()
	r := mediaResult{}
	settled := time.Duration(float64(m.Calls)/m.Rate*float64(time.Second)) + 2*time.Second
	p.caller.hold = settled + m.Duration + 2*time.Second
	var calls sync.WaitGroup
	var failed error
	calls.Go(func() { failed = p.run(ctx, m.Rate, m.Calls) })
	select {
	case <-time.After(settled):
		err = m.measure(ctx, near, far, &r)
	case <-ctx.Done():
	}
	calls.Wait()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	r.Failed = p.caller.failed
	return write(w, r)
}

// measure sends from both ends for the duration.
func (m *Media) measure(ctx context.Context, near, far *talker, r *mediaResult) error {
	before, err := usageOf(m.PID)
	if err != nil {
		return err
	}
	r.Calls = near.streams()
	ctx, cancel := context.WithCancel(ctx)
	var both sync.WaitGroup
	for _, t := range []*talker{near, far} {
		both.Go(func() { t.receive(ctx) })
		both.Go(func() { t.send(ctx, m.Duration) })
	}
	select {
	case <-time.After(m.Duration + time.Second): // a second for what is still under way
	case <-ctx.Done():
	}
	cancel()
	both.Wait()
	after, err := usageOf(m.PID)
	if err != nil {
		return err
	}
	if err := errors.Join(near.err, far.err); err != nil {
		return err
	}
	r.PacketsSent, r.PacketsReceived = near.sent+far.sent, near.received+far.received
	r.Lost = r.PacketsSent - r.PacketsReceived
	r.PacketsPerSecond = float64(r.PacketsReceived) / m.Duration.Seconds()
	r.CPUPerPacket = perUnit(after.cpu-before.cpu, r.PacketsReceived)
	r.Delay = summarise(append(near.delays, far.delays...))
	return nil
}

// talk opens an RTP socket for each end and has the calls' SDP name it.
func (p *pair) talk() (near, far *talker, err error) {
	epoch := time.Now()
	if near, err = newTalker(p.caller.local.Addr(), epoch); err != nil {
		return nil, nil, err
	}
	if far, err = newTalker(p.callee.local.Addr(), epoch); err != nil {
		return nil, nil, err
	}
	p.caller.offer = func(int) netip.AddrPort { return near.local }
	p.caller.onUp = func(_ *placed, answer string) { near.add(answer) }
	p.callee.answers = func(_, offer string) netip.AddrPort {
		far.add(offer)
		return far.local
	}
	return near, far, nil
}

// mediaAddress is where an SDP body wants its audio.
func mediaAddress(sdp string) (netip.AddrPort, error) {
	var addr netip.Addr
	var port uint64
	var err error
	for line := range strings.SplitSeq(sdp, "\r\n") {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "c=IN ") && len(fields) == 3:
			addr, err = netip.ParseAddr(fields[2])
		case strings.HasPrefix(line, "m=audio ") && len(fields) > 1:
			port, err = strconv.ParseUint(fields[1], 10, 16)
		}
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("SDP line %q: %w", line, err)
		}
	}
	if !addr.IsValid() || port == 0 {
		return netip.AddrPort{}, errors.New("SDP without an audio address")
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}

const (
	packetSize  = 172 // 20 ms of G.711 behind a 12-byte RTP header (RFC 3550 §5.1)
	samples     = 160
	stampOffset = 12 // the payload begins with the time it was sent
)

// rtp fills an RTP packet of PCMU silence that carries the time it was sent.
func rtp(b []byte, sequence uint16, ssrc uint32, now time.Duration) {
	b[0], b[1] = 0x80, 0
	binary.BigEndian.PutUint16(b[2:], sequence)
	binary.BigEndian.PutUint32(b[4:], uint32(sequence)*samples)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	binary.BigEndian.PutUint64(b[stampOffset:], uint64(now))
	for i := stampOffset + 8; i < packetSize; i++ {
		b[i] = 0xff
	}
}
