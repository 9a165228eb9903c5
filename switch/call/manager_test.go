package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/event"
)

func TestAdmit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*call.Config)
		up     int
		admit  int // how many of five are admitted
	}{
		{"no limits", func(c *call.Config) { c.MaxCalls = 0 }, 3, 5},
		{"room left", func(c *call.Config) { c.MaxCalls = 3 }, 2, 5},
		{"full", func(c *call.Config) { c.MaxCalls = 2 }, 2, 0},
		{"rate", func(c *call.Config) { c.CallsPerSecond, c.Burst = 1, 2 }, 0, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := calltest.NewSwitch(t, answered(park), tt.change)
				for range tt.up {
					s.Accept(calltest.NewLeg())
				}
				synctest.Wait()
				admitted := 0
				for range 5 {
					r := s.Admit()
					if r == nil {
						admitted++
					} else if r.Code != 503 || r.Retry != 5 {
						t.Errorf("got %d with Retry-After %d, want 503 and 5", r.Code, r.Retry)
					}
				}
				if admitted != tt.admit {
					t.Errorf("got %d admitted, want %d", admitted, tt.admit)
				}
			})
		})
	}
}

func TestStoreThatIsFullAdmitsNobody(t *testing.T) {
	full := true
	m := call.New(call.Default(), call.Deps{Full: func() bool { return full }})
	if r := m.Admit(); r == nil || r.Code != 503 {
		t.Errorf("got %v, want 503", r)
	}
	full = false
	if r := m.Admit(); r != nil {
		t.Errorf("got %v, want admission", r)
	}
}

func TestDrain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plan  call.Handler
		did   []string
		took  time.Duration
		error bool
	}{
		{"ends by itself", answered(func(context.Context, *call.Call) error {
			time.Sleep(20 * time.Second)
			return nil
		}), []string{"answer", "bye Normal clearing"}, 20 * time.Second, false},
		{"hung up", answered(park), []string{"answer", "bye Shutting down"}, 30 * time.Second, false},
		{"unanswered", call.HandlerFunc(park), []string{"refuse 480 Shutting down"}, 30 * time.Second, false},
		{"plan ignores its context", answered(func(context.Context, *call.Call) error {
			time.Sleep(time.Minute)
			return nil
		}), []string{"answer", "bye Shutting down"}, 35 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := calltest.NewSwitch(t, tt.plan)
				leg := calltest.NewLeg()
				s.Accept(leg)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				began := time.Now()
				err := s.Drain(ctx)
				if got := time.Since(began); got != tt.took || (err != nil) != tt.error {
					t.Errorf("got %v after %v, want error %v after %v", err, got, tt.error, tt.took)
				}
				leg.WantDid(t, tt.did...)
				if len(s.Records.All()) != 1 {
					t.Errorf("got %d records, want one", len(s.Records.All()))
				}
				late := calltest.NewLeg()
				s.Accept(late)
				late.WantDid(t, "refuse 503")
				if r := s.Admit(); r == nil || r.Code != 503 {
					t.Errorf("got %v, want 503 while draining", r)
				}
				if _, err := s.Place(ctx, call.Placement{Target: numbers("1")[0]}); err == nil {
					t.Error("got a placed call, want a refusal")
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestShutdownCauseReachesThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, _ *call.Call) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil
		}))
		s.Accept(calltest.NewLeg())
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Drain(ctx); err != nil || !errors.Is(cause, call.ErrShutdown) {
			t.Errorf("got %v and cause %v, want ErrShutdown", err, cause)
		}
	})
}

func TestPlanThatIgnoresItsContextHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calltest.NewSwitch(t, answered(func(context.Context, *call.Call) error {
			time.Sleep(time.Hour)
			return nil
		}))
		leg := calltest.NewLeg()
		s.Accept(leg)
		synctest.Wait()
		leg.Hang()
		synctest.Wait()
		if got := s.Records.To(t, "bob").Status; got != call.StatusCompleted {
			t.Errorf("got %v, want a record at the hang-up", got)
		}
		if s.Len() != 0 || len(s.List()) != 0 || counted(t, s, "tandem_call_active") != 0 {
			t.Errorf("got %d calls up, want none", s.Len())
		}
		time.Sleep(2 * time.Hour)
	})
}

