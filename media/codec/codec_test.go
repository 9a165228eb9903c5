package codec_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"tandem/media/codec"
)

func row(tb testing.TB, name string, rate int) *codec.Codec {
	tb.Helper()
	c, ok := codec.Lookup(name, rate, 1)
	if !ok {
		tb.Fatalf("no row for %s/%d", name, rate)
	}
	return c
}

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		name            string
		clock, channels int
		want            string // Key, "" for none
		playable        bool
	}{
		{"PCMU", 8000, 1, "PCMU/8000", true},
		{"pcma", 8000, 1, "PCMA/8000", true},
		{"L16", 16000, 1, "L16/16000", true},
		{"G722", 8000, 1, "G722/8000", false},
		{"G722", 16000, 1, "", false}, // RFC 3551 §4.5.2: the clock says 8000
		{"OPUS", 48000, 2, "opus/48000/2", false},
		{"opus", 48000, 1, "", false},
		{"telephone-event", 48000, 1, "telephone-event/48000", false},
		{"PCMU", 16000, 1, "", false},
		{"", 8000, 1, "", false},
	} {
		got, ok := codec.Lookup(c.name, c.clock, c.channels)
		if ok != (c.want != "") || ok && (got.Key() != c.want || got.Playable() != c.playable) {
			t.Errorf("Lookup(%q, %d, %d) = %+v, %v, want %q", c.name, c.clock, c.channels, got, ok, c.want)
		}
	}
}

func TestStatic(t *testing.T) {
	for pt, want := range map[uint8]string{0: "PCMU", 3: "GSM", 8: "PCMA", 9: "G722", 13: "CN", 18: "G729", 7: "LPC", 1: "", 34: "", 35: "", 255: "", 96: "", 101: ""} {
		got, ok := codec.Static(pt)
		if ok != (want != "") || ok && got.Name != want {
			t.Errorf("Static(%d) = %v, want %q", pt, got, want)
		}
	}
}

func TestDefaultCanBePlayed(t *testing.T) {
	var names []string
	for _, c := range codec.Default() {
		names = append(names, c.Key())
		if !c.Playable() && c.Name != "telephone-event" {
			t.Errorf("%s is offered but cannot be played", c.Key())
		}
	}
	if want := []string{"PCMU/8000", "PCMA/8000", "telephone-event/8000"}; !slices.Equal(names, want) {
		t.Errorf("default %v, want %v", names, want)
	}
}

// Values of ITU-T G.711 tables 1 and 2, scaled to 16 bits.
func TestG711KnownValues(t *testing.T) {
	for _, c := range []struct {
		codec string
		code  byte
		want  int16
	}{
		{"PCMU", 0xff, 0},
		{"PCMU", 0x7f, 0},
		{"PCMU", 0x80, 32124},
		{"PCMU", 0x00, -32124},
		{"PCMU", 0xfe, 8},
		{"PCMU", 0x7e, -8},
		{"PCMU", 0xf0, 120},
		{"PCMU", 0xef, 132},
		{"PCMU", 0x8f, 16764},
		{"PCMA", 0xd5, 8},
		{"PCMA", 0x55, -8},
		{"PCMA", 0xaa, 32256},
		{"PCMA", 0x2a, -32256},
		{"PCMA", 0xd4, 24},
		{"PCMA", 0xda, 248},
		{"PCMA", 0xc5, 264},
		{"PCMA", 0xba, 16128},
	} {
		r := row(t, c.codec, 8000)
		if got := r.Decode(nil, []byte{c.code})[0]; got != c.want {
			t.Errorf("%s %#02x decodes to %d, want %d", c.codec, c.code, got, c.want)
		}
	}
}

