package audio

import (
	"encoding/binary"

	"tandem/media"
)

// EncodeWAV writes a prompt as a file of 16-bit PCM.
func EncodeWAV(p *media.Prompt) []byte {
	le, size := binary.LittleEndian, 2*len(p.Samples)
	b := make([]byte, 0, 44+size)
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(36+size))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, tagPCM)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(p.Rate))
	b = le.AppendUint32(b, uint32(2*p.Rate))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(size))
	for _, s := range p.Samples {
		b = le.AppendUint16(b, uint16(s))
	}
	return b
}
