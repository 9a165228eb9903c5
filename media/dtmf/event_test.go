package dtmf_test

import (
	"testing"

	"tandem/media/dtmf"
)

// packet is one telephone-event packet.
type packet struct {
	timestamp uint32
	code      byte
	end       bool
}

func (p packet) payload() []byte {
	b := []byte{p.code, 10, 0, 160}
	if p.end {
		b[1] |= 0x80
	}
	return b
}

func TestEvents(t *testing.T) {
	for name, c := range map[string]struct {
		packets []packet
		want    string
	}{
		"one press":                 {[]packet{{8, 5, false}, {8, 5, false}, {8, 5, true}, {8, 5, true}, {8, 5, true}}, "5"},
		"only the end came":         {[]packet{{8, 5, true}}, "5"},
		"the end is lost":           {[]packet{{8, 5, false}, {900, 5, false}}, "55"},
		"the same key twice":        {[]packet{{8, 1, false}, {8, 1, true}, {900, 1, false}, {900, 1, true}}, "11"},
		"a late copy":               {[]packet{{8, 1, true}, {900, 2, false}, {8, 1, true}, {900, 2, true}}, "12"},
		"timestamps wrap":           {[]packet{{0xfffffff0, 1, true}, {0x10, 2, true}}, "12"},
		"a long press in segments":  {[]packet{{8, 1, false}, {8 + 0xffff, 1, false}, {8 + 2*0xffff, 1, true}}, "1"},
		"another key after 0xffff":  {[]packet{{8, 1, false}, {8 + 0xffff, 2, false}}, "12"},
		"the same key after an end": {[]packet{{8, 1, true}, {8 + 0xffff, 1, false}}, "11"},
		"all keys": {[]packet{
			{1, 0, true}, {2, 9, true}, {3, 10, true}, {4, 11, true}, {5, 12, true}, {6, 15, true},
		}, "09*#AD"},
		"no keys": {[]packet{{1, 16, true}, {2, 32, true}, {3, 255, true}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var e dtmf.Events
			got := ""
			for _, p := range c.packets {
				if key, ok := e.Packet(p.payload(), p.timestamp); ok {
					got += string(key)
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestReset(t *testing.T) {
	var e dtmf.Events
	e.Packet(packet{9000, 1, true}.payload(), 9000)
	e.Reset()
	if key, ok := e.Packet(packet{8, 2, true}.payload(), 8); !ok || key != '2' {
		t.Errorf("got %q, %v, want '2' of a new source", key, ok)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte{5, 10, 0, 160}, uint32(1), uint32(2))
	f.Add([]byte{}, uint32(0), uint32(0))
	f.Fuzz(func(t *testing.T, payload []byte, one, two uint32) {
		var e dtmf.Events
		for _, ts := range []uint32{one, one, two, one, two} {
			if key, ok := e.Packet(payload, ts); ok && (len(payload) < 4 || key == 0) {
				t.Errorf("got key %q of %x", key, payload)
			}
		}
		if _, ok := e.Packet(payload, two); ok && int32(two-one) <= 0 {
			t.Error("a packet seen before was a press")
		}
	})
}
