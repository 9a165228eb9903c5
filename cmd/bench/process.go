package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// usage is what a process has consumed so far.
type usage struct {
	cpu      time.Duration // user and system
	resident int64         // bytes
}

// clockTicks is USER_HZ: the unit of /proc/PID/stat on every Linux platform Go runs on.
const clockTicks = 100

// usageOf reads the CPU time and resident memory of a process from /proc.
func usageOf(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, fmt.Errorf("read usage of the switch: %w", err)
	}
	// The command name, in parentheses, may hold blanks: count fields behind it (proc(5): utime is 14, stime 15, rss 24).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 22 {
		return usage{}, fmt.Errorf("read usage of the switch: /proc/%d/stat has %d fields", pid, len(fields))
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return n
	}
	return usage{
		cpu:      time.Duration(number(11)+number(12)) * time.Second / clockTicks,
		resident: number(21) * int64(os.Getpagesize()),
	}, nil
}

// peakWatch samples a process's memory and keeps the largest.
type peakWatch struct {
	pid      int
	resident int64
}

func newPeakWatch(pid int) *peakWatch { return &peakWatch{pid: pid} }

// during samples while f runs.
func (w *peakWatch) during(f func() error) error {
	stop := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				if u, err := usageOf(w.pid); err == nil {
					w.resident = max(w.resident, u.resident)
				}
			case <-stop:
				tick.Stop()
				return
			}
		}
	})
	err := f()
	close(stop)
	sampling.Wait()
	return err
}
