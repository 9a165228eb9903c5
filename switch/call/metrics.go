package call

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the call layer. Gauges and counters of closed label sets are looked
// up once: a call moves through four of them.
type metrics struct {
	active   [directions][statuses]prometheus.Gauge
	finished [directions][statuses]prometheus.Counter
	duration [directions]prometheus.Observer
	setup    [directions]prometheus.Observer
	panics   *prometheus.CounterVec
	refused  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "tandem", Subsystem: "call", Name: n, Help: help}
	}
	hist := func(n, help string, buckets []float64) *prometheus.HistogramVec {
		o := name(n, help)
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, Buckets: buckets,
		}, []string{"direction"})
	}
	active := prometheus.NewGaugeVec(prometheus.GaugeOpts(name("active", "Calls that are up, by status.")), []string{"direction", "status"})
	finished := prometheus.NewCounterVec(prometheus.CounterOpts(name("ended_total", "Calls that ended, by final status.")), []string{"direction", "status"})
	duration := hist("duration_seconds", "Time from answer to end.", prometheus.ExponentialBuckets(1, 3, 9))
	setup := hist("setup_seconds", "Time from the INVITE to the answer.", prometheus.ExponentialBuckets(0.005, 3, 9))
	m := &metrics{
		panics:  prometheus.NewCounterVec(prometheus.CounterOpts(name("panics_total", "Panics caught in a call.")), []string{"where"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts(name("not_admitted_total", "Calls refused with 503, by reason.")), []string{"reason"}),
	}
	for d := range Direction(directions) {
		for s := range Status(statuses) {
			if s.Final() {
				m.finished[d][s] = finished.WithLabelValues(d.String(), s.String())
			} else {
				m.active[d][s] = active.WithLabelValues(d.String(), s.String())
			}
		}
		m.duration[d] = duration.WithLabelValues(d.String())
		m.setup[d] = setup.WithLabelValues(d.String())
	}
	if reg != nil {
		reg.MustRegister(active, finished, duration, setup, m.panics, m.refused)
	}
	return m
}

func (m *metrics) began(d Direction, s Status) { m.active[d][s].Inc() }

func (m *metrics) moved(d Direction, from, to Status) {
	m.active[d][from].Dec()
	if to.Final() {
		m.finished[d][to].Inc()
	} else {
		m.active[d][to].Inc()
	}
}

func (m *metrics) answered(d Direction, after time.Duration) { m.setup[d].Observe(after.Seconds()) }

func (m *metrics) talked(d Direction, dur time.Duration) { m.duration[d].Observe(dur.Seconds()) }
