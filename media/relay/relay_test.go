package relay_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"tandem/media/offer"
	"tandem/media/relay"
)

func packet(tb testing.TB, seq uint16, ts uint32) []byte {
	tb.Helper()
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 9, SequenceNumber: seq, Timestamp: ts, SSRC: 5}, Payload: []byte("x")}).Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func header(tb testing.TB, b []byte) rtp.Header {
	tb.Helper()
	var p rtp.Packet
	if err := p.Unmarshal(b); err != nil {
		tb.Fatal(err)
	}
	return p.Header
}

func TestPathKeepsTheStreamGoing(t *testing.T) {
	out := relay.NewOut()
	var one, two relay.Path
	now := time.Second
	send := func(p *relay.Path, seq uint16, ts uint32) (rtp.Header, bool) {
		b := packet(t, seq, ts)
		ok := p.Rewrite(b, 0, &out, now)
		return header(t, b), ok
	}
	first, _ := send(&one, 65535, 1000)
	now += 20 * time.Millisecond
	next, _ := send(&one, 0, 1160)
	if !first.Marker || next.Marker || next.SequenceNumber != first.SequenceNumber+1 || next.Timestamp != first.Timestamp+160 || next.SSRC != out.SSRC {
		t.Errorf("got %v, %v, want neighbours, the first one marked", first, next)
	}
	now += time.Second
	other, _ := send(&two, 4000, 7)
	if other.SequenceNumber != next.SequenceNumber+1 || other.Timestamp != next.Timestamp+8000 || !other.Marker {
		t.Errorf("got %v a second after %v, want the next number and a second more", other, next)
	}
	if _, ok := send(&two, 3999, 7); ok {
		t.Error("a packet from before the change of source has no place")
	}
	now += 20 * time.Millisecond
	gap, _ := send(&two, 4003, 7+480)
	late, ok := send(&two, 4002, 7+320)
	if !ok || gap.SequenceNumber != other.SequenceNumber+3 || late.SequenceNumber != other.SequenceNumber+2 {
		t.Errorf("got %v, %v, want loss and order as they were", gap, late)
	}
	own := make([]byte, relay.HeaderSize)
	now += 100 * time.Millisecond
	out.Append(own, 8, true, 160, now)
	h := header(t, own)
	out.Append(own, 8, false, 160, now)
	h2 := header(t, own)
	if h.SequenceNumber != gap.SequenceNumber+1 || h.Timestamp != gap.Timestamp+800 || !h.Marker || h2.Timestamp != h.Timestamp+160 || h2.SequenceNumber != h.SequenceNumber+1 {
		t.Errorf("got %v, %v after %v, want a talk spurt of our own", h, h2, gap)
	}
}

func TestPayload(t *testing.T) {
	long := bytes.Repeat([]byte{0}, 40)
	with := func(first byte, change func([]byte)) []byte {
		b := append([]byte{first}, long...)
		if change != nil {
			change(b)
		}
		return b
	}
	for name, c := range map[string]struct {
		b          []byte
		start, end int
		ok         bool
	}{
		"plain":           {with(0x80, nil), 12, 41, true},
		"no payload":      {with(0x80, nil)[:12], 12, 12, true},
		"short":           {with(0x80, nil)[:11], 0, 0, false},
		"version":         {with(0x40, nil), 0, 0, false},
		"CSRC":            {with(0x82, nil), 20, 41, true},
		"too many CSRC":   {with(0x8f, nil), 72, 41, false},
		"extension":       {with(0x90, func(b []byte) { b[15] = 2 }), 24, 41, true},
		"long extension":  {with(0x90, func(b []byte) { b[15] = 20 }), 96, 41, false},
		"cut extension":   {with(0x90, nil)[:14], 0, 0, false},
		"padding":         {with(0xa0, func(b []byte) { b[40] = 5 }), 12, 36, true},
		"padding of zero": {with(0xa0, nil), 0, 0, false},
		"all padding":     {with(0xa0, func(b []byte) { b[40] = 200 }), 12, -159, false},
	} {
		start, end, ok := relay.Payload(c.b)
		if ok != c.ok || ok && (start != c.start || end != c.end) {
			t.Errorf("%s: got %d to %d, %v, want %d to %d, %v", name, start, end, ok, c.start, c.end, c.ok)
		}
	}
}

func format(name string, fmtp string, send, receive uint8) offer.Pair {
	return offer.Pair{Format: offer.Format{Name: name, ClockRate: 8000, Channels: 1, Fmtp: fmtp}, Send: send, Receive: receive}
}