// The digital milliwatt of ITU-T G.711 table 5 and 6: a 1 kHz sine at 0 dBm0, which is 3.17 dB (mu-law) or 3.14 dB (A-law) below full load.
func TestG711Milliwatt(t *testing.T) {
	for _, c := range []struct {
		codec string
		codes []byte
		peak  float64
	}{
		{"PCMU", []byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e}, 8159 * 4},
		{"PCMA", []byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}, 4096 * 8},
	} {
		pcm := row(t, c.codec, 8000).Decode(nil, c.codes)
		var sum float64
		for _, s := range pcm {
			sum += float64(s) * float64(s)
		}
		db := 10 * math.Log10(sum/float64(len(pcm))*2/(c.peak*c.peak))
		if math.Abs(db+3.15) > 0.1 {
			t.Errorf("%s: the milliwatt is at %.2f dB of full load, want about -3.15", c.codec, db)
		}
		if got := row(t, c.codec, 8000).Encode(nil, pcm); !bytes.Equal(got, c.codes) {
			t.Errorf("%s: milliwatt encodes to %x, want %x", c.codec, got, c.codes)
		}
	}
}

func TestG711EveryCodeSurvives(t *testing.T) {
	for _, name := range []string{"PCMU", "PCMA"} {
		r := row(t, name, 8000)
		for i := range 256 {
			got := r.Encode(nil, r.Decode(nil, []byte{byte(i)}))[0]
			if got != byte(i) && (name != "PCMU" || i != 0x7f) { // mu-law's minus zero comes back as zero
				t.Errorf("%s %#02x comes back as %#02x", name, i, got)
			}
		}
	}
}

func TestG711IsMonotonous(t *testing.T) {
	for _, name := range []string{"PCMU", "PCMA"} {
		r := row(t, name, 8000)
		last := int16(math.MinInt16)
		for i := math.MinInt16; i <= math.MaxInt16; i++ {
			got := r.Decode(nil, r.Encode(nil, []int16{int16(i)}))[0]
			if got < last {
				t.Fatalf("%s: %d gives %d, below %d of its predecessor", name, i, got, last)
			}
			last = got
		}
	}
}

// G.711 keeps about 38 dB over its upper range (G.711 and G.712 ask for 33 dB from 0 to -30 dBm0).
func TestSignalToNoise(t *testing.T) {
	for _, c := range []struct {
		codec string
		rate  int
		level float64 // dB below full scale
		want  float64 // dB
	}{
		{"PCMU", 8000, -6, 36},
		{"PCMU", 8000, -20, 36},
		{"PCMU", 8000, -30, 33},
		{"PCMA", 8000, -6, 36},
		{"PCMA", 8000, -20, 36},
		{"PCMA", 8000, -30, 33},
		{"L16", 16000, -6, 90},
	} {
		r := row(t, c.codec, c.rate)
		pcm := make([]int16, 8000)
		for i := range pcm {
			pcm[i] = int16(math.Round(32767 * math.Pow(10, c.level/20) * math.Sin(2*math.Pi*1013*float64(i)/float64(c.rate))))
		}
		back := r.Decode(nil, r.Encode(nil, pcm))
		signal, noise := 0.0, 1e-9
		for i := range pcm {
			d := float64(pcm[i]) - float64(back[i])
			signal, noise = signal+float64(pcm[i])*float64(pcm[i]), noise+d*d
		}
		if snr := 10 * math.Log10(signal/noise); snr < c.want {
			t.Errorf("%s at %.0f dB: signal to noise %.1f dB, want %.0f", c.codec, c.level, snr, c.want)
		}
	}
}

func TestL16ByteOrderAndOddTail(t *testing.T) {
	r := row(t, "L16", 8000)
	if got := r.Encode(nil, []int16{0x1234, -2}); !bytes.Equal(got, []byte{0x12, 0x34, 0xff, 0xfe}) {
		t.Errorf("encoded %x", got)
	}
	if got := r.Decode(nil, []byte{0x12, 0x34, 0xff}); !slices.Equal(got, []int16{0x1234}) {
		t.Errorf("decoded %v", got)
	}
}

func BenchmarkG711(b *testing.B) {
	pcm, out := make([]int16, 160), make([]byte, 0, 160)
	for i := range pcm {
		pcm[i] = int16(i * 200)
	}
	for _, name := range []string{"PCMU", "PCMA"} {
		r := row(b, name, 8000)
		b.Run(name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out = r.Encode(out[:0], pcm)
			}
		})
		b.Run(name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pcm = r.Decode(pcm[:0], out)
			}
		})
	}
}
