package audio

import "math"

// The filter: crossings of the sinc at the lower of the two rates, half of them each side, under a Kaiser window. It is flat to 0.85 of the lower
// Nyquist frequency (3400 Hz of 4000) and stops at it.
const (
	crossings = 64
	cutoff    = 0.933 // of the lower Nyquist frequency: the middle of the transition
	kaiser    = 6.76  // beta for 70 dB
	maxPhases = 1024  // beyond, a phase is rounded: noise at -62 dB, for ratios like 44101:8000 alone
)

// Resample returns pcm at another rate, both in Hz: a new slice unless the rates are the same. Sound is neither delayed nor made louder; what
// the new rate cannot carry is filtered out.
func Resample(pcm []int16, from, to int) []int16 {
	if from == to || len(pcm) == 0 || from <= 0 || to <= 0 {
		return pcm
	}
	g := gcd(from, to)
	bank := newBank(to/g, from/g)
	out := make([]int16, (int64(len(pcm))*int64(to)+int64(from)-1)/int64(from))
	for i := range out {
		at := int64(i) * int64(bank.step)
		out[i] = bank.at(pcm, int(at/int64(bank.up)), int(at%int64(bank.up)))
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// bank is the filter cut into phases: one for each place a new sample can have between two old ones.
type bank struct {
	up, step int // the new rate is up/step of the old
	half     int // old samples to each side
	phases   [][]float32
}

func newBank(up, step int) *bank {
	scale := min(1, float64(up)/float64(step)) // of the lower rate to the old one
	b := &bank{up: up, step: step, half: int(math.Ceil(crossings / 2 / scale))}
	b.phases = make([][]float32, min(up, maxPhases))
	for p := range b.phases {
		b.phases[p] = b.taps(float64(p)/float64(len(b.phases)), scale)
	}
	return b
}

// taps are the weights of the 2*half old samples around a new one that lies offset behind an old one. They add up to 1, whatever the phase.
func (b *bank) taps(offset, scale float64) []float32 {
	w, sum := make([]float64, 2*b.half), 0.0
	for k := range w {
		x := (float64(k-b.half+1) - offset) * scale // in samples of the lower rate
		w[k] = sinc(cutoff*x) * window(x/(crossings/2))
		sum += w[k]
	}
	taps := make([]float32, len(w))
	for k := range w {
		taps[k] = float32(w[k] / sum)
	}
	return taps
}

// at is the new sample that lies phase/up behind the old one at i; before and behind the sound is silence.
func (b *bank) at(pcm []int16, i, phase int) int16 {
	if len(b.phases) < b.up {
		phase = (phase*len(b.phases) + b.up/2) / b.up
		i += phase / len(b.phases)
		phase %= len(b.phases)
	}
	taps, first := b.phases[phase], i-b.half+1
	if first < 0 {
		taps, first = taps[-first:], 0
	}
	if first >= len(pcm) {
		return 0
	}
	near := pcm[first:]
	n := min(len(taps), len(near))
	return clip(float64(dot(taps[:n], near[:n])))
}

// dot is the sum of products of two slices of one length, four sums at a time: they do not wait for each other.
func dot(taps []float32, pcm []int16) float32 {
	var a, b, c, d float32
	for len(taps) >= 4 && len(pcm) >= 4 {
		a += taps[0] * float32(pcm[0])
		b += taps[1] * float32(pcm[1])
		c += taps[2] * float32(pcm[2])
		d += taps[3] * float32(pcm[3])
		taps, pcm = taps[4:], pcm[4:]
	}
	for k := range min(len(taps), len(pcm)) {
		a += taps[k] * float32(pcm[k])
	}
	return a + b + c + d
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// window is Kaiser's, over -1..1.
func window(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(kaiser*math.Sqrt(1-x*x)) / bessel(kaiser)
}

// bessel is the modified Bessel function of the first kind and order zero, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}