func TestTable(t *testing.T) {
	from := []offer.Pair{format("PCMU", "", 0, 0), format("AMR", "mode-set=7", 96, 97), format("G729", "", 18, 18), format("telephone-event", "0-15", 101, 101)}
	to := []offer.Pair{format("AMR", "", 110, 1), format("amr", "mode-set=7", 111, 2), format("telephone-event", "0-16", 100, 99), format("pcmu", "", 0, 0)}
	table := relay.NewTable(from, to)
	for in, want := range map[uint8]uint8{0: 0, 97: 111, 96: relay.Unknown, 18: relay.Unwanted, 101: 100, 8: relay.Unknown} {
		if table[in] != want {
			t.Errorf("type %d: got %d, want %d", in, table[in], want)
		}
	}
	alone := relay.NewTable(from, nil)
	if alone[0] != relay.Unwanted || alone[1] != relay.Unknown {
		t.Errorf("without a peer: got %d, %d, want unwanted, unknown", alone[0], alone[1])
	}
	if !relay.Common(from, to) || relay.Common(from[3:], to) || relay.Common(from, to[2:3]) {
		t.Error("sound in common is told wrongly")
	}
}

func TestReports(t *testing.T) {
	r := relay.Reports{
		Source: 1, Out: 10, Timestamp: 1000, Mapped: true, About: 20, Peer: 2, Sequence: 100, Highest: 3<<16 | 5, PeerMapped: true, CanonicalName: "us",
	}
	b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 1, RTPTime: 5, Reports: []rtcp.ReceptionReport{
		{SSRC: 20, LastSequenceNumber: 90, TotalLost: 3}, {SSRC: 21},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	parse := func(b []byte) []rtcp.Packet {
		l, err := rtcp.Unmarshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := parse(r.Rewrite(make([]byte, 0, 500), b))
	sr := l[0].(*rtcp.SenderReport)
	// 90-100 is 10 below a cycle: the highest we know is 5 above it.
	if sr.SSRC != 10 || sr.RTPTime != 1005 || len(sr.Reports) != 1 || sr.Reports[0].SSRC != 2 ||
		sr.Reports[0].LastSequenceNumber != 2<<16|0xfff6 || sr.Reports[0].TotalLost != 3 {
		t.Errorf("got %+v, want it mapped", sr)
	}
	r.Mapped = false
	if rr, ok := parse(r.Rewrite(make([]byte, 0, 500), b))[0].(*rtcp.ReceiverReport); !ok || rr.SSRC != 10 || len(rr.Reports) != 1 {
		t.Errorf("got %v, want a receiver report where timestamps cannot be mapped", rr)
	}
	r.PeerMapped = false
	if out := r.Rewrite(make([]byte, 0, 500), b); len(out) != 0 {
		t.Errorf("got %x, want nothing where nothing can be mapped", out)
	}
	r.Mapped, r.Source = true, 7
	if out := r.Rewrite(make([]byte, 0, 500), b); len(out) != 0 {
		t.Errorf("got %x of another sender, want nothing", out)
	}
	r.Source = 1
	if out := r.Rewrite(make([]byte, 0, 20), b); len(out) != 0 {
		t.Errorf("got %x, want nothing where there is no room", out)
	}
}

func FuzzReports(f *testing.F) {
	b, _ := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 20}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 1, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "a"}}}}},
	})
	f.Add(b)
	f.Add([]byte("\x81\xc9\x00\x01aaaa"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !relay.Valid(b) {
			return
		}
		r := relay.Reports{Source: 1, Out: 10, Mapped: true, About: 20, Peer: 2, PeerMapped: true, CanonicalName: "us"}
		out := r.Rewrite(make([]byte, 0, 2048), b)
		if len(out) == 0 {
			return
		}
		if !relay.Valid(out) {
			t.Errorf("made %x of %x, which is not RTCP", out, b)
		}
		l, err := rtcp.Unmarshal(out)
		if err != nil {
			t.Fatalf("made %x of %x: %v", out, b, err)
		}
		for _, p := range l {
			for _, s := range p.DestinationSSRC() {
				if s != 2 && s != 10 {
					t.Errorf("SSRC %x passed in %v", s, p)
				}
			}
		}
	})
}

func FuzzRewrite(f *testing.F) {
	f.Add(packet(f, 1, 2), uint16(3), uint32(4))
	f.Add([]byte("\x9f"), uint16(0), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, seq uint16, ts uint32) {
		start, end, ok := relay.Payload(b)
		if !ok {
			return
		}
		if start < relay.HeaderSize || end > len(b) || start > end {
			t.Fatalf("payload %d to %d of %d bytes", start, end, len(b))
		}
		payload := bytes.Clone(b[relay.HeaderSize:])
		out := relay.NewOut()
		var p relay.Path
		p.Rewrite(packet(t, seq, ts), 0, &out, time.Second)
		last := packet(t, seq+1, ts+160)
		p.Rewrite(last, 0, &out, time.Second)
		if !p.Rewrite(b, 0, &out, time.Second) {
			return
		}
		if relay.SSRC(b) != out.SSRC || relay.PayloadType(b) != 0 || !bytes.Equal(b[relay.HeaderSize:], payload) {
			t.Errorf("got %x, want only the header rewritten", b)
		}
	})
}

func BenchmarkRewrite(b *testing.B) {
	out := relay.NewOut()
	var p relay.Path
	k := packet(b, 1, 1)
	b.ReportAllocs()
	for b.Loop() {
		relay.Write(k, 0, false, uint16(b.N), 160, 5)
		p.Rewrite(k, 0, &out, time.Second)
	}
}
