package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"tandem/switch/sipua/siptest"
)

// TestMetrics makes calls of each kind and checks that what the operator watches moves by as much as it should.
func TestMetrics(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	moved := p.moves(t)
	bob := p.registered(t, p.client(1))
	a := p.alice(t).Invite("bob")
	b := bob.WantCall()
	b.Ring()
	a.WantProvisional(180)
	p.wantMetric(t, 1, "tandem_call_active", `direction="inbound"`, `status="ringing"`)
	b.Answer()
	a.WantFinal(200)
	p.wantMetric(t, 1, "tandem_call_active", `direction="inbound"`, `status="in-progress"`)
	p.wantMetric(t, 1, "tandem_call_active", `direction="outbound-dial"`, `status="in-progress"`)
	p.wantMetric(t, 4, "tandem_media_ports_in_use")
	p.wantMetric(t, 2, "tandem_media_streams")
	wantTalk(a, b)
	a.Media().Key('5')
	a.Bye()
	b.WantBye()
	p.alice(t).Invite(p.dialPlan(t, app.document("/busy", `<Reject reason="busy"/>`))).WantFinal(486)
	c := p.alice(t).Invite(p.number("echo"))
	c.WantFinal(200)
	say(t, "127.0.0.1", c, []byte("what is this"))
	say(t, "127.0.0.9", c, append([]byte{0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}, make([]byte, 160)...))
	moved("tandem_media_dropped_packets_total", 1, `reason="malformed"`)
	moved("tandem_media_dropped_packets_total", 1, `reason="stranger"`)
	c.Bye()
	moved("tandem_call_ended_total", 2, `direction="inbound"`, `status="completed"`)
	moved("tandem_call_ended_total", 1, `direction="outbound-dial"`, `status="completed"`)
	moved("tandem_call_ended_total", 1, `direction="inbound"`, `status="busy"`)
	moved("tandem_call_setup_seconds_count", 2, `direction="inbound"`)
	moved("tandem_call_duration_seconds_count", 2, `direction="inbound"`)
	moved("tandem_sip_requests_total", 6, `method="INVITE"`, `direction="inbound"`) // each once without and once with credentials
	moved("tandem_sip_requests_total", 1, `method="INVITE"`, `direction="outbound"`)
	moved("tandem_sip_requests_total", 2, `method="BYE"`, `direction="inbound"`)
	moved("tandem_sip_requests_total", 1, `method="BYE"`, `direction="outbound"`)
	moved("tandem_sip_requests_total", 2, `method="REGISTER"`, `direction="inbound"`)
	moved("tandem_sip_responses_total", 2, `method="INVITE"`, `class="2xx"`, `direction="outbound"`)
	moved("tandem_sip_responses_total", 4, `method="INVITE"`, `class="4xx"`, `direction="outbound"`)
	moved("tandem_sip_responses_total", 1, `method="INVITE"`, `class="2xx"`, `direction="inbound"`)
	moved("tandem_sip_responses_total", 1, `method="REGISTER"`, `class="2xx"`, `direction="outbound"`)
	moved("tandem_registrar_bindings", 1)
	moved("tandem_media_digits_total", 1)
	moved("tandem_webhook_request_seconds_count", 1, `kind="document"`)
	moved("tandem_webhook_requests_total", 1, `kind="document"`, `result="2xx"`)
	moved("tandem_call_active", 0)
	moved("tandem_media_streams", 0)
	moved("tandem_media_ports_in_use", 0)
	for _, name := range []string{
		`tandem_media_packets_total`, `tandem_media_worker_busy_seconds_total`, `tandem_transport_messages_total`,
		`go_goroutines`, `process_open_fds`, `process_cpu_seconds_total`, `tandem_rest_request_seconds_count`, `tandem_store_commit_seconds_count`,
	} {
		if p.metric(name) <= 0 {
			t.Errorf("%s has not moved", name)
		}
	}
	for _, name := range []string{`tandem_media_worker_load_ratio{worker="0"}`, `tandem_media_dropped_packets_total{reason=`, `tandem_sip_held{`} {
		if !strings.Contains(p.scrape(), "\n"+name) {
			t.Errorf("there is no %s", name)
		}
	}
}

// say sends a packet to where a call's media goes, from an address that is not the phone's own.
func say(t *testing.T, from string, c *siptest.Call, packet []byte) {
	t.Helper()
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)}, net.UDPAddrFromAddrPort(c.Media().Remote()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(packet); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// moves returns a function that waits until a metric has moved by so much since now.
func (p *program) moves(t *testing.T) func(name string, by float64, labels ...string) {
	t.Helper()
	before := p.scrape()
	return func(name string, by float64, labels ...string) {
		t.Helper()
		was := p.sum(before, name, labels...)
		eventually(t, fmt.Sprintf("%s %v has moved by %v", name, labels, by), func() error {
			if is := p.metric(name, labels...); is-was != by {
				return fmt.Errorf("it has moved from %v to %v", was, is)
			}
			return nil
		})
	}
}

// wantMetric waits until a metric has a value.
func (p *program) wantMetric(t *testing.T, want float64, name string, labels ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s %v is %v", name, labels, want), func() error {
		if is := p.metric(name, labels...); is != want {
			return fmt.Errorf("it is %v", is)
		}
		return nil
	})
}
