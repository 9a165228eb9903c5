package webhook

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	seconds  *prometheus.HistogramVec
	requests *prometheus.CounterVec
	inFlight *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tandem", Subsystem: "webhook", Name: "request_seconds",
			Help:    "Time from asking to the last byte of the answer, redirects included.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}, []string{"kind"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tandem", Subsystem: "webhook", Name: "requests_total",
			Help: "Requests by their end: a status class, or what failed.",
		}, []string{"kind", "result"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "tandem", Subsystem: "webhook", Name: "requests_in_flight",
			Help: "Requests under way, those that wait for their account's limit included.",
		}, []string{"kind"}),
	}
	if reg != nil {
		reg.MustRegister(m.seconds, m.requests, m.inFlight)
	}
	return m
}

// results name the ends of a request that got no usable answer.
var results = map[int]string{
	CodeBadURL: "bad_url", CodeConnect: "connect", CodeProtocol: "protocol",
	CodeRedirects: "redirects", CodeTLS: "tls", CodeTooLarge: "too_large",
}

var classes = [...]string{"1xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

// class is the status class of a code as a label.
func class(code int) string {
	if code < 100 || code > 599 {
		return "other"
	}
	return classes[code/100]
}
