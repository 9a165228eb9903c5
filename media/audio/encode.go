package audio

import (
	"time"

	"tandem/media"
	"tandem/media/codec"
)

// Encode turns a prompt into payloads of ptime each, the last filled up with silence; nil when c cannot be encoded here, or there is
// nothing to encode.
func Encode(p *media.Prompt, c *codec.Codec, ptime time.Duration) [][]byte {
	size := int(int64(c.SampleRate) * int64(ptime) / int64(time.Second))
	if !c.Playable() || size <= 0 || len(p.Samples) == 0 || p.Rate <= 0 {
		return nil
	}
	pcm := Resample(p.Samples, p.Rate, c.SampleRate)
	n := (len(pcm) + size - 1) / size
	frames := make([][]byte, 0, n)
	var all []byte // one piece of memory for all payloads
	for len(pcm) > 0 {
		frame := pcm[:min(size, len(pcm))]
		pcm = pcm[len(frame):]
		if len(frame) < size {
			frame = append(make([]int16, 0, size), frame...)[:size]
		}
		at := len(all)
		all = c.Encode(all, frame)
		if at == 0 {
			all = append(make([]byte, 0, n*len(all)), all...)
		}
		frames = append(frames, all[at:len(all):len(all)])
	}
	return frames
}

// Payloads are a prompt's payloads of 20 ms in a codec, encoded at the first call and kept with the prompt.
func Payloads(p *media.Prompt, c *codec.Codec) [][]byte {
	return p.Payloads(c.Key(), func(p *media.Prompt) [][]byte { return Encode(p, c, 20*time.Millisecond) })
}
