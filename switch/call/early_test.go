package call_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

func TestEarlyMedia(t *testing.T) {
	for _, tt := range []struct {
		name   string
		users  []string
		early  bool
		answer bool
		want   []string
	}{
		{"single target", []string{"1"}, true, false, []string{"progress PCMU", "answer PCMU"}},
		{"switched off", []string{"1"}, false, false, []string{"ring", "answer PCMU"}},
		{"several targets", []string{"1", "2"}, true, false, []string{"ring", "answer PCMU"}},
		{"answered caller", []string{"1"}, true, true, []string{"answer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &dialled{answer: tt.answer, d: call.Dial{Targets: numbers(tt.users...), EarlyMedia: tt.early, AnswerOnBridge: true}}
				s := calltest.NewSwitch(t, p)
				s.Inviter.Prepare = func(l *calltest.Leg) { l.Takes = []offer.Format{calltest.PCMU} }
				caller := calltest.NewLeg()
				s.Accept(caller)
				synctest.Wait()
				callee := s.Inviter.Leg("1")
				callee.EarlyMedia()
				synctest.Wait()
				crosses := caller.Stream().Peer() == callee.Stream()
				if want := tt.early && len(tt.users) == 1 && !tt.answer; crosses != want {
					t.Errorf("got early media crossing %v, want %v", crosses, want)
				}
				callee.EarlyMedia()
				callee.Answered()
				synctest.Wait()
				caller.WantDid(t, tt.want...)
				caller.Hang()
				synctest.Wait()
			})
		})
	}
}

func TestRingbackForAnsweredCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1"), Ringback: calltest.Prompt(time.Second)}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		s.Accept(caller)
		time.Sleep(10 * time.Second)
		if !caller.Stream().Playing() {
			t.Error("got silence, want ringback")
		}
		s.Inviter.Leg("1").Answered()
		synctest.Wait()
		if caller.Stream().Playing() {
			t.Error("got ringback, want the callee")
		}
		caller.WantDid(t, "answer")
		caller.Hang()
	})
}

func TestCalleeThatCannotBeBridged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		caller.Stream().Refuses = errors.New("no codec in common")
		s.Accept(caller)
		synctest.Wait()
		s.Inviter.Leg("1").Answered()
		synctest.Wait()
		if p.res.Status != call.StatusFailed || p.res.Code != 488 {
			t.Errorf("got %v %d, want failed 488", p.res.Status, p.res.Code)
		}
		s.Inviter.Leg("1").WantHangup(t)
	})
}

func TestCallerNeverAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		caller.NoAck = errors.New("no ACK")
		s.Accept(caller)
		synctest.Wait()
		s.Inviter.Leg("1").Answered()
		synctest.Wait()
		if p.res.Status != call.StatusCanceled || p.err == nil {
			t.Errorf("got %v, %v; want canceled and an error", p.res.Status, p.err)
		}
		s.Inviter.Leg("1").WantDid(t, "bye Request terminated")
		caller.WantHangup(t)
	})
}

func TestCalleeHangsUpBeforeTheCallerAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		caller.Ack = make(chan struct{})
		s.Accept(caller)
		synctest.Wait()
		callee := s.Inviter.Leg("1")
		callee.Answered()
		callee.Hang()
		time.Sleep(time.Second)
		close(caller.Ack)
		synctest.Wait()
		if !p.over {
			t.Fatal("got a dial that goes on, want its end")
		}
		caller.WantHangup(t)
	})
}

func TestInviterRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1", "2"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		s.Inviter.Fail = func(o call.Outgoing) error {
			if calltest.User(o.To) == "1" {
				return &call.Refusal{Code: 503}
			}
			return errors.New("no route to host")
		}
		s.Accept(calltest.NewLeg())
		synctest.Wait()
		if p.res.Status != call.StatusFailed || p.res.Code != 500 || p.res.Child != "" {
			t.Errorf("got %+v, want failed 500 without a child", p.res)
		}
	})
}
