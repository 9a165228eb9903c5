package audio_test

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/audio"
	"tandem/media/audio/audiotest"
	"tandem/media/codec"
)

var le = binary.LittleEndian

// chunk is a RIFF chunk, padded.
func chunk(id string, data []byte) []byte {
	b := append(le.AppendUint32([]byte(id), uint32(len(data))), data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func wav(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), slices.Concat(chunks...)...)
	return append(le.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func fmtChunk(tag, channels, rate, bits int, more ...byte) []byte {
	b := le.AppendUint16(nil, uint16(tag))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	return chunk("fmt ", append(b, more...))
}

// sample writes a value between -1 and 1 in each format.
var writers = map[string]struct {
	tag, bits int
	write     func(b []byte, x float64) []byte
}{
	"pcm 8":    {1, 8, func(b []byte, x float64) []byte { return append(b, byte(math.Round(x*127)+128)) }},
	"pcm 16":   {1, 16, func(b []byte, x float64) []byte { return le.AppendUint16(b, uint16(int16(x*32767))) }},
	"pcm 24":   {1, 24, func(b []byte, x float64) []byte { return le.AppendUint32(b, uint32(int32(x*8388607)))[:len(b)+3] }},
	"pcm 32":   {1, 32, func(b []byte, x float64) []byte { return le.AppendUint32(b, uint32(int32(x*2147483647))) }},
	"float 32": {3, 32, func(b []byte, x float64) []byte { return le.AppendUint32(b, math.Float32bits(float32(x))) }},
	"float 64": {3, 64, func(b []byte, x float64) []byte { return le.AppendUint64(b, math.Float64bits(x)) }},
	"a-law":    {6, 8, func(b []byte, x float64) []byte { return g711("PCMA", b, x) }},
	"mu-law":   {7, 8, func(b []byte, x float64) []byte { return g711("PCMU", b, x) }},
}

func g711(name string, b []byte, x float64) []byte {
	c, _ := codec.Lookup(name, 8000, 1)
	return c.Encode(b, []int16{int16(x * 32767)})
}

func TestDecodeWAVFormats(t *testing.T) {
	for name, w := range writers {
		for _, rate := range []int{8000, 44100, 48000} {
			for _, channels := range []int{1, 2} {
				var data []byte
				for i := range rate / 2 {
					x := math.Sin(2*math.Pi*1000*float64(i)/float64(rate)) / 2
					for c := range channels {
						data = w.write(data, x*float64(1-c)) // the right channel is silent
					}
				}
				want := -6 - 6*float64(channels-1)
				guid := append(le.AppendUint16([]byte{22, 0, byte(w.bits), 0, 4, 0, 0, 0}, uint16(w.tag)), "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
				for form, head := range map[string][]byte{
					"plain": fmtChunk(w.tag, channels, rate, w.bits), "with cb": fmtChunk(w.tag, channels, rate, w.bits, 0, 0),
					"extensible": fmtChunk(0xfffe, channels, rate, w.bits, guid...),
				} {
					p, err := audio.DecodeWAV(wav(head, chunk("data", data)))
					if err != nil {
						t.Errorf("%s %s: %v", name, form, err)
						continue
					}
					if p.Rate != rate || len(p.Samples) != rate/2 {
						t.Errorf("%s %s: %d samples at %d", name, form, len(p.Samples), p.Rate)
					}
					if got := audiotest.Level(p.Samples, rate, 1000); math.Abs(got-want) > 0.15 {
						t.Errorf("%s %s at %d, %d channels: %.2f dB, want %.0f", name, form, rate, channels, got, want)
					}
				}
			}
		}
	}
}

func TestDecodeWAVExtremes(t *testing.T) {
	for _, c := range []struct {
		name      string
		tag, bits int
		data      []byte
		want      []int16
	}{
		{"pcm 8", 1, 8, []byte{0, 128, 255}, []int16{-32768, 0, 32512}},
		{"pcm 16", 1, 16, []byte{0, 0x80, 0xff, 0x7f, 0x55}, []int16{-32768, 32767}}, // half a sample at the end
		{"pcm 24", 1, 24, []byte{0, 0, 0x80, 0xff, 0xff, 0x7f}, []int16{-32768, 32767}},
		{"pcm 32", 1, 32, []byte{0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0x7f}, []int16{-32768, 32767}},
		{
			"float", 3, 32, slices.Concat(f32(-1), f32(1), f32(2), f32(-3), f32(math.Inf(1)), f32(math.Inf(-1)), f32(math.NaN()), f32(0.5)),
			[]int16{-32768, 32767, 32767, -32768, 32767, -32768, 0, 16384},
		},
	} {
		p, err := audio.DecodeWAV(wav(fmtChunk(c.tag, 1, 8000, c.bits), chunk("data", c.data)))
		if err != nil || !slices.Equal(p.Samples, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, p, err, c.want)
		}
	}
}

func f32(x float64) []byte { return le.AppendUint32(nil, math.Float32bits(float32(x))) }

// Headers that writers get wrong, with sound behind them all the same.
func TestDecodeWAVTolerates(t *testing.T) {
	head, sound := fmtChunk(1, 1, 8000, 16), []byte{1, 0, 2, 0, 3, 0}
	size := func(b []byte, at int, n uint32) []byte {
		b = slices.Clone(b)
		le.PutUint32(b[at:], n)
		return b
	}
	plain := wav(head, chunk("data", sound))
	for name, b := range map[string][]byte{
		"other chunks":          wav(chunk("LIST", []byte("INFOx")), head, chunk("fact", make([]byte, 4)), chunk("data", sound), chunk("id3 ", []byte("junk"))),
		"RIFF size 0":           size(plain, 4, 0),
		"RIFF size all ones":    size(plain, 4, math.MaxUint32),
		"data size all ones":    size(plain, 40, math.MaxUint32),
		"data size 0 to a pipe": size(plain, 40, 0),
		"data cut off":          size(plain, 40, 1000),
		"wrong block alignment": append(append(slices.Clone(plain[:32]), 99, 99), plain[34:]...),
	} {
		p, err := audio.DecodeWAV(b)
		if err != nil || !slices.Equal(p.Samples, []int16{1, 2, 3}) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

func TestDecodeWAVErrors(t *testing.T) {
	head, sound := fmtChunk(1, 1, 8000, 16), chunk("data", []byte{1, 0})
	for _, c := range []struct {
		name string
		b    []byte
		want error
		text string
	}{
		{"nothing", nil, audio.ErrNotWAV, `""`},
		{"HTML", []byte("<!DOCTYPE html><html>"), audio.ErrNotWAV, "<!DOCTYPE ht"},
		{"MP3", []byte("ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00"), audio.ErrNotWAV, "ID3"},
		{"RIFF of another kind", []byte("RIFF\x04\x00\x00\x00AVI "), audio.ErrNotWAV, "RIFF"},
		{"big end first", []byte("RIFX\x00\x00\x00\x04WAVE"), audio.ErrUnsupported, "RIFX"},
		{"64-bit sizes", []byte("RF64\xff\xff\xff\xffWAVE"), audio.ErrUnsupported, "RF64"},
		{"no chunks", wav(), audio.ErrBroken, "no format chunk"},
		{"no format", wav(sound), audio.ErrBroken, "before their format"},
		{"no data", wav(head), audio.ErrBroken, "no samples"},
		{"empty data", wav(head, chunk("data", nil)), audio.ErrBroken, "no samples"},
		{"half a sample", wav(head, chunk("data", []byte{1})), audio.ErrBroken, "no samples"},
		{"short format", wav(chunk("fmt ", make([]byte, 14)), sound), audio.ErrBroken, "14 bytes"},
		{"short extensible", wav(fmtChunk(0xfffe, 1, 8000, 16, 0, 0), sound), audio.ErrBroken, "18 bytes"},
		{"no channels", wav(fmtChunk(1, 0, 8000, 16), sound), audio.ErrUnsupported, "0 channels"},
		{"many channels", wav(fmtChunk(1, 9, 8000, 16), sound), audio.ErrUnsupported, "9 channels"},
		{"no rate", wav(fmtChunk(1, 1, 0, 16), sound), audio.ErrUnsupported, "0 samples a second"},
		{"wild rate", wav(fmtChunk(1, 1, 10_000_000, 16), sound), audio.ErrUnsupported, "10000000 samples"},
		{"no width", wav(fmtChunk(1, 1, 8000, 0), sound), audio.ErrUnsupported, "0x1 with 0 bits"},
		{"12 bits", wav(fmtChunk(1, 1, 8000, 12), sound), audio.ErrUnsupported, "0x1 with 12 bits"},
		{"ADPCM", wav(fmtChunk(0x11, 1, 8000, 4), sound), audio.ErrUnsupported, "0x11 with 4 bits"},
		{"too long", wav(fmtChunk(7, 1, 1000, 8), chunk("data", make([]byte, 1000*30*60+1))), audio.ErrTooLong, "30m0s"},
	} {
		p, err := audio.DecodeWAV(c.b)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || p != nil {
			t.Errorf("%s: got %v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
}

func TestEncodeWAVComesBack(t *testing.T) {
	p := audio.Tone(16000, 100*time.Millisecond, -3, 440)
	b := audio.EncodeWAV(p)
	back, err := audio.DecodeWAV(b)
	if err != nil || back.Rate != p.Rate || !slices.Equal(back.Samples, p.Samples) {
		t.Errorf("%v, %v", back, err)
	}
	if got := le.Uint32(b[4:]); int(got) != len(b)-8 {
		t.Errorf("RIFF size %d of %d bytes", got, len(b))
	}
}

func FuzzDecodeWAV(f *testing.F) {
	for _, w := range writers {
		f.Add(wav(fmtChunk(w.tag, 2, 8000, w.bits), chunk("data", make([]byte, 64))))
	}
	f.Add(wav(fmtChunk(0xfffe, 1, 8000, 16, make([]byte, 24)...), chunk("LIST", []byte{1}), chunk("data", []byte{1, 2})))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := audio.DecodeWAV(b)
		if err != nil {
			if !errors.Is(err, audio.ErrNotWAV) && !errors.Is(err, audio.ErrBroken) && !errors.Is(err, audio.ErrUnsupported) && !errors.Is(err, audio.ErrTooLong) {
				t.Fatal(err)
			}
			return
		}
		if len(p.Samples) == 0 || len(p.Samples) > len(b) {
			t.Fatalf("%d samples of %d bytes", len(p.Samples), len(b))
		}
		if len(p.Samples) < 1000 {
			audio.Encode(&media.Prompt{Rate: p.Rate, Samples: p.Samples}, lookup(t, "PCMU", 8000, 1), 20*time.Millisecond)
		}
	})
}
