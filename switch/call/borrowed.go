package call

import (
	"sync/atomic"
	"time"

	"tandem/media"
)

// silence is the stream of a leg that has no audio.
type silence struct{}

func (silence) Bridge(media.Stream) error { return nil }
func (silence) Unbridge()                 {}
func (silence) Play(_ *media.Prompt, _ int, done func(time.Duration, bool)) error {
	if done != nil {
		done(0, true)
	}
	return nil
}
func (silence) Stop()              {}
func (silence) Mute(bool)          {}
func (silence) Stats() media.Stats { return media.Stats{} }
func (silence) Close()             {}

// borrowed is the audio of a leg in memory: another call's stream, while that
// call lends it. Before and after it is silent.
type borrowed struct {
	owner Leg
	state atomic.Uint32 // 0: not yet, 1: lent, 2: taken back
}

func (b *borrowed) lent() bool { return b.state.Load() == 1 }
func (b *borrowed) lend()      { b.state.CompareAndSwap(0, 1) }

// stream is the lender's own stream, or silence.
func (b *borrowed) stream() media.Stream {
	if b.lent() {
		return bare(b.owner.Media())
	}
	return silence{}
}

// close gives the stream back, quiet and alone as it was lent.
func (b *borrowed) close() {
	if b.state.Swap(2) == 1 {
		m := bare(b.owner.Media())
		m.Stop()
		m.Unbridge()
		m.Mute(false)
	}
}

func (b *borrowed) Bridge(peer media.Stream) error { return b.stream().Bridge(bare(peer)) }
func (b *borrowed) Unbridge()                      { b.stream().Unbridge() }
func (b *borrowed) Stop()                          { b.stream().Stop() }
func (b *borrowed) Mute(on bool)                   { b.stream().Mute(on) }
func (b *borrowed) Stats() media.Stats             { return bare(b.owner.Media()).Stats() }
func (b *borrowed) Close()                         { b.close() }

func (b *borrowed) Play(p *media.Prompt, loops int, done func(time.Duration, bool)) error {
	return b.stream().Play(p, loops, done)
}
