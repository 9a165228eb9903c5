package stream_test

import (
	"testing"

	"tandem/media/stream"
)

// press sends the packets of one key: n updates and three copies of the end, some of them lost.
func (p *phone) press(code byte, lost func(i int) bool) {
	p.ts += 800
	for i := range 6 {
		k := p.next(101, []byte{code, 10, byte(i), 160})
		p.ts -= 160
		k.Timestamp = p.ts
		k.Marker = i == 0
		if i >= 3 {
			k.Payload[1] |= 0x80
		}
		if lost == nil || !lost(i) {
			p.sendPacket(p.rtp, k)
		}
	}
	p.ts += 960
}

func TestDigits(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.press(1, nil)
	x.press(1, func(i int) bool { return i < 3 })   // the beginning is lost
	x.press(11, func(i int) bool { return i >= 3 }) // the end is lost
	x.press(12, func(i int) bool { return i != 4 }) // all but one are lost
	x.press(16, nil)                                // flash is no key
	x.send(0, "the last")
	for k := y.read(); string(k.Payload) != "the last"; k = y.read() { // so all events have been seen
	}
	got := ""
	for _, e := range x.heard() {
		if e.Kind == stream.Digit {
			got += string(e.Digit)
		}
	}
	if got != "11#A" {
		t.Errorf("got digits %q, want %q", got, "11#A")
	}
	if n := y.stream.Stats().Sent; n != 6+3+3+1+6+1 {
		t.Errorf("got %d packets forwarded, want all 20", n)
	}
}
