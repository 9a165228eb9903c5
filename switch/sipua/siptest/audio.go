package siptest

import (
	"math"
	"time"

	"tandem/media/codec"
)

// Samples decodes the G.711 packets of a recording, in the order they came.
func Samples(packets []Packet) []int16 {
	var pcm []int16
	for _, p := range packets {
		if c, ok := codec.Static(p.Type); ok && c.Decode != nil && c.ClockRate == 8000 {
			pcm = c.Decode(pcm, p.Payload)
		}
	}
	return pcm
}

// Share is the part of the energy of 8 kHz samples that a frequency in Hz carries, 0 to
// 1, by Goertzel's algorithm over blocks of 50 ms. A pure tone has nearly 1.
func Share(pcm []int16, frequency float64) float64 {
	const block = 400
	w := 2 * math.Cos(2*math.Pi*frequency/8000)
	var at, all float64
	for len(pcm) >= block {
		var s1, s2 float64
		for _, v := range pcm[:block] {
			x := float64(v)
			all += x * x
			s1, s2 = x+w*s1-s2, s1
		}
		at += (s1*s1 + s2*s2 - w*s1*s2) * 2 / block
		pcm = pcm[block:]
	}
	if all == 0 {
		return 0
	}
	return at / all
}

// Lost counts sequence numbers that are missing between packets of one source, resent ones not counted.
func Lost(packets []Packet) int {
	lost := 0
	for i := 1; i < len(packets); i++ {
		if packets[i].SSRC != packets[i-1].SSRC {
			continue
		}
		if gap := int16(packets[i].Sequence - packets[i-1].Sequence); gap > 1 {
			lost += int(gap) - 1
		}
	}
	return lost
}

// Longest is the longest time between two packets of a recording.
func Longest(packets []Packet) time.Duration {
	var longest time.Duration
	for i := 1; i < len(packets); i++ {
		longest = max(longest, packets[i].At.Sub(packets[i-1].At))
	}
	return longest
}
