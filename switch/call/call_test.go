package call_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// answered is a plan that answers and then runs f.
func answered(f func(ctx context.Context, c *call.Call) error) call.Handler {
	return call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
		if err := c.Answer(ctx); err != nil {
			return err
		}
		return f(ctx, c)
	})
}

// park waits for the end of the plan and says why it came.
func park(ctx context.Context, _ *call.Call) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestAnsweredCallEndsWithItsPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, c *call.Call) error {
			time.Sleep(3 * time.Second)
			return nil
		}))
		leg := calltest.NewLeg()
		s.Accept(leg)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		leg.WantDid(t, "answer", "bye Normal clearing")
		r := s.Records.To(t, "bob")
		if r.Status != call.StatusCompleted || r.Duration() != 3*time.Second || r.Cause.By != call.BySwitch {
			t.Errorf("got %v, %v, %+v; want completed after 3s by the switch", r.Status, r.Duration(), r.Cause)
		}
		if got := s.Len(); got != 0 {
			t.Errorf("got %d calls up, want none", got)
		}
	})
}

// TestPartyHangsUpRightBehindItsACK has the end of the leg overtake the plan, which still waits to hear of the ACK.
func TestPartyHangsUpRightBehindItsACK(t *testing.T) {
	for confirmed, want := range map[bool]call.Status{true: call.StatusCompleted, false: call.StatusCanceled} {
		synctest.Test(t, func(t *testing.T) {
			var steps []call.Step
			s := calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
				c.Watch(func(p call.Progress) { steps = append(steps, p.Step) })
				return c.Answer(ctx)
			}))
			leg := calltest.NewLeg()
			leg.Ack = make(chan struct{})
			s.Accept(leg)
			time.Sleep(time.Second)
			leg.End(call.Event{Cause: call.Cause{By: call.ByParty}, Confirmed: confirmed})
			synctest.Wait()
			if r := s.Records.To(t, "bob"); r.Status != want || r.Answered.IsZero() == confirmed {
				t.Errorf("confirmed %v: got %v, answered %v; want %v", confirmed, r.Status, r.Answered, want)
			}
			if slices.Contains(steps, call.StepAnswered) != confirmed || steps[len(steps)-1] != call.StepCompleted {
				t.Errorf("confirmed %v: got steps %v", confirmed, steps)
			}
		})
	}
}

// TestPartyGivesUpWhileItIsToldOfRinging has the end of the leg overtake the plan, which has sent the 180 and would note it.
func TestPartyGivesUpWhileItIsToldOfRinging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rung *call.Call
		s := calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			rung = c
			return c.Ring(ctx)
		}))
		leg := calltest.NewLeg()
		leg.OnRing = func() {
			leg.Hang()
			<-time.After(time.Second)
		}
		s.Accept(leg)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := rung.Status(); got != call.StatusCanceled {
			t.Errorf("got %v, want canceled", got)
		}
		if got := s.Len(); got != 0 {
			t.Errorf("got %d calls up, want none", got)
		}
	})
}

func TestPlanDecidesTheRefusal(t *testing.T) {
	for _, tt := range []struct {
		name   string
		plan   call.Handler
		did    string
		status call.Status
		code   int
	}{
		{"refusal as error", failing(&call.Refusal{Code: 486}), "refuse 486", call.StatusBusy, 486},
		{"declined", failing(&call.Refusal{Code: 603}), "refuse 603", call.StatusNoAnswer, 603},
		{"not found", failing(&call.Refusal{Code: 404}), "refuse 404", call.StatusNotFound, 404},
		{"any other error", failing(errors.New("broken")), "refuse 500", call.StatusFailed, 500},
		{"nothing done", failing(nil), "refuse 480", call.StatusNoAnswer, 480},
		{"refused by hand", call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			return c.Refuse(ctx, &call.Refusal{Code: 488})
		}), "refuse 488", call.StatusFailed, 488},
		{"panic", call.HandlerFunc(func(context.Context, *call.Call) error { panic("boom") }), "refuse 500", call.StatusFailed, 500},
		{"no plan", nil, "refuse 404", call.StatusNotFound, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := calltest.NewSwitch(t, tt.plan)
				leg := calltest.NewLeg()
				s.Accept(leg)
				synctest.Wait()
				leg.WantDid(t, tt.did)
				if r := s.Records.To(t, "bob"); r.Status != tt.status || r.Code != tt.code {
					t.Errorf("got record %v %d, want %v %d", r.Status, r.Code, tt.status, tt.code)
				}
			})
		})
	}
}

