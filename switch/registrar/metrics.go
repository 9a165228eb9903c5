package registrar

import "github.com/prometheus/client_golang/prometheus"

// register puts the registrar's metrics on the registry; nil keeps them private.
func (r *Registrar) register(reg prometheus.Registerer) {
	bindings := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "tandem", Subsystem: "registrar", Name: "bindings",
		Help: "Contacts that are registered now.",
	}, func() float64 { return float64(r.Count()) })
	r.removed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "tandem", Subsystem: "registrar", Name: "removals_total",
		Help: "Bindings that ended, by reason: expired, unregistered, flow_closed, removed.",
	}, []string{"reason"})
	if reg != nil {
		reg.MustRegister(bindings, r.removed)
	}
}
