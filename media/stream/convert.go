package stream

import "tandem/media"

// convert returns the prompt's samples at another rate, in Hz, by linear interpolation.
func convert(p *media.Prompt, rate int) []int16 {
	if p.Rate == rate || p.Rate <= 0 || len(p.Samples) == 0 {
		return p.Samples
	}
	out := make([]int16, len(p.Samples)*rate/p.Rate)
	for i := range out {
		at := i * p.Rate
		j := at / rate
		a, b := int(p.Samples[j]), int(p.Samples[min(j+1, len(p.Samples)-1)])
		out[i] = int16(a + (b-a)*(at%rate)/rate)
	}
	return out
}