func failing(err error) call.Handler {
	return call.HandlerFunc(func(context.Context, *call.Call) error { return err })
}

func TestHangupEndsThePlanWithACause(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    func(s *calltest.Switch, c *call.Call, leg *calltest.Leg)
		cause  error
		status call.Status
		answer bool
	}{
		{"caller cancels", func(_ *calltest.Switch, _ *call.Call, l *calltest.Leg) { l.Hang() }, call.ErrHangup, call.StatusCanceled, false},
		{"caller hangs up", func(_ *calltest.Switch, _ *call.Call, l *calltest.Leg) { l.Hang() }, call.ErrHangup, call.StatusCompleted, true},
		{"leg lost", func(_ *calltest.Switch, _ *call.Call, l *calltest.Leg) { l.Lost() }, call.ErrHangup, call.StatusNoAnswer, false},
		{"hung up over REST", func(_ *calltest.Switch, c *call.Call, _ *calltest.Leg) {
			_ = c.Hangup(context.Background(), call.CauseNormal)
		}, call.ErrHangup, call.StatusCompleted, true},
		{"cancelled over REST", func(_ *calltest.Switch, c *call.Call, _ *calltest.Leg) {
			_ = c.Hangup(context.Background(), call.CauseNormal)
		}, call.ErrHangup, call.StatusCanceled, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cause error
				var running *call.Call
				s := calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
					running = c
					if tt.answer {
						_ = c.Answer(ctx)
					} else {
						_ = c.Ring(ctx)
					}
					<-ctx.Done()
					cause = context.Cause(ctx)
					return cause
				}))
				leg := calltest.NewLeg()
				s.Accept(leg)
				synctest.Wait()
				tt.end(s, running, leg)
				<-running.Done()
				if !errors.Is(cause, tt.cause) {
					t.Errorf("got cause %v, want %v", cause, tt.cause)
				}
				if r := s.Records.To(t, "bob"); r.Status != tt.status {
					t.Errorf("got %v, want %v", r.Status, tt.status)
				}
				leg.WantHangup(t)
			})
		})
	}
}

func TestPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var whole, cut time.Duration
		var wholeErr, cutErr error
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, c *call.Call) error {
			whole, wholeErr = c.Play(ctx, calltest.Prompt(time.Second), 3)
			cut, cutErr = c.Play(ctx, calltest.Prompt(time.Minute), 0)
			return nil
		}))
		leg := calltest.NewLeg()
		s.Accept(leg)
		time.Sleep(5 * time.Second)
		leg.Hang()
		synctest.Wait()
		if whole != 3*time.Second || wholeErr != nil {
			t.Errorf("got %v, %v; want 3s of a prompt played three times", whole, wholeErr)
		}
		if cut != 2*time.Second || cutErr == nil {
			t.Errorf("got %v, %v; want 2s and an error", cut, cutErr)
		}
	})
}

func TestPlayNeedsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got error
		s := calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			_, got = c.Play(ctx, &media.Prompt{Rate: 8000}, 1)
			return nil
		}))
		s.Accept(calltest.NewLeg())
		synctest.Wait()
		if !errors.Is(got, call.ErrNotAnswered) {
			t.Errorf("got %v, want ErrNotAnswered", got)
		}
	})
}

func TestDigits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []byte
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, c *call.Call) error {
			time.Sleep(time.Second) // keys pressed before anybody reads are lost
			within, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			for key := range c.Digits(within) {
				got = append(got, key)
			}
			return nil
		}))
		leg := calltest.NewLeg()
		s.Accept(leg)
		synctest.Wait()
		leg.Press("9")
		time.Sleep(2 * time.Second)
		leg.Press("12#")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Equal(got, []byte("12#")) {
			t.Errorf("got %q, want %q", got, "12#")
		}
		leg.WantHangup(t)
	})
}
