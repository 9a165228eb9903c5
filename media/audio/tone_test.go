package audio_test

import (
	"math"
	"testing"
	"time"

	"tandem/media/audio"
	"tandem/media/audio/audiotest"
)

func TestTone(t *testing.T) {
	p := audio.Tone(8000, 250*time.Millisecond, -10, 697, 1209)
	if p.Rate != 8000 || len(p.Samples) != 2000 {
		t.Fatalf("%d samples at %d", len(p.Samples), p.Rate)
	}
	for _, hz := range []float64{697, 1209} {
		if got := audiotest.Level(p.Samples, 8000, hz); math.Abs(got+10) > 0.1 {
			t.Errorf("%v Hz at %.2f dB, want -10", hz, got)
		}
	}
	if got := audiotest.Level(p.Samples, 8000, 941); got > -60 {
		t.Errorf("941 Hz at %.1f dB, want none", got)
	}
	if got := audiotest.RMS(audio.Tone(8000, time.Second, 0, 1000).Samples); math.Abs(got) > 0.01 {
		t.Errorf("a full sine is at %.2f dBFS, want 0", got)
	}
	if got := audiotest.RMS(audio.Silence(16000, time.Second).Samples); !math.IsInf(got, -1) {
		t.Errorf("silence at %.1f dB", got)
	}
	if got := len(audio.Silence(44100, 10*time.Millisecond).Samples); got != 441 {
		t.Errorf("%d samples of silence, want 441", got)
	}
}

func TestCountryTones(t *testing.T) {
	if n := len(audio.Countries()); n != 41 {
		t.Errorf("%d countries: the language reference names 40, and eu", n)
	}
	for _, code := range audio.Countries() {
		tones, ok := audio.Country(code)
		if !ok {
			t.Fatalf("%s is listed and not there", code)
		}
		for name, c := range map[string]audio.Cadence{"ringback": tones.Ringback, "busy": tones.Busy, "congestion": tones.Congestion} {
			p := c.Prompt(8000)
			if len(c.Rhythm) == 0 || len(c.Rhythm)%2 != 0 {
				t.Errorf("%s %s: rhythm %v does not go on and off", code, name, c.Rhythm)
			}
			at := 0
			for i, d := range c.Rhythm {
				n := int(d * 8000 / time.Second)
				level := audiotest.RMS(p.Samples[at : at+n])
				if on := level > -25; on != (i%2 == 0) {
					t.Errorf("%s %s: part %d of %v is at %.1f dB", code, name, i, c.Rhythm, level)
				}
				at += n
			}
			if at != len(p.Samples) {
				t.Errorf("%s %s: %d samples, want %d", code, name, len(p.Samples), at)
			}
		}
	}
}

func TestRingbackSounds(t *testing.T) {
	for _, c := range []struct {
		code   string
		period time.Duration
		on     time.Duration
		hz     []float64
	}{
		{"", 5 * time.Second, time.Second, []float64{425}},
		{"us", 6 * time.Second, 2 * time.Second, []float64{440, 480}},
		{"UK", 3 * time.Second, 400 * time.Millisecond, []float64{400, 450}},
		{"gb", 3 * time.Second, 400 * time.Millisecond, []float64{400, 450}},
		{"de", 5 * time.Second, time.Second, []float64{425}},
	} {
		p := audio.Ringback(c.code)
		if p == nil || len(p.Samples) != int(c.period*8000/time.Second) {
			t.Fatalf("%q: no prompt of %v", c.code, c.period)
		}
		for _, hz := range c.hz {
			want := -16 - 10*math.Log10(float64(len(c.hz)))
			if got := audiotest.Level(p.Samples[:c.on*8000/time.Second], 8000, hz); math.Abs(got-want) > 0.3 {
				t.Errorf("%q: %v Hz at %.1f dB, want %.1f", c.code, hz, got, want)
			}
		}
		if audio.Ringback(c.code) != p {
			t.Errorf("%q: another prompt the second time", c.code)
		}
	}
	if audio.Ringback("xx") != nil {
		t.Error("a ringing tone of nowhere")
	}
}

func TestModulatedToneSwells(t *testing.T) {
	in, _ := audio.Country("in")
	p := in.Ringback.Prompt(8000).Samples[:3200]
	for _, hz := range []float64{375, 400, 425} { // the carrier and its side bands
		if got := audiotest.Level(p, 8000, hz); got < -30 {
			t.Errorf("%v Hz at %.1f dB", hz, got)
		}
	}
}
