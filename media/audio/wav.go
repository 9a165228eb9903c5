package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"tandem/media"
)

// Bounds on what a file may claim. The size of the file itself is for the caller to limit; the samples take at most twice of it.
const (
	MaxDuration = 30 * time.Minute
	maxChannels = 8
	minRate     = 1000
	maxRate     = 384_000
)

// Why a file cannot be played. The error that wraps one of them says more.
var (
	ErrNotWAV      = errors.New("not a WAV file")
	ErrBroken      = errors.New("broken WAV file")
	ErrUnsupported = errors.New("unsupported WAV format")
	ErrTooLong     = errors.New("sound too long")
)

// Format tags of the fmt chunk.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagALaw       = 6
	tagMuLaw      = 7
	tagExtensible = 0xfffe
)

// format is the fmt chunk.
type format struct {
	tag, bits, channels, rate int
}

// DecodeWAV reads a file of PCM with 8, 16, 24 or 32 bits, floating point with 32 or 64, A-law or mu-law, of any rate; channels are
// mixed to one. Errors wrap ErrNotWAV, ErrBroken, ErrUnsupported or ErrTooLong.
func DecodeWAV(b []byte) (*media.Prompt, error) {
	if len(b) < 12 || string(b[8:12]) != "WAVE" || string(b[:4]) != "RIFF" {
		return nil, notWAV(b)
	}
	var f *format
	for at := 12; at+8 <= len(b); {
		id, size := string(b[at:at+4]), int64(binary.LittleEndian.Uint32(b[at+4:]))
		at += 8
		chunk := b[at:min(int64(len(b)), int64(at)+size)]
		switch id {
		case "fmt ":
			g, err := parseFormat(chunk)
			if err != nil {
				return nil, err
			}
			f = &g
		case "data":
			if f == nil {
				return nil, fmt.Errorf("%w: samples at byte %d come before their format", ErrBroken, at)
			}
			if size == 0 { // written to a pipe that could not go back
				chunk = b[at:]
			}
			return f.prompt(chunk)
		}
		at += len(chunk) + len(chunk)&1 // chunks begin at even offsets
	}
	if f == nil {
		return nil, fmt.Errorf("%w: no format chunk", ErrBroken)
	}
	return nil, fmt.Errorf("%w: no samples", ErrBroken)
}

func notWAV(b []byte) error {
	if len(b) >= 12 && string(b[8:12]) == "WAVE" && (string(b[:4]) == "RIFX" || string(b[:4]) == "RF64") {
		return fmt.Errorf("%w: %s", ErrUnsupported, b[:4])
	}
	return fmt.Errorf("%w: begins with %q", ErrNotWAV, b[:min(len(b), 12)])
}

func parseFormat(c []byte) (format, error) {
	if len(c) < 16 {
		return format{}, fmt.Errorf("%w: format chunk of %d bytes", ErrBroken, len(c))
	}
	f := format{
		tag:      int(binary.LittleEndian.Uint16(c)),
		channels: int(binary.LittleEndian.Uint16(c[2:])),
		rate:     int(binary.LittleEndian.Uint32(c[4:])),
		bits:     int(binary.LittleEndian.Uint16(c[14:])),
	}
	if f.tag == tagExtensible {
		if len(c) < 26 {
			return format{}, fmt.Errorf("%w: extensible format chunk of %d bytes", ErrBroken, len(c))
		}
		f.tag = int(binary.LittleEndian.Uint16(c[24:])) // the first two bytes of the GUID are the tag of old
	}
	switch {
	case f.channels < 1 || f.channels > maxChannels:
		return format{}, fmt.Errorf("%w: %d channels", ErrUnsupported, f.channels)
	case f.rate < minRate || f.rate > maxRate:
		return format{}, fmt.Errorf("%w: %d samples a second", ErrUnsupported, f.rate)
	case samples[kind{f.tag, f.bits}] == nil:
		return format{}, fmt.Errorf("%w: format %#x with %d bits", ErrUnsupported, f.tag, f.bits)
	}
	return f, nil
}

// prompt reads samples; an incomplete one at the end of a cut-off file is left out.
func (f *format) prompt(data []byte) (*media.Prompt, error) {
	width := f.bits / 8
	frame := width * f.channels
	n := len(data) / frame
	if n == 0 {
		return nil, fmt.Errorf("%w: no samples", ErrBroken)
	}
	if int64(n) > int64(f.rate)*int64(MaxDuration/time.Second) {
		return nil, fmt.Errorf("%w: more than %v", ErrTooLong, MaxDuration)
	}
	read, out := samples[kind{f.tag, f.bits}], make([]int16, n)
	for i := range out {
		sum := 0
		for c := range f.channels {
			sum += int(read(data[i*frame+c*width:]))
		}
		out[i] = int16(sum / f.channels)
	}
	return &media.Prompt{Rate: f.rate, Samples: out}, nil
}
