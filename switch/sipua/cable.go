package sipua

import (
	"slices"

	"tandem/media"
	"tandem/media/offer"
	"tandem/media/stream"
	"tandem/switch/call"
)

// Cable lays cables on the media engine for calls that stay in the switch.
func Cable(o *stream.Opener) call.Lay {
	return func(near, far func(byte)) (call.Cable, error) {
		a, b, err := o.Cable()
		if err != nil {
			return nil, &call.Refusal{Code: 503, Err: err, Retry: retryMedia}
		}
		a.Notify(keysOf(near))
		b.Notify(keysOf(far))
		return &cable{near: cableEnd{engineStream{a}}, far: cableEnd{engineStream{b}}}, nil
	}
}

func keysOf(press func(byte)) func(stream.Event) {
	return func(e stream.Event) {
		if e.Kind == stream.Digit {
			press(e.Digit)
		}
	}
}

type cable struct{ near, far cableEnd }

// carriable is what a cable can carry: what every prompt can be played in and every phone takes.
var carriable = []offer.Format{
	{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
	{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1},
	{PayloadType: 101, Name: "telephone-event", ClockRate: 8000, Channels: 1, Fmtp: "0-15"},
}

func (c *cable) Near() media.Stream      { return c.near }
func (c *cable) Far() media.Stream       { return c.far }
func (c *cable) Formats() []offer.Format { return carriable }

// Agree picks one encoding of sound, so that parties behind both ends agree on the same.
func (c *cable) Agree(wish []offer.Format) []offer.Format {
	sound := carriable[0]
	for _, w := range wish {
		if i := slices.IndexFunc(carriable, w.Same); i >= 0 && w.Sound() {
			sound = carriable[i]
			break
		}
	}
	agreed := []offer.Format{sound, carriable[len(carriable)-1]}
	stream.Connect(c.near.Stream, c.far.Stream, agreed)
	return agreed
}

func (c *cable) Close() {
	c.near.Close()
	c.far.Close()
}

// cableEnd is a stream that may be joined with a leg's.
type cableEnd struct{ engineStream }

// Bridge joins the end with a leg's stream or another end.
func (e cableEnd) Bridge(peer media.Stream) error {
	switch p := peer.(type) {
	case *audio:
		st, err := p.open()
		if err != nil {
			return err
		}
		peer = st
	case cableEnd:
		peer = p.engineStream
	}
	return e.engineStream.Bridge(peer)
}
