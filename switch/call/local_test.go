package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// withLocal is a switch where dialling a user of plans runs that plan.
func withLocal(t *testing.T, h call.Handler, plans map[string]call.Handler) *calltest.Switch {
	t.Helper()
	s := calltest.NewSwitch(t, h)
	s.Mux.Plans = plans
	s.Dialer.Contacts = map[string][]call.Outgoing{}
	for user := range plans {
		s.Dialer.Contacts[user] = []call.Outgoing{{To: user, Local: true}}
	}
	return s
}

func TestLocalNumberRunsItsPlanOnTheCallersAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []byte
		menu := answered(func(ctx context.Context, c *call.Call) error {
			if _, err := c.Play(ctx, calltest.Prompt(2*time.Second), 1); err != nil {
				return err
			}
			within, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			for k := range c.Digits(within) {
				keys = append(keys, k)
			}
			return c.Hold(ctx)
		})
		p := &dialled{d: call.Dial{Targets: numbers("1000"), AnswerOnBridge: true}}
		s := withLocal(t, p, map[string]call.Handler{"1000": menu})
		caller := calltest.NewLeg()
		s.Accept(caller)
		time.Sleep(time.Second)
		synctest.Wait()
		if !caller.Stream().Playing() {
			t.Error("got silence, want the number's prompt")
		}
		time.Sleep(2 * time.Second)
		caller.Press("42")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if string(keys) != "42" {
			t.Errorf("got keys %q, want 42", keys)
		}
		caller.WantDid(t, "answer", "reinvite sendonly", "bye Normal clearing")
		if p.res.Status != call.StatusCompleted || p.res.EndedBy != call.ByCallee || p.res.Duration != 5*time.Second {
			t.Errorf("got %+v, want completed by the number's plan after 5s", p.res)
		}
		directions := map[call.Direction]int{}
		for _, r := range s.Records.All() {
			directions[r.Direction]++
		}
		if directions[call.Inbound] != 2 || directions[call.OutboundDial] != 1 {
			t.Errorf("got %v, want the caller, the dialled leg and the number's own call", directions)
		}
	})
}

func TestLocalNumberRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1000"), AnswerOnBridge: true}}
		s := withLocal(t, p, map[string]call.Handler{"1000": failing(&call.Refusal{Code: 486})})
		s.Accept(calltest.NewLeg())
		synctest.Wait()
		if p.res.Status != call.StatusBusy || p.res.Code != 486 {
			t.Errorf("got %v %d, want busy 486", p.res.Status, p.res.Code)
		}
	})
}

func TestLocalNumberDialsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := &dialled{d: call.Dial{Targets: numbers("200"), AnswerOnBridge: true, PassHold: true}}
		p := &dialled{d: call.Dial{Targets: numbers("1000"), AnswerOnBridge: true, PassHold: true}}
		s := withLocal(t, p, map[string]call.Handler{"1000": on})
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		callee := s.Inviter.Leg("200")
		if callee == nil || callee.Outgoing().Beside != caller || callee.Outgoing().From.User != "alice" {
			t.Fatalf("got %+v, want a leg beside the caller's", callee)
		}
		callee.Ringing()
		synctest.Wait()
		caller.WantDid(t, "ring")
		callee.Answered()
		synctest.Wait()
		if caller.Stream().Peer() != callee.Stream() {
			t.Fatal("got no bridge, want caller and callee on one")
		}
		caller.Holds(offer.SendOnly)
		synctest.Wait()
		callee.WantDid(t, "reinvite sendonly")
		caller.Hang()
		synctest.Wait()
		callee.WantHangup(t)
		if s.Len() != 0 {
			t.Errorf("got %d calls up, want none", s.Len())
		}
	})
}

func TestCallerGoesWhileALocalNumberRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ringing := call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			_ = c.Ring(ctx)
			return park(ctx, c)
		})
		p := &dialled{d: call.Dial{Targets: numbers("1000"), AnswerOnBridge: true}}
		s := withLocal(t, p, map[string]call.Handler{"1000": ringing})
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		caller.WantDid(t, "ring")
		caller.Hang()
		synctest.Wait()
		if s.Len() != 0 || p.res.Status != call.StatusCanceled {
			t.Errorf("got %d calls up and %v, want none and canceled", s.Len(), p.res.Status)
		}
		for _, r := range s.Records.All() {
			if r.Status != call.StatusCanceled {
				t.Errorf("got %v to %s %v, want canceled", r.Direction, r.To, r.Status)
			}
		}
	})
}

func TestLocalLoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			res, err := c.Dial(ctx, call.Dial{Targets: numbers("1000"), AnswerOnBridge: true})
			if err == nil && !res.Bridged {
				return &call.Refusal{Code: res.Code}
			}
			return err
		})
		s := withLocal(t, loop, map[string]call.Handler{"1000": loop})
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		caller.WantDid(t, "refuse 482")
		if got := s.Notes.Codes(); len(got) != 1 || got[0] != 19002 {
			t.Errorf("got notifications %v, want 19002 once", got)
		}
		if s.Len() != 0 {
			t.Errorf("got %d calls up, want none", s.Len())
		}
	})
}

func TestLocalNumberLosesAFork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			time.Sleep(5 * time.Second)
			return c.Answer(ctx)
		})
		p := &dialled{d: call.Dial{Targets: numbers("1000", "200"), AnswerOnBridge: true}}
		s := withLocal(t, p, map[string]call.Handler{"1000": slow})
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		s.Inviter.Leg("200").Answered()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if caller.Stream().Peer() != s.Inviter.Leg("200").Stream() || caller.Over() {
			t.Error("the winner's bridge did not outlive the loser")
		}
		caller.Hang()
	})
}
