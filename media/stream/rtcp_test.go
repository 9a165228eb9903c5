package stream_test

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"tandem/media"
)

func (p *phone) sendReport(from *net.UDPConn, to uint16, packets ...rtcp.Packet) {
	p.t.Helper()
	b, err := rtcp.Marshal(packets)
	if err != nil {
		p.t.Fatal(err)
	}
	local, ctrl := p.stream.Local()
	target := ctrl
	if to == local.Port() {
		target = local
	}
	if _, err := from.WriteToUDPAddrPort(b, target); err != nil {
		p.t.Fatal(err)
	}
}

func readReport(t *testing.T, c *net.UDPConn) []rtcp.Packet {
	t.Helper()
	b := make([]byte, 2048)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b[:n], []byte("alice")) {
		t.Error("the party's CNAME passed")
	}
	l, err := rtcp.Unmarshal(b[:n])
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestReportsAreMapped(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.ssrc, y.ssrc = 0xaaaa, 0xbbbb
	toY := x.hears(y, 0, "1", 0)
	toX := y.hears(x, 0, "1", 0)
	_, ctrl := x.stream.Local()
	x.sendReport(x.rtcp, ctrl.Port(),
		&rtcp.SenderReport{
			SSRC: x.ssrc, NTPTime: 42, RTPTime: x.ts + 80, PacketCount: 1, OctetCount: 1,
			Reports: []rtcp.ReceptionReport{
				{SSRC: toX.SSRC, LastSequenceNumber: uint32(toX.SequenceNumber), Jitter: 7, LastSenderReport: 5},
				{SSRC: 12345, LastSequenceNumber: 1},
			},
		},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{
			{Source: x.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "alice@10.0.0.1"}}},
		}},
		&rtcp.Goodbye{Sources: []uint32{x.ssrc}})
	l := readReport(t, y.rtcp)
	if len(l) != 2 {
		t.Fatalf("got %v, want an SR and an SDES", l)
	}
	sr, ok := l[0].(*rtcp.SenderReport)
	if !ok || sr.SSRC != toY.SSRC || sr.RTPTime != toY.Timestamp+80 || sr.NTPTime != 42 {
		t.Errorf("got %+v, want sender %x at %d", l[0], toY.SSRC, toY.Timestamp+80)
	}
	if len(sr.Reports) != 1 || sr.Reports[0].SSRC != y.ssrc || uint16(sr.Reports[0].LastSequenceNumber) != y.seq || sr.Reports[0].Jitter != 7 {
		t.Errorf("got %+v, want one report about %x up to %d", sr.Reports, y.ssrc, y.seq)
	}
	if sd, ok := l[1].(*rtcp.SourceDescription); !ok || sd.Chunks[0].Source != toY.SSRC {
		t.Errorf("got %v, want a CNAME of ours for %x", l[1], toY.SSRC)
	}
}

func TestReportsOnASharedPort(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	p := x.params(g711())
	p.Mux, p.RemoteRTCP = true, at(x.rtp)
	x.apply(p)
	toY := x.hears(y, 0, "1", 0)
	local, _ := x.stream.Local()
	x.sendReport(x.rtp, local.Port(), &rtcp.SenderReport{SSRC: x.ssrc})
	if l := readReport(t, y.rtcp); l[0].(*rtcp.SenderReport).SSRC != toY.SSRC {
		t.Errorf("got %v, want a report of %x", l, toY.SSRC)
	}
	toX := y.hears(x, 0, "1", 0)
	_, ctrl := y.stream.Local()
	y.sendReport(y.rtcp, ctrl.Port(), &rtcp.SenderReport{SSRC: y.ssrc})
	if l := readReport(t, x.rtp); l[0].(*rtcp.SenderReport).SSRC != toX.SSRC {
		t.Errorf("got %v on the shared port, want a report of %x", l, toX.SSRC)
	}
	_, ctrl = x.stream.Local()
	listenOn(t, ctrl) // fails when the RTCP socket is still open
}

func TestReportsOfStrangers(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "1", 0)
	_, ctrl := x.stream.Local()
	stranger := listen(t, loopback)
	x.sendReport(stranger, ctrl.Port(), &rtcp.SenderReport{SSRC: 1})
	until(t, "a drop", func() bool { return x.dropped(media.DropStranger) == 1 })
	// From the address RTP comes from and in its name: a NAT gave RTCP another port.
	x.sendReport(stranger, ctrl.Port(), &rtcp.SenderReport{SSRC: x.ssrc})
	readReport(t, y.rtcp)
	_, ctrl = y.stream.Local()
	y.hears(x, 0, "1", 0)
	y.sendReport(y.rtcp, ctrl.Port(), &rtcp.SenderReport{SSRC: y.ssrc})
	readReport(t, stranger)
}

func TestNoReportsAfterUnbridge(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "1", 0)
	x.stream.Unbridge()
	x.stream.Sync()
	_, ctrl := x.stream.Local()
	x.sendReport(x.rtcp, ctrl.Port(), &rtcp.SenderReport{SSRC: x.ssrc})
	_ = y.rtcp.SetReadDeadline(time.Now().Add(quiet))
	if _, err := y.rtcp.Read(make([]byte, 100)); err == nil {
		t.Error("a report passed after Unbridge")
	}
}