// loopPanics brings the loop down, not the plan.
func TestPanicInTheLoopEndsThatCallAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []*call.Call
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, c *call.Call) error {
			calls = append(calls, c)
			return park(ctx, c)
		}))
		one, two := calltest.NewLeg(), calltest.NewLeg()
		s.Accept(one)
		synctest.Wait()
		s.Accept(two)
		synctest.Wait()
		calls[0].Watch(func(call.Progress) { panic("a watcher that breaks") })
		one.Hang()
		synctest.Wait()
		if got := s.Len(); got != 1 || two.Over() {
			t.Errorf("got %d calls up, other over %v; want the other alone", got, two.Over())
		}
		if got := s.Records.To(t, "bob"); got.Ended.IsZero() {
			t.Error("got no end in the record, want one")
		}
		if err := calls[0].Mute(t.Context(), true); err == nil {
			t.Error("got no error from a call that broke, want one")
		}
		if n := counted(t, s, "tandem_call_panics_total"); n != 1 {
			t.Errorf("got %v panics counted, want 1", n)
		}
		two.Hang()
	})
}

// counted is the sum of a counter over its labels.
func counted(t *testing.T, s *calltest.Switch, name string) float64 {
	t.Helper()
	families, err := s.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestFindAndList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calltest.NewSwitch(t, answered(park))
		leg := calltest.NewLeg()
		s.Accept(leg)
		time.Sleep(time.Minute)
		synctest.Wait()
		list := s.List()
		if len(list) != 1 || list[0].Status != call.StatusInProgress || list[0].Duration() != time.Minute || list[0].SIPCallID != leg.ID() {
			t.Fatalf("got %+v, want one call in progress for a minute", list)
		}
		c, ok := s.Find(list[0].ID)
		if !ok || c.ID() != list[0].ID || c.Account() != leg.Party().Account {
			t.Errorf("got %v, %v; want the call", c, ok)
		}
		c.SetValue("colour", "blue")
		if got := c.Value("colour"); got != "blue" {
			t.Errorf("got %v, want blue", got)
		}
		leg.Hang()
		<-c.Done()
		if _, ok := s.Find(list[0].ID); ok {
			t.Error("got a call that has ended, want none")
		}
		if sum := c.Summary(); sum.Status != call.StatusCompleted || sum.Media.Received != 1 {
			t.Errorf("got %+v, want the last summary with the stream's counters", sum)
		}
	})
}

func TestClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calltest.NewSwitch(t, nil)
		s.Mux.Handler = answered(park)
		party := calltest.NewLeg().Party()
		party.Account = ""
		leg := calltest.NewLegFrom(party)
		claim := claiming{s.Mux}
		m := call.New(call.Default(), call.Deps{Mux: claim, Records: s.Records})
		m.Accept(leg)
		synctest.Wait()
		begun := s.Records.Begun()
		if len(begun) != 1 || begun[0].Account != "AC2" || begun[0].NumberSID != "PN2" {
			t.Errorf("got %+v, want one record that began with its owner", begun)
		}
		leg.Hang()
		synctest.Wait()
		if r := s.Records.To(t, "bob"); r.Account != "AC2" {
			t.Errorf("got %q, want AC2", r.Account)
		}
	})
}

type claiming struct{ call.Mux }

func (m claiming) Route(ctx context.Context, c *call.Call) (call.Handler, error) {
	c.Claim("AC2", "PN2")
	c.Claim("AC3", "PN3") // too late
	return m.Mux.Route(ctx, c)
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calltest.NewSwitch(t, answered(park))
		r := s.Bus.Subscribe(16, nil)
		defer r.Close()
		leg := calltest.NewLeg()
		s.Accept(leg)
		synctest.Wait()
		leg.Hang()
		for _, want := range []event.Kind{event.CallBegan, event.CallAnswered, event.CallEnded} {
			e, _, err := r.Next(t.Context())
			if err != nil || e.Kind != want || e.From != "alice" {
				t.Errorf("got %v, %v; want %v", e, err, want)
			}
		}
	})
}

func TestConfig(t *testing.T) {
	if err := call.Default().Validate(); err != nil {
		t.Errorf("got %v, want valid defaults", err)
	}
	bad := call.Config{MaxCalls: -1, CallsPerSecond: -1, RetryAfter: -1, Grace: -1}
	if err := bad.Validate(); err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) != 4 {
		t.Errorf("got %v, want four mistakes", err)
	}
}

