package call_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// numbers are targets by their user parts.
func numbers(users ...string) []call.Target {
	var ts []call.Target
	for _, u := range users {
		ts = append(ts, call.Target{Kind: call.TargetNumber, Value: u})
	}
	return ts
}

// dialled is a plan that dials d and keeps what came of it.
type dialled struct {
	d      call.Dial
	answer bool
	after  call.Handler // what follows; nil: nothing

	res  call.DialResult
	err  error
	took time.Duration
	c    *call.Call
	over bool
}

func (p *dialled) ServeCall(ctx context.Context, c *call.Call) error {
	p.c = c
	if p.answer {
		if err := c.Answer(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	p.res, p.err = c.Dial(ctx, p.d)
	p.took = time.Since(began)
	p.over = true
	if p.after != nil {
		return p.after.ServeCall(ctx, c)
	}
	return nil
}

func TestDialResults(t *testing.T) {
	refuse := func(code int) func(*calltest.Leg) { return func(l *calltest.Leg) { l.Refused(code) } }
	after := func(d time.Duration, f func(*calltest.Leg)) func(*calltest.Leg) {
		return func(l *calltest.Leg) { time.Sleep(d); f(l) }
	}
	for _, tt := range []struct {
		name    string
		scripts []func(*calltest.Leg) // of users 1, 2, 3 …
		refuse  error                 // of user 1's resolution
		status  call.Status
		code    int
		took    time.Duration
	}{
		{"busy", []func(*calltest.Leg){refuse(486)}, nil, call.StatusBusy, 486, 0},
		{"declined", []func(*calltest.Leg){refuse(603)}, nil, call.StatusBusy, 603, 0},
		{"unknown", []func(*calltest.Leg){refuse(404)}, nil, call.StatusFailed, 404, 0},
		{"unavailable", []func(*calltest.Leg){refuse(480)}, nil, call.StatusNoAnswer, 480, 0},
		{"overloaded", []func(*calltest.Leg){refuse(503)}, nil, call.StatusFailed, 503, 0},
		{"dead", []func(*calltest.Leg){after(32*time.Second, (*calltest.Leg).Lost)}, nil, call.StatusNoAnswer, 408, 32 * time.Second},
		{"rings for ever", []func(*calltest.Leg){(*calltest.Leg).Ringing}, nil, call.StatusNoAnswer, 408, time.Minute},
		{"no contact", nil, &call.Refusal{Code: 480}, call.StatusFailed, 480, 0},
		{"last one counts", []func(*calltest.Leg){refuse(486), after(time.Second, refuse(404))}, nil, call.StatusFailed, 404, time.Second},
		{"busy among equals", []func(*calltest.Leg){refuse(404), refuse(486), refuse(480)}, nil, call.StatusBusy, 486, 0},
		{
			"busy, unknown and a ringing one",
			[]func(*calltest.Leg){refuse(486), refuse(404), (*calltest.Leg).Ringing},
			nil, call.StatusNoAnswer, 408, time.Minute,
		},
		{"a target without contact beside a busy one", []func(*calltest.Leg){nil, refuse(486)}, &call.Refusal{Code: 480}, call.StatusBusy, 486, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &dialled{d: call.Dial{Timeout: time.Minute, AnswerOnBridge: true}}
				s := calltest.NewSwitch(t, p)
				for i := range max(len(tt.scripts), 1) {
					p.d.Targets = append(p.d.Targets, numbers(fmt.Sprint(i+1))...)
				}
				s.Dialer.Refuse = map[string]error{"1": tt.refuse}
				s.Inviter.Script = func(l *calltest.Leg) { tt.scripts[l.Party().To.User[0]-'1'](l) }
				leg := calltest.NewLeg()
				s.Accept(leg)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if p.res.Status != tt.status || p.res.Code != tt.code || p.took != tt.took || p.err != nil {
					t.Errorf("got %v %d after %v, %v; want %v %d after %v", p.res.Status, p.res.Code, p.took, p.err, tt.status, tt.code, tt.took)
				}
				if p.res.Bridged || p.res.Duration != 0 {
					t.Errorf("got %+v, want an unbridged result", p.res)
				}
				for _, l := range s.Inviter.Legs() {
					l.WantHangup(t)
				}
				if got, want := len(s.Records.All()), 1+len(s.Inviter.Legs()); got != want {
					t.Errorf("got %d records, want %d", got, want)
				}
			})
		})
	}
}

