package stream_test

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"tandem/media/engine"
	"tandem/media/ports"
	"tandem/media/stream"
)

func TestPortsRunOutAndComeBack(t *testing.T) {
	b := newBed(t, func(c *engine.Config) { c.Ports = "14900-14903" })
	one, two := b.open(t, stream.Options{}), b.open(t, stream.Options{})
	if _, err := b.Open(stream.Options{}); !errors.Is(err, ports.ErrExhausted) {
		t.Errorf("got %v, want ErrExhausted", err)
	}
	one.Close()
	one.Sync()
	b.open(t, stream.Options{Beside: two})
}

func TestThousandStreamsComeAndGo(t *testing.T) {
	b := newBed(t, func(c *engine.Config) { c.Ports, c.Workers = "14904-14999", 2 })
	for range 2 { // so that both workers are up
		b.open(t, stream.Options{}).Sync()
	}
	ports, before := b.Ports.InUse(), descriptors(t)
	for i := range 1000 {
		x, err := b.Open(stream.Options{})
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Open(stream.Options{Beside: x})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Bridge(y); err != nil {
			t.Fatal(err)
		}
		x.Close()
		y.Close()
		if i%10 == 9 {
			y.Sync()
			x.Sync()
		}
	}
	if n := b.Ports.InUse(); n != ports {
		t.Errorf("got %d ports in use, want %d", n, ports)
	}
	if after := descriptors(t); after != before {
		t.Errorf("got %d descriptors, want %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	l, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(l)
}

func TestPacketsCostNoAllocation(t *testing.T) {
	f := newField(t, 64)
	allocations := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Mallocs
	}
	const rounds = 50
	begun := allocations()
	for range rounds {
		f.lockstep()
		f.g.drain()
	}
	// A round itself posts two commands and makes a buffer; 3,200 packets with one allocation each would show.
	if n := allocations() - begun; n > rounds*30 {
		t.Errorf("got %d allocations for %d packets, want none a packet", n, rounds*64)
	}
}

func TestMemoryOfAStream(t *testing.T) {
	b := newBed(t, func(c *engine.Config) { c.Ports = "16000-19999" })
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const n = 500
	formats := g711()
	b.open(t, stream.Options{}).Sync()
	before := heap()
	list := make([]*stream.Stream, 0, n)
	for range n {
		s, err := b.Open(stream.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Apply(stream.Params{Formats: formats})
		list = append(list, s)
	}
	list[n-1].Sync()
	each := (heap() - before) / n
	t.Logf("%d bytes a stream", each)
	if each > 1100 {
		t.Errorf("got %d bytes a stream, want about 1 KiB", each)
	}
	for _, s := range list {
		s.Close()
	}
	list[n-1].Sync()
}

func TestMetrics(t *testing.T) {
	b := newBed(t, nil)
	x, y := couple(t, b, g711(), g711())
	x.hears(y, 0, "1", 0)
	x.press(5, nil)
	for range 6 {
		y.read()
	}
	y.sendBytes(y.rtp, []byte("rubbish"))
	x.stream.Sync()
	until(t, "a published count", func() bool { return b.Counters().Digits == 1 && b.Counters().Sent == 7 })
	for name, want := range map[string]float64{
		"tandem_media_digits_total": 1, "tandem_media_packets_total": 14, "tandem_media_dropped_packets_total": 1,
		"tandem_media_ports_in_use": 4, "tandem_media_streams": 2, "tandem_media_faults_total": 0,
	} {
		until(t, name, func() bool { return total(t, b, name) == want })
	}
	if busy := total(t, b, "tandem_media_worker_busy_seconds_total"); busy <= 0 {
		t.Errorf("got %v s busy, want more than 0", busy)
	}
	if load := total(t, b, "tandem_media_worker_load_ratio"); load < 0 || load > 1 {
		t.Errorf("got load %v, want 0 to 1", load)
	}
}

// total is the sum of a metric over its labels.
func total(t *testing.T, b *bed, name string) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
