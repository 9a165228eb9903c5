package sipua

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	inbound  = 0
	outbound = 1
)

var directions = [2]string{"inbound", "outbound"}

// known is the method as a label: strangers cannot add to the set.
func known(method string) string {
	if _, ok := methods[method]; ok {
		return method
	}
	return "other"
}

// counted are the methods in the order of the counters.
var counted = [...]string{
	"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "UPDATE", "INFO",
	"PRACK", "REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", "other",
}

func methodIndex(method string) int {
	for i, m := range counted {
		if m == method {
			return i
		}
	}
	return len(counted) - 1
}

// metrics are the counters of all shards, looked up once and not per message.
type metrics struct {
	requests  [2][len(counted)]prometheus.Counter
	responses [2][len(counted)][7]prometheus.Counter // by class of code
	resent    [2]prometheus.Counter
	refusals  *prometheus.CounterVec
	dropped   prometheus.Counter
	unsent    prometheus.Counter
	timeouts  prometheus.Counter
	panics    prometheus.Counter
	held      *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tandem", Subsystem: "sip", Name: name, Help: help})
		if reg != nil {
			reg.MustRegister(c)
		}
		return c
	}
	vector := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tandem", Subsystem: "sip", Name: name, Help: help}, labels)
		if reg != nil {
			reg.MustRegister(v)
		}
		return v
	}
	x := &metrics{
		refusals: vector("refused_total", "Requests refused, by status code.", "code"),
		dropped:  counter("dropped_total", "Messages left without an answer: strays, scanners, late ACKs."),
		unsent:   counter("unsent_total", "Messages the transport would not take."),
		timeouts: counter("transaction_timeouts_total", "Transactions whose answer or ACK never came."),
		panics:   counter("panics_total", "Panics caught in a SIP event loop."),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "tandem", Subsystem: "sip", Name: "held", Help: "Transactions and dialogs in memory, by shard.",
		}, []string{"what", "shard"}),
	}
	if reg != nil {
		reg.MustRegister(x.held)
	}
	x.fill(vector)
	return x
}

// fill makes every label of the closed sets, so that all of them read 0 from the start.
func (x *metrics) fill(vector func(name, help string, labels ...string) *prometheus.CounterVec) {
	requests := vector("requests_total", "Requests, retransmissions apart.", "method", "direction")
	responses := vector("responses_total", "Responses, retransmissions of ours apart.", "method", "class", "direction")
	resent := vector("retransmissions_total", "Messages that came or went again.", "direction")
	for d, direction := range directions {
		x.resent[d] = resent.WithLabelValues(direction)
		for i, method := range counted {
			x.requests[d][i] = requests.WithLabelValues(method, direction)
			for class := 1; class < 7; class++ {
				x.responses[d][i][class] = responses.WithLabelValues(method, strconv.Itoa(class)+"xx", direction)
			}
		}
	}
}

func (x *metrics) request(direction int, method string) {
	x.requests[direction][methodIndex(method)].Inc()
}

func (x *metrics) response(direction int, method string, code int) {
	if class := code / 100; class >= 1 && class <= 6 {
		x.responses[direction][methodIndex(method)][class].Inc()
	}
}

func (x *metrics) retransmission(direction int) { x.resent[direction].Inc() }

// refused counts what was answered without becoming anything.
func (x *metrics) refused(a *answer) {
	if a.code >= 300 && a.code < 700 {
		x.refusals.WithLabelValues(strconv.Itoa(a.code)).Inc()
	}
}

// gauges are one shard's.
type gauges struct{ invites, servers, placed, clients, dialogs, timers prometheus.Gauge }

func (x *metrics) gauges(shard int) gauges {
	n := strconv.Itoa(shard)
	return gauges{
		invites: x.held.WithLabelValues("invite_server", n), servers: x.held.WithLabelValues("server", n),
		placed: x.held.WithLabelValues("invite_client", n), clients: x.held.WithLabelValues("client", n),
		dialogs: x.held.WithLabelValues("dialog", n), timers: x.held.WithLabelValues("timer", n),
	}
}

// gauge publishes what the shard holds.
func (s *shard) gauge() {
	s.gauges.invites.Set(float64(len(s.invites)))
	s.gauges.servers.Set(float64(len(s.servers)))
	s.gauges.placed.Set(float64(len(s.placed)))
	s.gauges.clients.Set(float64(len(s.clients)))
	s.gauges.dialogs.Set(float64(len(s.legs)))
	s.gauges.timers.Set(float64(s.wheel.Len()))
}
