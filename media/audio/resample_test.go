package audio_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"tandem/media/audio"
	"tandem/media/audio/audiotest"
)

// A tone of the pass band comes out as loud as it went in, where it was and alone.
func TestResamplePassesSpeech(t *testing.T) {
	for _, c := range []struct{ from, to int }{
		{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 8000}, {44100, 8000}, {22050, 8000}, {11025, 8000}, {8000, 44100}, {24000, 16000}, {44101, 8000}, {8001, 8000},
	} {
		floor := -60.0
		if c.from%100 == 1 || c.from == 8001 {
			floor = -50
		}
		for _, hz := range []float64{50, 300, 1004, 3400} {
			if hz > 0.85*float64(min(c.from, c.to))/2 {
				continue
			}
			in := audio.Tone(c.from, time.Second, -6, hz).Samples
			out := audio.Resample(in, c.from, c.to)
			if want := c.to; out == nil || len(out) < want-1 || len(out) > want+1 {
				t.Fatalf("%d to %d: %d samples, want %d", c.from, c.to, len(out), want)
			}
			middle := out[len(out)/10 : len(out)*9/10]
			if got := audiotest.Level(middle, c.to, hz); math.Abs(got+6) > 0.1 {
				t.Errorf("%d to %d: %v Hz at %.2f dB, want -6", c.from, c.to, hz, got)
			}
			if got := residue(middle, c.to, hz, len(out)/10); got > floor {
				t.Errorf("%d to %d: beside %v Hz there is %.1f dB, want %.0f", c.from, c.to, hz, got, floor)
			}
		}
	}
}

// residue is what is left of pcm, in dBFS, when the tone Resample was given is taken away, as it stands at that offset.
func residue(pcm []int16, rate int, hz float64, offset int) float64 {
	left := make([]int16, len(pcm))
	amplitude := math.MaxInt16 * math.Pow(10, -6.0/20)
	for i := range pcm {
		left[i] = int16(math.Round(float64(pcm[i]) - amplitude*math.Sin(2*math.Pi*hz*float64(i+offset)/float64(rate))))
	}
	return audiotest.RMS(left)
}

// What the lower rate cannot carry is gone, not folded: the stop band begins at its Nyquist frequency.
func TestResampleStops(t *testing.T) {
	for _, c := range []struct{ from, to int }{{16000, 8000}, {44100, 8000}, {48000, 8000}, {48000, 16000}, {44100, 16000}} {
		for hz := float64(c.to)/2 + 40; hz < float64(c.from)/2; hz += 371 {
			out := audio.Resample(audio.Tone(c.from, 500*time.Millisecond, -3, hz).Samples, c.from, c.to)
			if got := audiotest.RMS(out[len(out)/5:len(out)*4/5]) + 3; got > -62 {
				t.Errorf("%d to %d: %v Hz comes through at %.1f dB, want below -62", c.from, c.to, hz, got)
			}
		}
	}
	// The other way: no images of the sound above what the lower rate had.
	out := audio.Resample(audio.Tone(8000, time.Second, -3, 3000).Samples, 8000, 48000)
	for _, hz := range []float64{5000, 11000, 13000, 19000, 21000} {
		if got := audiotest.Level(out[4800:43200], 48000, hz) + 3; got > -62 {
			t.Errorf("image at %v Hz: %.1f dB", hz, got)
		}
	}
}

func TestResampleEdges(t *testing.T) {
	in := []int16{1, 2, 3}
	if got := audio.Resample(in, 8000, 8000); !slices.Equal(got, in) {
		t.Errorf("the same rate: %v", got)
	}
	if got := audio.Resample(nil, 8000, 16000); len(got) != 0 {
		t.Errorf("nothing: %v", got)
	}
	if got := audio.Resample(in, 0, 16000); !slices.Equal(got, in) {
		t.Errorf("no rate: %v", got)
	}
	for n := range 5 { // shorter than the filter
		for _, r := range [][2]int{{44100, 8000}, {8000, 44100}, {48000, 1000}} {
			if got, want := len(audio.Resample(make([]int16, n), r[0], r[1])), (n*r[1]+r[0]-1)/r[0]; got != want {
				t.Errorf("%d samples from %d to %d: %d, want %d", n, r[0], r[1], got, want)
			}
		}
	}
	// A constant stays one: every phase weighs the same.
	dc := make([]int16, 4000)
	for i := range dc {
		dc[i] = 10000
	}
	out := audio.Resample(dc, 44100, 16000)
	for _, s := range out[100 : len(out)-100] {
		if s < 9999 || s > 10001 {
			t.Fatalf("a constant of 10000 became %d", s)
		}
	}
	// Full scale clips and does not wrap.
	square := make([]int16, 8000)
	for i := range square {
		square[i] = math.MaxInt16
		if i/20%2 == 1 {
			square[i] = math.MinInt16
		}
	}
	for i, s := range audio.Resample(square, 8000, 16000)[200:1000] {
		if phase := (i + 200) / 2 % 40; phase > 2 && phase < 17 && s < 20000 || phase > 22 && phase < 37 && s > -20000 {
			t.Fatalf("sample %d of a full square is %d", i, s)
		}
	}
}

func BenchmarkResampleSecond(b *testing.B) {
	for _, r := range [][2]int{{16000, 8000}, {44100, 8000}, {8000, 16000}} {
		pcm := audio.Tone(r[0], time.Second, -6, 1000).Samples
		b.Run(fmt.Sprintf("%d-%d", r[0], r[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				audio.Resample(pcm, r[0], r[1])
			}
		})
	}
}
