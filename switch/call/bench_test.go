package call_test

import (
	"context"
	"log/slog"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// discard keeps nothing, as fast as it can be kept.
type discard struct{ ended chan struct{} }

func (discard) Began(*call.Summary)                    {}
func (discard) Answered(call.ID, time.Time, time.Time) {}
func (d discard) Ended(*call.Summary)                  { d.ended <- struct{}{} }

func (discard) Resolve(context.Context, string, call.Target) ([]call.Outgoing, error) {
	return []call.Outgoing{{To: "sip:200@example.net"}}, nil
}

// answers places legs whose party answers at once.
type answers struct{ legs chan *calltest.Leg }

func (a answers) Invite(ctx context.Context, o call.Outgoing) (call.Leg, error) {
	l := calltest.NewOutbound(o)
	l.Ringing()
	l.Answered()
	a.legs <- l
	return l, nil
}

func benchSwitch() (*call.Manager, answers, discard) {
	plan := call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
		_, err := c.Dial(ctx, call.Dial{
			Targets:        []call.Target{{Kind: call.TargetNumber, Value: "200"}},
			AnswerOnBridge: true, EarlyMedia: true, PassHold: true,
		})
		return err
	})
	legs, kept := answers{make(chan *calltest.Leg, 1)}, discard{make(chan struct{}, 2)}
	m := call.New(call.Default(), call.Deps{
		Inviter: legs, Dialer: kept, Mux: &calltest.Mux{Handler: plan}, Records: kept,
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	return m, legs, kept
}

// BenchmarkBridgedCall is a whole call of plain routing, INVITE to BYE on both legs, without SIP and RTP.
func BenchmarkBridgedCall(b *testing.B) {
	m, legs, kept := benchSwitch()
	b.ReportAllocs()
	bridged := make(chan struct{}, 1)
	began := cpu()
	for b.Loop() {
		caller := calltest.NewLeg()
		caller.Stream().OnBridge = func() { bridged <- struct{}{} }
		m.Accept(caller)
		callee := <-legs.legs
		<-bridged
		callee.Hang()
		<-kept.ended
		<-kept.ended
	}
	b.ReportMetric(float64(cpu()-began)/float64(b.N), "cpu-ns/op")
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCallsUp measures what a bridged pair keeps, calltest's legs included.
func BenchmarkCallsUp(b *testing.B) {
	const pairs = 5000
	for b.Loop() {
		m, legs, kept := benchSwitch()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		callees := make([]*calltest.Leg, 0, pairs)
		for range pairs {
			caller := calltest.NewLeg()
			m.Accept(caller)
			callees = append(callees, <-legs.legs)
			for caller.Stream().Peer() == nil {
				runtime.Gosched()
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/pairs, "heap-B/pair")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/pairs, "stack-B/pair")
		go func() {
			for range 2 * pairs {
				<-kept.ended
			}
		}()
		for _, l := range callees {
			l.Hang()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if err := m.Drain(ctx); err != nil {
			b.Fatal(err)
		}
		cancel()
	}
}
