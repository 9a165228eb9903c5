package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Percentages of live memory between which the collector is set: less would
// cost a busy switch too much time, more saves nothing.
const (
	leastGarbage = 40
	mostGarbage  = 1600
)

// garbageEvery is how often the pace is set anew.
const garbageEvery = 500 * time.Millisecond

// collector lets so many bytes of garbage pile up between two collections. Go's
// pace is as much garbage as there is live memory: a switch with thousands of
// short calls a second has little that lives, and would collect forty times a
// second (20 % of its time at 3,000 calls a second, 2026-11-21), and one with
// thousands of long calls would take up twice what they need. GOGC in the
// environment goes before it.
type collector struct {
	garbage int // 0: Go's own pace
	percent int
}

// serve sets the pace until ctx ends.
func (c *collector) serve(ctx context.Context) error {
	if _, own := os.LookupEnv("GOGC"); own || c.garbage <= 0 {
		return nil
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(garbageEvery)
	defer tick.Stop()
	before := debug.SetGCPercent(mostGarbage)
	defer debug.SetGCPercent(before)
	c.percent = mostGarbage
	for {
		select {
		case <-tick.C:
			metrics.Read(sample)
			c.pace(sample[0].Value.Uint64())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pace sets the percentage that makes the garbage wanted of what is live. It
// costs a stop of the world, so small changes are left out.
func (c *collector) pace(live uint64) {
	percent := min(max(c.garbage*100/int(max(live, 1)), leastGarbage), mostGarbage)
	if diff := percent - c.percent; diff*diff*100 > c.percent*c.percent { // more than a tenth
		debug.SetGCPercent(percent)
		c.percent = percent
	}
}
