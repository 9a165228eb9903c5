package audio

import (
	"math"
	"time"

	"tandem/media"
)

// Tone is a sum of sines. Each has the level in dBFS: 0 is a sine that just fits 16 bits, some 3 dB above 0 dBm0 of G.711.
func Tone(rate int, d time.Duration, level float64, hz ...float64) *media.Prompt {
	out := make([]int16, length(rate, d))
	amplitude := math.MaxInt16 * math.Pow(10, level/20)
	for i := range out {
		sum := 0.0
		for _, f := range hz {
			sum += math.Sin(2 * math.Pi * f * float64(i) / float64(rate))
		}
		out[i] = clip(amplitude * sum)
	}
	return &media.Prompt{Rate: rate, Samples: out}
}

// Silence is digital silence.
func Silence(rate int, d time.Duration) *media.Prompt {
	return &media.Prompt{Rate: rate, Samples: make([]int16, length(rate, d))}
}

func length(rate int, d time.Duration) int {
	return int(math.Round(float64(rate) * d.Seconds()))
}

// Cadence is a tone with a rhythm.
type Cadence struct {
	Hz         []float64       // sounding together
	Modulation float64         // Hz by which the tone swells and fades; 0: it does not
	Rhythm     []time.Duration // on, off, on, off …
}

// cadenceLevel is of the whole tone, in dBFS: -13 dBm0, well inside the -10 +-5 dBm0 of ITU-T E.180 §4.
const cadenceLevel = -16

// ramp keeps bursts from clicking.
const ramp = 4 * time.Millisecond

// Prompt is one round of the rhythm, to be played in a loop.
func (c Cadence) Prompt(rate int) *media.Prompt {
	var out []int16
	for i, d := range c.Rhythm {
		if i%2 == 0 {
			out = append(out, c.burst(rate, d)...)
		} else {
			out = append(out, Silence(rate, d).Samples...)
		}
	}
	return &media.Prompt{Rate: rate, Samples: out}
}

func (c Cadence) burst(rate int, d time.Duration) []int16 {
	pcm := Tone(rate, d, cadenceLevel-10*math.Log10(float64(len(c.Hz))), c.Hz...).Samples
	edge := length(rate, ramp)
	for i := range pcm {
		gain := 1.0
		if c.Modulation > 0 {
			gain = (1 - math.Cos(2*math.Pi*c.Modulation*float64(i)/float64(rate))) / 2
		}
		if near := min(i, len(pcm)-1-i); near < edge {
			gain *= float64(near) / float64(edge)
		}
		pcm[i] = clip(gain * float64(pcm[i]))
	}
	return pcm
}
