package rest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct{ requests *prometheus.HistogramVec }

func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "tandem", Subsystem: "rest", Name: "request_seconds",
		Help: "Time to answer a request of the API.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 7),
	}, []string{"resource", "method", "class"})}
	if reg != nil {
		reg.MustRegister(m.requests)
	}
	return m
}

// served counts a request. Resource and method come from closed sets.
func (m metrics) served(resource, method string, status int, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE":
	default:
		method = "other"
	}
	if resource == "" {
		resource = "none"
	}
	m.requests.WithLabelValues(resource, method, class(status)).Observe(took.Seconds())
}
