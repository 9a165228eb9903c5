package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// SIP is `tandem bench sip`: whole B2BUA calls, INVITE to BYE on both legs, media anchored but silent.
type SIP struct {
	Credentials   string        `required:"" help:"File that 'tandem serve --credentials' wrote."`
	PID           int           `required:"" help:"Process ID of the switch, whose CPU and memory are measured."`
	Rate          float64       `default:"500" help:"Calls a second to place."`
	Calls         int           `default:"5000" help:"How many calls to place."`
	Hold          time.Duration `default:"100ms" help:"How long a call stays up; 0s hangs up right behind the ACK, before the parties are joined."`
	Mux           bool          `help:"Agree on rtcp-mux, which spares the switch two sockets a call."`
	Registrations int           `default:"5000" help:"How many digest registrations to make first."`
}

// sipResult is what SIP prints.
type sipResult struct {
	Calls           int64            `json:"calls"`
	Failed          map[string]int64 `json:"failed"`
	Seconds         float64          `json:"seconds"`
	CallsPerSecond  float64          `json:"calls_per_second"`
	CPUPerCall      float64          `json:"cpu_per_call_us"`
	Retransmissions int64            `json:"retransmissions"` // of either end, sent and seen
	Setup           percentiles      `json:"setup"`
	PeakCalls       int              `json:"peak_calls"`
	Memory          *memory          `json:"memory,omitempty"` // of calls that are held

	Registrations      int     `json:"registrations"`
	CPUPerRegistration float64 `json:"cpu_per_registration_us"`
}

// memory is what the switch's process had resident.
type memory struct {
	Before  int64 `json:"before_bytes"`
	Peak    int64 `json:"peak_bytes"`
	PerCall int64 `json:"per_call_bytes"` // the difference, for each call up at the peak
}

// Run drives the switch and prints the result to w as JSON.
func (s *SIP) Run(ctx context.Context, w io.Writer) error {
	p, err := newPair(ctx, s.Credentials)
	if err != nil {
		return err
	}
	defer p.close()
	r := sipResult{Registrations: s.Registrations}
	if r.CPUPerRegistration, err = p.registrations(ctx, s.Registrations, s.PID); err != nil {
		return err
	}
	p.caller.hold, p.caller.mux, p.callee.mux = s.Hold, s.Mux, s.Mux
	before, err := usageOf(s.PID)
	if err != nil {
		return err
	}
	start, peak := time.Now(), newPeakWatch(s.PID)
	if err := peak.during(func() error { return p.run(ctx, s.Rate, s.Calls) }); err != nil {
		return err
	}
	after, err := usageOf(s.PID)
	if err != nil {
		return err
	}
	c := p.caller
	r.Calls, r.Failed, r.Setup = c.done, c.failed, summarise(c.setup)
	r.Seconds = time.Since(start).Seconds()
	r.CallsPerSecond = float64(c.done) / r.Seconds
	r.CPUPerCall = perUnit(after.cpu-before.cpu, c.done)
	r.Retransmissions = c.resent + c.answers + p.callee.resent + p.callee.requests
	r.PeakCalls = c.peak
	if s.Hold >= time.Second && c.peak > 0 {
		r.Memory = &memory{before.resident, peak.resident, (peak.resident - before.resident) / int64(c.peak)}
	}
	return write(w, r)
}

// pair is a caller and a callee, both registered.
type pair struct {
	caller *caller
	callee *callee
}

// newPair opens and registers both ends and fetches the caller's challenge.
func newPair(ctx context.Context, file string) (*pair, error) {
	from, to, server, err := readCredentials(file)
	if err != nil {
		return nil, err
	}
	var p pair
	if p.callee, err = newCallee(to, server); err != nil {
		return nil, err
	}
	if p.caller, err = newCaller(from, server, to.Login); err != nil {
		return nil, err
	}
	if err := errors.Join(p.callee.register(ctx), p.caller.register(ctx)); err != nil {
		return nil, err
	}
	return &p, p.caller.challenge(ctx, p.caller.to)
}

func (p *pair) close() {
	_ = p.caller.conn.Close()
	_ = p.callee.conn.Close()
}

// nap is how long both ends rest when nothing is there: they look, so that waking them up costs the switch nothing.
const nap = 100 * time.Microsecond

// run places total calls at rate a second, serves both ends and returns when the last call has ended.
func (p *pair) run(ctx context.Context, rate float64, total int) error {
	for ctx.Err() == nil {
		now := time.Now()
		more, err := p.caller.step(now, rate, total)
		if err != nil || !more {
			return err
		}
		p.callee.step(now)
		if p.caller.poll(p.caller.handle)+p.callee.poll(p.callee.handle) == 0 {
			rest := unix.NsecToTimespec(int64(nap))
			_ = unix.Nanosleep(&rest, nil) // not time.Sleep, which seldom sleeps less than a millisecond
		}
	}
	return context.Cause(ctx)
}

// registrations refreshes the callee's binding n times, some under way at once, and returns microseconds of CPU for each.
func (p *pair) registrations(ctx context.Context, n, pid int) (float64, error) {
	const window = 32
	before, err := usageOf(pid)
	if err != nil {
		return 0, err
	}
	a, buf := p.callee.agent, make([]byte, 8192)
	uri, callID := "sip:"+a.server.String(), "refresh-"+port(a.local)
	sent, answered := 0, 0
	for answered < n && ctx.Err() == nil {
		for ; sent < n && sent-answered < window; sent++ {
			a.cseq++
			line, err := a.auth.line("REGISTER", uri)
			if err != nil {
				return 0, err
			}
			branch := fmt.Sprintf("%s-%d", callID, a.cseq)
			head := a.request("REGISTER", uri, branch, callID, "r", "<"+a.aor()+">", a.cseq, line+"Expires: 3600\r\n")
			if _, err := a.conn.Write([]byte(withBody(head, ""))); err != nil {
				return 0, err
			}
		}
		if err := a.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return 0, err
		}
		got, err := a.conn.Read(buf)
		if err != nil {
			return 0, fmt.Errorf("registration %d of %d: %w", answered, n, err)
		}
		m, ok := parse(buf[:got])
		if !ok || m.callID != callID || m.code < 200 {
			continue
		}
		if m.code != 200 {
			return 0, fmt.Errorf("registration %d of %d: answer %d", answered, n, m.code)
		}
		answered++
	}
	if err := a.conn.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	after, err := usageOf(pid)
	return perUnit(after.cpu-before.cpu, int64(n)), err
}
