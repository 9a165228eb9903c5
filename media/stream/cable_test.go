package stream_test

import (
	"errors"
	"net/netip"
	"testing"

	"tandem/media/engine"
	"tandem/media/offer"
	"tandem/media/ports"
	"tandem/media/stream"
)

func TestCableCarriesSoundAndKeysBothWays(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bound []netip.Addr
		local netip.Addr // of the phones
	}{
		{"all addresses", []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}, loopback},
		{"IPv6 alone", []netip.Addr{netip.IPv6Unspecified()}, netip.IPv6Loopback()},
		{"one address", []netip.Addr{netip.MustParseAddr("127.0.0.5")}, netip.Addr{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBed(t, func(c *engine.Config) { c.Address = tt.bound })
			near, far, err := b.Cable()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(near.Close)
			t.Cleanup(far.Close)
			keys := make(chan byte, 1)
			far.Notify(func(e stream.Event) { keys <- e.Digit })
			stream.Connect(near, far, []offer.Format{pcmu, {PayloadType: 96, Name: "telephone-event", ClockRate: 8000, Channels: 1}})

			x, y := newPhone(t, b, stream.Options{Local: tt.local}), newPhone(t, b, stream.Options{Local: tt.local})
			x.apply(x.params(g711()))
			y.apply(y.params(g711()))
			if err := errors.Join(x.stream.Bridge(near), far.Bridge(y.stream)); err != nil {
				t.Fatal(err)
			}
			for _, s := range []*stream.Stream{x.stream, near, far, y.stream} {
				s.Sync()
			}
			x.hears(y, 0, "to the far end", 0)
			y.hears(x, 0, "to the near end", 0)
			x.press(5, nil)
			if got := <-keys; got != '5' {
				t.Errorf("got key %c at the far end, want 5", got)
			}
		})
	}
}

func TestCableWithoutPorts(t *testing.T) {
	b := newBed(t, func(c *engine.Config) { c.Ports = "14100-14101" })
	if _, _, err := b.Cable(); !errors.Is(err, ports.ErrExhausted) {
		t.Errorf("got %v for two streams on one pair of ports, want %v", err, ports.ErrExhausted)
	}
}
