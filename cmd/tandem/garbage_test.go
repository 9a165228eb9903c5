package main

import (
	"runtime/debug"
	"testing"
)

func TestCollectorKeepsPace(t *testing.T) {
	const mib = 1 << 20
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	c := collector{garbage: 64 * mib, percent: 100}
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, mostGarbage},
		{1 * mib, mostGarbage},
		{16 * mib, 400},
		{17 * mib, 400}, // too little to stop the world for
		{32 * mib, 200},
		{64 * mib, 100},
		{128 * mib, 50},
		{500 * mib, leastGarbage},
	} {
		c.pace(tt.live)
		got := debug.SetGCPercent(c.percent)
		if got != tt.want || c.percent != tt.want {
			t.Errorf("got %d %% with %d bytes live, want %d %%", got, tt.live, tt.want)
		}
	}
}
