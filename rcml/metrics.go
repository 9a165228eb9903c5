package rcml

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	documents     *prometheus.CounterVec
	verbs         *prometheus.CounterVec
	seconds       *prometheus.HistogramVec
	notifications *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		documents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tandem", Subsystem: "rcml", Name: "documents_total",
			Help: "Documents asked for, by what came of it.",
		}, []string{"result"}),
		verbs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tandem", Subsystem: "rcml", Name: "verbs_total",
			Help: "Verbs that were run, by what followed.",
		}, []string{"verb", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tandem", Subsystem: "rcml", Name: "verb_seconds",
			Help:    "How long verbs ran.",
			Buckets: []float64{.01, .1, 1, 5, 15, 60, 300, 1800},
		}, []string{"verb"}),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tandem", Subsystem: "rcml", Name: "notifications_total",
			Help: "Errors and warnings in documents, by their code.",
		}, []string{"code"}),
	}
	if reg != nil {
		reg.MustRegister(m.documents, m.verbs, m.seconds, m.notifications)
	}
	return m
}

func (m *metrics) fetched(err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.documents.WithLabelValues(result).Inc()
}

func (m *metrics) ran(verb, outcome string, took time.Duration) {
	m.verbs.WithLabelValues(verb, outcome).Inc()
	m.seconds.WithLabelValues(verb).Observe(took.Seconds())
}

// notified counts by code; the codes are the closed set of notification.go.
func (m *metrics) notified(code int) { m.notifications.WithLabelValues(strconv.Itoa(code)).Inc() }