// A party that hangs up right behind the answer has closed its stream before the bridge is made.
func TestHangupBeforeTheBridge(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    func(caller, callee *calltest.Leg)
		by     call.EndedBy
		caller []string
		callee []string
		err    error
	}{
		{
			"caller", func(caller, _ *calltest.Leg) { caller.Hang() },
			call.ByCaller,
			[]string{"answer PCMU"},
			[]string{"bye Normal clearing"},
			call.ErrHangup,
		},
		{
			"callee", func(_, callee *calltest.Leg) { callee.Hang() },
			call.ByCallee,
			[]string{"answer PCMU", "bye Normal clearing"},
			nil, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &dialled{d: call.Dial{Targets: numbers("200"), AnswerOnBridge: true}}
				s := calltest.NewSwitch(t, p)
				s.Inviter.Prepare = func(l *calltest.Leg) { l.Takes = []offer.Format{calltest.PCMU} }
				caller := calltest.NewLeg()
				caller.Stream().Refuses = fmt.Errorf("bridge: %w", media.ErrClosed)
				s.Accept(caller)
				synctest.Wait()
				callee := s.Inviter.Leg("200")
				callee.Answered()
				synctest.Wait()
				tt.end(caller, callee)
				synctest.Wait()
				caller.WantDid(t, tt.caller...)
				callee.WantDid(t, tt.callee...)
				if p.res.Status != call.StatusCompleted || p.res.EndedBy != tt.by || !errors.Is(p.err, tt.err) {
					t.Errorf("got %+v, %v; want completed by %v with %v", p.res, p.err, tt.by, tt.err)
				}
			})
		})
	}
}

func TestBridgedCall(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    func(caller, callee *calltest.Leg)
		by     call.EndedBy
		caller []string
		callee []string
		err    error
	}{
		{
			"callee hangs up", func(_, callee *calltest.Leg) { callee.Hang() },
			call.ByCallee,
			[]string{"ring", "answer PCMU", "bye Normal clearing"},
			nil, nil,
		},
		{
			"caller hangs up", func(caller, _ *calltest.Leg) { caller.Hang() },
			call.ByCaller,
			[]string{"ring", "answer PCMU"},
			[]string{"bye Normal clearing"},
			call.ErrHangup,
		},
		{
			"time limit", func(*calltest.Leg, *calltest.Leg) { time.Sleep(time.Hour) },
			call.ByLimit,
			[]string{"ring", "answer PCMU", "bye Normal clearing"},
			[]string{"bye Time limit reached"},
			nil,
		},
		{
			"star", func(caller, _ *calltest.Leg) { caller.Press("1*") },
			call.ByKey,
			[]string{"ring", "answer PCMU", "bye Normal clearing"},
			[]string{"bye Normal clearing"},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &dialled{d: call.Dial{Targets: numbers("200"), TimeLimit: 10 * time.Minute, AnswerOnBridge: true, HangupKey: '*'}}
				s := calltest.NewSwitch(t, p)
				s.Inviter.Prepare = func(l *calltest.Leg) { l.Takes = []offer.Format{calltest.PCMU} }
				caller := calltest.NewLeg()
				s.Accept(caller)
				synctest.Wait()
				callee := s.Inviter.Leg("200")
				time.Sleep(time.Second)
				callee.Ringing()
				time.Sleep(2 * time.Second)
				callee.Answered()
				synctest.Wait()
				if caller.Stream().Peer() != callee.Stream() {
					t.Fatal("got no bridge, want one")
				}
				time.Sleep(5 * time.Second)
				tt.end(caller, callee)
				synctest.Wait()
				caller.WantDid(t, tt.caller...)
				callee.WantDid(t, tt.callee...)
				if p.res.Status != call.StatusCompleted || !p.res.Bridged || p.res.EndedBy != tt.by || !errors.Is(p.err, tt.err) {
					t.Errorf("got %+v, %v; want completed by %v with %v", p.res, p.err, tt.by, tt.err)
				}
				if p.res.RingDuration != 3*time.Second {
					t.Errorf("got ring duration %v, want 3s", p.res.RingDuration)
				}
				want := 5 * time.Second
				if tt.by == call.ByLimit {
					want = 10 * time.Minute
				}
				if p.res.Duration != want {
					t.Errorf("got duration %v, want %v", p.res.Duration, want)
				}
				child := s.Records.To(t, "200")
				if child.Parent != p.c.ID() || child.Direction != call.OutboundDial || child.Status != call.StatusCompleted || !child.Bridged {
					t.Errorf("got %+v, want a completed child of %s", child, p.c.ID())
				}
				if caller.Stream().Peer() != nil {
					t.Error("got a bridge after the end, want none")
				}
			})
		})
	}
}

func TestChildInheritsFromTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: []call.Target{{
			Kind: call.TargetSIP, Value: "sip:carol@example.org", Username: "u", Password: "p",
			Headers: []call.Header{{Name: "X-Order", Value: "42"}},
		}}, AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		o := s.Inviter.Leg("carol").Outgoing()
		if o.From != (call.Identity{User: "alice", Display: "Alice"}) || o.MaxForwards != 69 || o.Beside != caller || o.Username != "u" {
			t.Errorf("got %+v, want the caller's identity, one hop less and its leg", o)
		}
		if !slices.Equal(o.Formats, caller.Takes) {
			t.Errorf("got formats %v, want the caller's", o.Formats)
		}
		var names []string
		for _, h := range o.Headers {
			names = append(names, h.Name)
		}
		if want := []string{"X-Order", "X-RestComm-ApiVersion", "X-RestComm-AccountSid", "X-RestComm-CallSid"}; !slices.Equal(names, want) {
			t.Errorf("got headers %v, want %v", names, want)
		}
		if got := caller.Stamped(); len(got) != 3 || got[2].Value != string(p.c.ID()) {
			t.Errorf("got stamp %v, want the caller's own call SID", got)
		}
		caller.Hang()
	})
}

func TestCallerIDAndHops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("200"), CallerID: "+15551112222", AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		s.Inviter.Script = (*calltest.Leg).Busy
		s.Accept(calltest.NewLeg())
		synctest.Wait()
		if got := s.Inviter.Leg("200").Outgoing().From; got != (call.Identity{User: "+15551112222"}) {
			t.Errorf("got From %+v, want the caller ID without a display name", got)
		}
		party := calltest.NewLeg().Party()
		party.MaxForwards = 1
		last := calltest.NewLegFrom(party)
		s.Accept(last)
		synctest.Wait()
		if p.res.Code != 483 || p.res.Child != "" {
			t.Errorf("got %+v, want 483 without a child", p.res)
		}
	})
}

func TestCallerGoesWhileTargetsRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1", "2", "3"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		s.Inviter.Script = (*calltest.Leg).Ringing
		caller := calltest.NewLeg()
		s.Accept(caller)
		time.Sleep(3 * time.Second)
		caller.Hang()
		synctest.Wait()
		for _, l := range s.Inviter.Legs() {
			l.WantDid(t, "cancel Request terminated")
		}
		if p.res.Status != call.StatusCanceled || !errors.Is(p.err, call.ErrHangup) || p.res.RingDuration != 3*time.Second {
			t.Errorf("got %+v, %v; want canceled after 3s", p.res, p.err)
		}
		if got := s.Records.To(t, "2").Status; got != call.StatusCanceled {
			t.Errorf("got child %v, want canceled", got)
		}
		if got := s.Records.To(t, "bob").Status; got != call.StatusCanceled {
			t.Errorf("got caller %v, want canceled", got)
		}
	})
}

func TestFirstAnswerWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var users []string
		for i := range 10 {
			users = append(users, fmt.Sprintf("2%02d", i))
		}
		p := &dialled{d: call.Dial{Targets: numbers(users...), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		s.Inviter.Script = (*calltest.Leg).Ringing
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		s.Inviter.Leg("203").Answered()
		synctest.Wait()
		for _, l := range s.Inviter.Legs() {
			if l.Party().To.User == "203" {
				l.WantDid(t)
			} else {
				l.WantDid(t, "cancel Call completed elsewhere")
			}
		}
		caller.WantDid(t, "ring", "answer PCMU PCMA")
		caller.Hang()
		synctest.Wait()
		if got := s.Records.To(t, "200").Status; got != call.StatusCanceled {
			t.Errorf("got loser %v, want canceled", got)
		}
		if got, want := len(s.Records.All()), 11; got != want {
			t.Errorf("got %d records, want %d", got, want)
		}
	})
}

func TestCrossingAnswersMakeOneBridge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1", "2"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		one, two := s.Inviter.Leg("1"), s.Inviter.Leg("2")
		one.Answered()
		two.Answered()
		synctest.Wait()
		bridged, other := one, two
		if caller.Stream().Peer() == two.Stream() {
			bridged, other = two, one
		}
		if caller.Stream().Peer() != bridged.Stream() {
			t.Fatal("got no bridge, want exactly one")
		}
		bridged.WantDid(t)
		other.WantDid(t, "bye Call completed elsewhere")
		caller.Hang()
	})
}

func TestAnswerThatCrossesTheCancelStaysCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1"), Timeout: 5 * time.Second, AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		s.Inviter.Prepare = func(l *calltest.Leg) { l.SlowEnd = true }
		s.Accept(calltest.NewLeg())
		time.Sleep(6 * time.Second)
		callee := s.Inviter.Leg("1")
		callee.WantDid(t, "cancel Request timeout")
		callee.Answered() // the leg ends it by itself: ACK and BYE
		callee.End(call.Event{Cause: call.CauseTimeout})
		synctest.Wait()
		if got := s.Records.To(t, "1").Status; got != call.StatusNoAnswer {
			t.Errorf("got %v, want no-answer", got)
		}
	})
}

func TestLegSteps(t *testing.T) {
	type step struct {
		step   call.Step
		seq    int
		status call.Status
	}
	for _, tt := range []struct {
		name   string
		script func(*calltest.Leg)
		want   []step
	}{
		{"answered", func(l *calltest.Leg) { l.Ringing(); l.EarlyMedia(); l.Answered(); time.Sleep(time.Second); l.Hang() }, []step{
			{call.StepInitiated, 0, call.StatusQueued},
			{call.StepRinging, 1, call.StatusRinging},
			{call.StepAnswered, 2, call.StatusInProgress},
			{call.StepCompleted, 3, call.StatusCompleted},
		}},
		{"busy at once", (*calltest.Leg).Busy, []step{
			{call.StepInitiated, 0, call.StatusQueued},
			{call.StepCompleted, 1, call.StatusBusy},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []step
				targets := numbers("1")
				targets[0].Progress = func(p call.Progress) { got = append(got, step{p.Step, p.Sequence, p.Call.Status}) }
				s := calltest.NewSwitch(t, &dialled{d: call.Dial{Targets: targets, AnswerOnBridge: true}})
				s.Inviter.Script = tt.script
				s.Accept(calltest.NewLeg())
				time.Sleep(time.Minute)
				synctest.Wait()
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			})
		})
	}
}
