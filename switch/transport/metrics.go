package transport

import "github.com/prometheus/client_golang/prometheus"

// reason says why something was dropped.
type reason uint8

const (
	dropKeepAlive reason = iota // received: CRLF or NUL octets alone
	dropMalformed               // received: cannot be answered
	dropTruncated               // received: longer than max_message
	dropFraming                 // received: a stream that cannot be followed further
	dropFull                    // to send: the socket or the queue takes no more
	dropClosed                  // to send: the connection is gone
	dropTooLong                 // to send: does not fit a datagram
	dropRefused                 // to send: the kernel said no
)

var reasons = [...]string{"keep_alive", "malformed", "truncated", "framing", "queue_full", "closed", "too_long", "send_error"}

// traffic are the counters of one network, looked up once.
type traffic struct {
	received, sent          prometheus.Counter
	receivedBytes           prometheus.Counter
	sentBytes               prometheus.Counter
	dropped                 [len(reasons)]prometheus.Counter
	accepted, dialled       prometheus.Counter
	inbound, outbound       prometheus.Gauge
	fullTotal, fullOfSource prometheus.Counter
}

type metrics struct {
	of [len(networks)]traffic
}

func newMetrics(reg prometheus.Registerer, kernelDrops func() float64) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tandem", Subsystem: "transport", Name: name, Help: help}, labels)
	}
	messages := counter("messages_total", "SIP messages received and sent.", "network", "direction")
	size := counter("bytes_total", "Bytes of SIP messages received and sent.", "network", "direction")
	dropped := counter("dropped_messages_total", "What was received or was to be sent, and was dropped.", "network", "reason")
	began := counter("connections_total", "Stream connections established.", "network", "direction")
	refused := counter("refused_connections_total", "Stream connections closed at once because of a limit.", "network", "limit")
	open := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "tandem", Subsystem: "transport", Name: "connections", Help: "Stream connections now open."}, []string{"network", "direction"})
	kernel := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Namespace: "tandem", Subsystem: "transport", Name: "kernel_dropped_datagrams_total",
		Help: "Datagrams the kernel dropped because a UDP socket's receive buffer was full.",
	}, kernelDrops)
	if reg != nil {
		reg.MustRegister(messages, size, dropped, began, refused, open, kernel)
	}
	m := new(metrics)
	for n := UDP; int(n) < len(networks); n++ {
		name, t := n.String(), &m.of[n]
		t.received, t.sent = messages.WithLabelValues(name, "received"), messages.WithLabelValues(name, "sent")
		t.receivedBytes, t.sentBytes = size.WithLabelValues(name, "received"), size.WithLabelValues(name, "sent")
		for i, r := range reasons {
			t.dropped[i] = dropped.WithLabelValues(name, r)
		}
		if n.Reliable() {
			t.accepted, t.dialled = began.WithLabelValues(name, "inbound"), began.WithLabelValues(name, "outbound")
			t.inbound, t.outbound = open.WithLabelValues(name, "inbound"), open.WithLabelValues(name, "outbound")
			t.fullTotal, t.fullOfSource = refused.WithLabelValues(name, "total"), refused.WithLabelValues(name, "source")
		}
	}
	return m
}

func (t *traffic) drop(r reason) { t.dropped[r].Inc() }

func (t *traffic) out(bytes int) {
	t.sent.Inc()
	t.sentBytes.Add(float64(bytes))
}
