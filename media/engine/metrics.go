package engine

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
)

// Counters is what one worker has counted since it started. Only the worker touches it.
type Counters struct {
	Received, Sent uint64 // RTP packets
	ReceivedRTCP   uint64
	SentRTCP       uint64
	Digits         uint64
	Dropped        [media.DropReasons]uint64
	Faults         [media.Faults]uint64
}

// public is a worker's counters as others may read them.
type public struct {
	received, sent, receivedRTCP, sentRTCP, digits atomic.Uint64
	dropped                                        [media.DropReasons]atomic.Uint64
	faults                                         [media.Faults]atomic.Uint64
	busy                                           atomic.Int64 // nanoseconds
}

// publish copies what changed. It runs on the worker, once a round.
func (w *Worker) publish(busy time.Duration) {
	c, p := &w.Count, &w.public
	p.busy.Add(int64(busy))
	copyIf(&p.received, c.Received)
	copyIf(&p.sent, c.Sent)
	copyIf(&p.receivedRTCP, c.ReceivedRTCP)
	copyIf(&p.sentRTCP, c.SentRTCP)
	copyIf(&p.digits, c.Digits)
	for i := range c.Dropped {
		copyIf(&p.dropped[i], c.Dropped[i])
	}
	for i := range c.Faults {
		copyIf(&p.faults[i], c.Faults[i])
	}
}

// copyIf stores only what is new: a load costs next to nothing, a store keeps the cache line busy.
func copyIf(to *atomic.Uint64, v uint64) {
	if to.Load() != v {
		to.Store(v)
	}
}

// collector reads the workers' counters when somebody scrapes.
type collector struct {
	e                                         *Engine
	packets, rtcp, dropped, faults, digits    *prometheus.Desc
	streams, busy, load, portsInUse, portsAll *prometheus.Desc

	last atomic.Pointer[[]sample]
}

// sample is a worker's busy time at a scrape, from which the next one makes a ratio.
type sample struct {
	at   time.Time
	busy time.Duration
}

func newCollector(e *Engine) *collector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("tandem", "media", name), help, labels, nil)
	}
	return &collector{
		e:          e,
		packets:    d("packets_total", "RTP packets that were received from or sent to parties.", "way"),
		rtcp:       d("rtcp_packets_total", "RTCP packets that were received from or sent to parties.", "way"),
		dropped:    d("dropped_packets_total", "Packets that were not forwarded, by reason.", "reason"),
		faults:     d("faults_total", "Faults named on streams.", "fault"),
		digits:     d("digits_total", "Keys pressed, by RFC 4733 events."),
		streams:    d("streams", "Open streams.", "worker"),
		busy:       d("worker_busy_seconds_total", "Time a worker was not waiting.", "worker"),
		load:       d("worker_load_ratio", "Share of the time since the last scrape in which a worker was not waiting.", "worker"),
		portsInUse: d("ports_in_use", "UDP ports that calls hold."),
		portsAll:   d("ports", "UDP ports of the configured range, on all addresses."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.packets, c.rtcp, c.dropped, c.faults, c.digits, c.streams, c.busy, c.load, c.portsInUse, c.portsAll,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	t := c.e.Counters()
	counter(c.packets, float64(t.Received), "received")
	counter(c.packets, float64(t.Sent), "sent")
	counter(c.rtcp, float64(t.ReceivedRTCP), "received")
	counter(c.rtcp, float64(t.SentRTCP), "sent")
	counter(c.digits, float64(t.Digits))
	for i, n := range t.Dropped {
		counter(c.dropped, float64(n), media.Drop(i).String())
	}
	for i, n := range t.Faults[1:] {
		counter(c.faults, float64(n), media.Fault(i+1).String())
	}
	gauge(c.portsInUse, float64(c.e.Ports.InUse()))
	gauge(c.portsAll, float64(c.e.Ports.Size()))
	c.workers(counter, gauge)
}

func (c *collector) workers(counter, gauge func(*prometheus.Desc, float64, ...string)) {
	now := make([]sample, len(c.e.workers))
	for i, w := range c.e.workers {
		now[i] = sample{time.Now(), time.Duration(w.public.busy.Load())}
	}
	before := c.last.Swap(&now)
	for i, w := range c.e.workers {
		name := strconv.Itoa(i)
		counter(c.busy, now[i].busy.Seconds(), name)
		gauge(c.streams, float64(c.e.loadOf(w)), name)
		from := sample{at: w.started}
		if before != nil {
			from = (*before)[i]
		}
		if d := now[i].at.Sub(from.at); d > 0 {
			gauge(c.load, min(1, (now[i].busy-from.busy).Seconds()/d.Seconds()), name)
		}
	}
}
