package audio_test

import (
	"math"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/audio"
	"tandem/media/audio/audiotest"
	"tandem/media/codec"
)

func lookup(tb testing.TB, name string, clock, channels int) *codec.Codec {
	tb.Helper()
	c, ok := codec.Lookup(name, clock, channels)
	if !ok {
		tb.Fatalf("no codec %s", name)
	}
	return c
}

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		name         string
		clock        int
		rate         int // of the prompt
		d, ptime     time.Duration
		frames, size int
	}{
		{"PCMU", 8000, 8000, time.Second, 20 * time.Millisecond, 50, 160},
		{"PCMA", 8000, 44100, time.Second, 20 * time.Millisecond, 50, 160},
		{"PCMU", 8000, 16000, 50 * time.Millisecond, 20 * time.Millisecond, 3, 160},
		{"L16", 16000, 8000, time.Second, 30 * time.Millisecond, 34, 960},
		{"L16", 44100, 8000, time.Second, 20 * time.Millisecond, 50, 1764},
	} {
		row := lookup(t, c.name, c.clock, 1)
		p := audio.Tone(c.rate, c.d, -10, 1000)
		frames := audio.Encode(p, row, c.ptime)
		if len(frames) != c.frames {
			t.Errorf("%s from %d: %d frames, want %d", c.name, c.rate, len(frames), c.frames)
		}
		var pcm []int16
		for i, f := range frames {
			if len(f) != c.size || cap(f) != c.size {
				t.Errorf("%s from %d: frame %d has %d of %d bytes, want %d", c.name, c.rate, i, len(f), cap(f), c.size)
			}
			pcm = row.Decode(pcm, f)
		}
		n := row.SampleRate * int(c.d/time.Millisecond) / 1000
		if got := audiotest.Level(pcm[:n], row.SampleRate, 1000); math.Abs(got+10) > 0.3 {
			t.Errorf("%s from %d: 1000 Hz at %.1f dB, want -10", c.name, c.rate, got)
		}
		if len(pcm) > n && !math.IsInf(audiotest.RMS(pcm[n:]), -1) && audiotest.RMS(pcm[n:]) > -60 {
			t.Errorf("%s from %d: the last frame is filled up with noise at %.1f dB", c.name, c.rate, audiotest.RMS(pcm[n:]))
		}
	}
}

func TestEncodeNothing(t *testing.T) {
	p := audio.Tone(8000, time.Second, -10, 1000)
	if audio.Encode(p, lookup(t, "opus", 48000, 2), 20*time.Millisecond) != nil {
		t.Error("a codec we cannot encode gave frames")
	}
	if audio.Encode(p, lookup(t, "PCMU", 8000, 1), 0) != nil || audio.Encode(&media.Prompt{Rate: 8000}, lookup(t, "PCMU", 8000, 1), 20*time.Millisecond) != nil ||
		audio.Encode(&media.Prompt{Samples: p.Samples}, lookup(t, "PCMU", 8000, 1), 20*time.Millisecond) != nil {
		t.Error("nothing gave frames")
	}
}

func TestPayloadsAreEncodedOnce(t *testing.T) {
	p := audio.Tone(8000, 100*time.Millisecond, -10, 1000)
	a, b := audio.Payloads(p, lookup(t, "PCMU", 8000, 1)), audio.Payloads(p, lookup(t, "PCMU", 8000, 1))
	if len(a) != 5 || &a[0] != &b[0] {
		t.Errorf("%d payloads, encoded again: %v", len(a), &a[0] != &b[0])
	}
	if other := audio.Payloads(p, lookup(t, "PCMA", 8000, 1)); &other[0] == &a[0] {
		t.Error("A-law got mu-law's payloads")
	}
}

func BenchmarkEncodeMinute(b *testing.B) {
	p, row := audio.Tone(8000, time.Minute, -10, 1000), lookup(b, "PCMU", 8000, 1)
	b.ReportAllocs()
	for b.Loop() {
		audio.Encode(p, row, 20*time.Millisecond)
	}
}
