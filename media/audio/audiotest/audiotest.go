// Package audiotest measures sound in tests.
package audiotest

import "math"

// Level is how loud one frequency is in pcm, in dBFS: 0 is a sine that just fits 16 bits, silence is -Inf. It is Goertzel's algorithm under
// a Hann window, exact to 0.1 dB for tones that last at least ten periods.
func Level(pcm []int16, rate int, hz float64) float64 {
	n := len(pcm)
	w := 2 * math.Pi * hz / float64(rate)
	var s1, s2, sum float64
	for i, x := range pcm {
		hann := (1 - math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))) / 2
		s1, s2 = hann*float64(x)+2*math.Cos(w)*s1-s2, s1
		sum += hann
	}
	power := s1*s1 + s2*s2 - 2*math.Cos(w)*s1*s2
	return 20 * math.Log10(2*math.Sqrt(max(power, 0))/(sum*math.MaxInt16))
}

// RMS is how loud pcm is altogether, in dBFS of a sine.
func RMS(pcm []int16) float64 {
	sum := 0.0
	for _, x := range pcm {
		sum += float64(x) * float64(x)
	}
	return 10 * math.Log10(2*sum/float64(len(pcm))/(math.MaxInt16*math.MaxInt16))
}
