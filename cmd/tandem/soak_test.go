package main

import (
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// soakTime is how long calls of all kinds are made; tests in short mode make them for ten seconds.
var soakTime = flag.Duration("soak", time.Minute, "how long TestSoak makes calls")

// usage is what must not grow with calls.
type usage struct{ goroutines, files float64 }

func (s *soak) usage() usage {
	http.DefaultClient.CloseIdleConnections()
	return usage{s.p.metric("go_goroutines"), s.p.metric("process_open_fds")}
}

// TestSoak makes calls of all kinds for a while, several at once, and checks that nothing of them stays behind.
func TestSoak(t *testing.T) {
	t.Parallel()
	length := *soakTime
	if testing.Short() {
		length = min(length, 10*time.Second)
	}
	p, app := serve(t, t.TempDir(), "TANDEM_SIP_TIMERS_T1=200ms", "TANDEM_SIP_TIMERS_TIMER_D=13s", "TANDEM_LOG_LEVEL=WARN"), newApplication(t)
	app.document("/stay", `<Pause length="600"/>`)
	workers := make([]*soak, 3)
	for i := range workers {
		bob := p.newClient(t, "bob"+strconv.Itoa(i))
		name := strconv.Itoa(i)
		workers[i] = &soak{t: t, p: p, app: app, alice: p.newClient(t, "alice"+name), bob: bob, plans: map[string]string{
			"reject": p.dialPlan(t, app.document("/reject", `<Reject/>`)),
			"dial":   p.dialPlan(t, app.document("/dial"+name, `<Dial><Client>`+bob.Login+`</Client></Dial>`)),
		}}
	}
	for i := range kinds { // one of each, so that what is made once is there
		workers[0].round(i)
	}
	workers[0].idle(t)
	before := workers[0].usage()

	end := time.Now().Add(length)
	var all sync.WaitGroup
	rounds := make([]int, len(workers))
	for n, w := range workers {
		all.Go(func() {
			for i := 5 * n; time.Now().Before(end) && !t.Failed(); i++ {
				w.round(i)
				rounds[n]++
			}
		})
	}
	most := usage{}
	for time.Now().Before(end) && !t.Failed() {
		now := workers[0].usage()
		most.goroutines, most.files = max(most.goroutines, now.goroutines), max(most.files, now.files)
		p.wantUp(t)
	}
	all.Wait()
	workers[0].idle(t)
	p.wantMetric(t, 0, "tandem_sip_held") // transactions and dialogs: 64*T1 after the last call
	eventually(t, "goroutines and files are as before", func() error {
		const slack = 12 // connections of the API, of the web and of the database that are kept for the next request
		now := workers[0].usage()
		if now.goroutines > before.goroutines+slack || now.files > before.files+slack {
			return fmt.Errorf("%+v, before %+v", now, before)
		}
		return nil
	})
	ended := p.metric("tandem_call_ended_total")
	p.onDisk(t, "SELECT count(*) FROM calls WHERE ended > 0", int(ended))
	t.Logf("%v rounds, %v calls in %v; before %+v, at most %+v, after %+v, test's goroutines %d", rounds, ended, length, before, most,
		workers[0].usage(), runtime.NumGoroutine())
	for line := range strings.SplitSeq(p.out.String(), "\n") {
		if strings.Contains(line, "level=ERROR") {
			t.Error(line)
		}
	}
	p.works(t)
}

// idle waits until nothing of any call is left.
func (s *soak) idle(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"tandem_call_active", "tandem_media_ports_in_use", "tandem_media_streams", "tandem_registrar_bindings",
		"tandem_transport_connections", "tandem_webhook_requests_in_flight", "tandem_webhook_callbacks_pending", "tandem_store_queued_rows",
	} {
		s.p.wantMetric(t, 0, name)
	}
}

// wantUp checks that the switch still takes calls.
func (p *program) wantUp(t *testing.T) {
	t.Helper()
	if p.ended() {
		t.Fatal("the switch has ended")
	}
	if err := get(p.first.HTTP + "/readyz"); err != nil {
		t.Errorf("not ready: %v", err)
	}
	time.Sleep(200 * time.Millisecond) // between two looks
}