func TestPlace(t *testing.T) {
	outs := map[string][]call.Outgoing{"bob": {{To: "sip:bob@192.0.2.1"}, {To: "sip:bob@192.0.2.2"}}}
	for _, tt := range []struct {
		name   string
		act    func(first, second *calltest.Leg)
		ran    int // which leg runs the plan; 0: none
		status [2]call.Status
	}{
		{"second answers", func(_, b *calltest.Leg) { b.Answered() }, 2, [2]call.Status{call.StatusCanceled, call.StatusCompleted}},
		{"nobody answers", func(a, _ *calltest.Leg) { a.Ringing() }, 0, [2]call.Status{call.StatusNoAnswer, call.StatusNoAnswer}},
		{"busy", func(a, b *calltest.Leg) { a.Busy(); b.Busy() }, 0, [2]call.Status{call.StatusBusy, call.StatusBusy}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := calltest.NewSwitch(t, nil)
				s.Dialer.Contacts = outs
				var ran *call.Call
				first, err := s.Place(t.Context(), call.Placement{
					Account: "AC1", From: "100", Timeout: 20 * time.Second,
					Target: call.Target{Kind: call.TargetClient, Value: "bob"},
					OnAnswer: call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
						ran = c
						_, err := c.Play(ctx, calltest.Prompt(time.Second), 1)
						return err
					}),
				})
				if err != nil {
					t.Fatal(err)
				}
				if first.Status() != call.StatusQueued || first.Direction() != call.OutboundAPI || first.Account() != "AC1" {
					t.Errorf("got %v of %q, want a queued call of AC1", first, first.Account())
				}
				synctest.Wait()
				legs := s.Inviter.Legs()
				if len(legs) != 2 || legs[0].Outgoing().From.User != "100" {
					t.Fatalf("got %d legs, want one a contact, from 100", len(legs))
				}
				tt.act(legs[0], legs[1])
				time.Sleep(time.Minute)
				synctest.Wait()
				records := map[string]call.Summary{}
				for _, r := range s.Records.All() {
					records[r.SIPCallID] = r
				}
				for i, l := range legs {
					if got := records[l.ID()].Status; got != tt.status[i] {
						t.Errorf("leg %d: got %v, want %v", i+1, got, tt.status[i])
					}
				}
				if records[legs[1].ID()].Parent != first.ID() {
					t.Error("the second leg does not carry the first as its parent")
				}
				switch {
				case tt.ran == 0 && ran != nil, tt.ran != 0 && ran == nil:
					t.Errorf("got plan on %v, want leg %d", ran, tt.ran)
				case tt.ran != 0 && ran.SIPCallID() != legs[tt.ran-1].ID():
					t.Errorf("got plan on %v, want leg %d", ran, tt.ran)
				}
			})
		})
	}
}

func TestPlaceNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calltest.NewSwitch(t, nil)
		s.Dialer.Refuse = map[string]error{"bob": &call.Refusal{Code: 404}}
		_, err := s.Place(t.Context(), call.Placement{Target: call.Target{Kind: call.TargetClient, Value: "bob"}})
		if r, ok := errors.AsType[*call.Refusal](err); !ok || r.Code != 404 {
			t.Errorf("got %v, want 404", err)
		}
	})
}

func TestAnswerReachesTheRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1", "2"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		s.Accept(calltest.NewLeg())
		synctest.Wait()
		if n := len(s.Records.Answers()); n != 0 {
			t.Errorf("got %d answers before there was one", n)
		}
		time.Sleep(time.Second)
		s.Inviter.Leg("1").Ringing()
		time.Sleep(time.Second)
		s.Inviter.Leg("1").Answered()
		synctest.Wait()
		answers := s.Records.Answers()
		if len(answers) != 2 {
			t.Fatalf("got %+v, want one of the callee and one of the caller", answers)
		}
		for _, a := range answers {
			if c, ok := s.Find(a.ID); !ok || a.Answered.Sub(c.Started()) != 2*time.Second || a.Rang.Sub(c.Started()) != time.Second {
				t.Errorf("got %+v, want rung after 1s and answered after 2s", a)
			}
		}
		s.Inviter.Leg("1").Hang()
	})
}
