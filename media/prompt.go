package media

import "sync"

// Prompt is sound ready to be played: mono 16-bit samples, and for every codec
// it was played in, its payloads, encoded once and shared by all who hear it.
type Prompt struct {
	Rate    int      // samples a second
	Samples []int16  // read only
	encoded sync.Map // codec key -> [][]byte
}

// Payloads returns the prompt as 20 ms payloads of the codec named key, made by encode at the first call.
func (p *Prompt) Payloads(key string, encode func(*Prompt) [][]byte) [][]byte {
	if v, ok := p.encoded.Load(key); ok {
		return v.([][]byte)
	}
	v, _ := p.encoded.LoadOrStore(key, encode(p))
	return v.([][]byte)
}
