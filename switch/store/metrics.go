package store

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the writer's.
type metrics struct {
	rows, lost, failures prometheus.Counter
	batches              prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, w *writer) metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tandem", Subsystem: "store", Name: name, Help: help})
	}
	m := metrics{
		rows:     counter("rows_total", "Rows and changes written."),
		lost:     counter("lost_rows_total", "Rows that were not written: no room in the queue, or refused by the database."),
		failures: counter("failed_commits_total", "Transactions that could not be written and were tried again."),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "tandem", Subsystem: "store", Name: "commit_seconds",
			Help: "Time to write one batch.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 13),
		}),
	}
	queued := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "tandem", Subsystem: "store", Name: "queued_rows", Help: "Rows that wait for the disk.",
	}, func() float64 { return float64(len(w.queue)) })
	if reg != nil {
		reg.MustRegister(m.rows, m.lost, m.failures, m.batches, queued)
	}
	return m
}

func (m metrics) wrote(n int, took time.Duration) {
	m.rows.Add(float64(n))
	m.batches.Observe(took.Seconds())
}
