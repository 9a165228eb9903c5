package calltest

import (
	"sync"

	"tandem/media"
	"tandem/media/offer"
	"tandem/switch/call"
)

// Cables lays cables whose ends only remember what was asked of them.
type Cables struct {
	Fail error // what laying one returns

	mu   sync.Mutex
	laid []*Cable
}

// Lay is a call.Lay.
func (c *Cables) Lay(near, far func(byte)) (call.Cable, error) {
	if c.Fail != nil {
		return nil, c.Fail
	}
	made := &Cable{PressNear: near, PressFar: far, near: NewStream(), far: NewStream()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.laid = append(c.laid, made)
	return made, nil
}

// Laid are all cables so far, in order.
func (c *Cables) Laid() []*Cable {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*Cable(nil), c.laid...)
}

// Cable is a call.Cable without sound.
type Cable struct {
	PressNear, PressFar func(key byte) // a key for that end to hear

	near, far *Stream
}

// Near is the placed call's stream, a *Stream.
func (c *Cable) Near() media.Stream { return c.near }

// Far is the number's stream, a *Stream.
func (c *Cable) Far() media.Stream { return c.far }

// Formats are PCMU and PCMA.
func (c *Cable) Formats() []offer.Format { return []offer.Format{PCMU, PCMA} }

// Agree takes the first wish that is PCMU or PCMA, or PCMU.
func (c *Cable) Agree(wish []offer.Format) []offer.Format {
	for _, f := range wish {
		if f.Same(PCMU) || f.Same(PCMA) {
			return []offer.Format{f}
		}
	}
	return []offer.Format{PCMU}
}

// Close closes both streams.
func (c *Cable) Close() {
	c.near.Close()
	c.far.Close()
}
