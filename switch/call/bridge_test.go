package call_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// bridged returns two parties that talk through a dial.
func bridged(t *testing.T, p *dialled) (s *calltest.Switch, caller, callee *calltest.Leg) {
	t.Helper()
	p.d.Targets, p.d.AnswerOnBridge = numbers("200"), true
	s = calltest.NewSwitch(t, p)
	caller = calltest.NewLeg()
	s.Accept(caller)
	synctest.Wait()
	callee = s.Inviter.Leg("200")
	callee.Answered()
	synctest.Wait()
	if caller.Stream().Peer() != callee.Stream() {
		t.Fatal("got no bridge, want one")
	}
	return s, caller, callee
}

// child is the call of the only dialled leg.
func child(t *testing.T, s *calltest.Switch) *call.Call {
	t.Helper()
	for _, sum := range s.List() {
		if sum.Direction == call.OutboundDial {
			c, _ := s.Find(sum.ID)
			return c
		}
	}
	t.Fatal("got no child, want one")
	return nil
}

func TestHoldCrossesTheBridge(t *testing.T) {
	for _, tt := range []struct {
		name string
		pass bool
		want []string
	}{
		{"passed on", true, []string{"reinvite sendonly", "reinvite sendrecv"}},
		{"kept to itself", false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, caller, callee := bridged(t, &dialled{d: call.Dial{PassHold: tt.pass}})
				caller.Holds(offer.SendOnly)
				synctest.Wait()
				caller.Holds(offer.SendRecv)
				synctest.Wait()
				callee.WantDid(t, tt.want...)
				callee.Holds(offer.Inactive)
				synctest.Wait()
				if got := slices.Contains(caller.Did(), "reinvite inactive"); got != tt.pass {
					t.Errorf("got %v for the callee's hold reaching the caller, want %v", got, tt.pass)
				}
				caller.Hang()
			})
		})
	}
}

func TestSlowReinviteDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{PassHold: true}}
		_, caller, callee := bridged(t, p)
		callee.OnReinvite = func(offer.Direction) error { time.Sleep(3 * time.Second); return errors.New("491") }
		for _, d := range []offer.Direction{offer.SendOnly, offer.SendRecv, offer.Inactive, offer.SendRecv} {
			caller.Holds(d)
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		// While the first was under way three more came; only the newest mattered.
		callee.WantDid(t, "reinvite sendonly", "reinvite sendrecv")
		caller.Holds(offer.SendOnly)
		synctest.Wait()
		callee.Hang()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !p.over || p.res.EndedBy != call.ByCallee {
			t.Errorf("got %+v, want the callee's BYE seen", p.res)
		}
	})
}

func TestInfoCrossesTheBridge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, caller, callee := bridged(t, &dialled{d: call.Dial{PassHold: true}})
		callee.Informs("application/media_control+xml", "<x/>")
		synctest.Wait()
		if got := caller.Did(); got[len(got)-1] != "info application/media_control+xml" {
			t.Errorf("got %q, want the INFO last", got)
		}
		caller.Hang()
	})
}

func TestReplaceBridgedCaller(t *testing.T) {
	for _, tt := range []struct {
		name   string
		child  bool // replace the child instead
		move   bool
		caller []string
		callee []string
		ran    int
	}{
		{"caller", false, false, []string{"answer PCMU PCMA"}, []string{"bye Normal clearing"}, 1},
		{"caller and peer", false, true, []string{"answer PCMU PCMA"}, nil, 2},
		{"child", true, false, []string{"answer PCMU PCMA", "bye Normal clearing"}, nil, 1},
		{"child and peer", true, true, []string{"answer PCMU PCMA"}, nil, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &dialled{}
				s, caller, callee := bridged(t, p)
				var ran atomic.Int32
				next := call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
					ran.Add(1)
					_, err := c.Play(ctx, calltest.Prompt(time.Minute), 0)
					return err
				})
				who := p.c
				if tt.child {
					who = child(t, s)
				}
				if err := who.Replace(t.Context(), next, call.ReplaceOptions{MovePeer: tt.move}); err != nil {
					t.Fatalf("replace: %v", err)
				}
				synctest.Wait()
				caller.WantDid(t, tt.caller...)
				callee.WantDid(t, tt.callee...)
				if ran := int(ran.Load()); ran != tt.ran {
					t.Errorf("got the new plan %d times, want %d", ran, tt.ran)
				}
				if caller.Stream().Peer() != nil || callee.Stream().Peer() != nil {
					t.Error("got a bridge, want none")
				}
				for _, l := range []*calltest.Leg{caller, callee} {
					if !l.Over() && !l.Stream().Playing() {
						t.Errorf("leg to %s does not hear its new plan", l.Party().To.User)
					}
				}
				if !p.over {
					t.Error("got a dial that goes on, want its end")
				}
			})
		})
	}
}

func TestReplaceWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &dialled{d: call.Dial{Targets: numbers("1", "2"), AnswerOnBridge: true}}
		s := calltest.NewSwitch(t, p)
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		if err := child(t, s).Replace(t.Context(), failing(nil), call.ReplaceOptions{}); !errors.Is(err, call.ErrNotAnswered) {
			t.Errorf("got %v for a child that rings, want ErrNotAnswered", err)
		}
		err := p.c.Replace(t.Context(), answered(park), call.ReplaceOptions{})
		synctest.Wait()
		if err != nil || !errors.Is(p.err, call.ErrReplaced) || p.res.Status != call.StatusCanceled {
			t.Errorf("got %v, %v, %v; want a canceled dial and ErrReplaced", err, p.err, p.res.Status)
		}
		for _, l := range s.Inviter.Legs() {
			l.WantHangup(t)
		}
		caller.WantDid(t, "answer")
		caller.Hang()
		synctest.Wait()
		if err := p.c.Replace(t.Context(), failing(nil), call.ReplaceOptions{}); !errors.Is(err, call.ErrEnded) {
			t.Errorf("got %v after the end, want ErrEnded", err)
		}
	})
}

func TestReplaceTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		named := func(name string) call.Handler {
			return answered(func(ctx context.Context, c *call.Call) error {
				order = append(order, name)
				return park(ctx, c)
			})
		}
		var c *call.Call
		s := calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, me *call.Call) error {
			c = me
			return named("first").ServeCall(ctx, me)
		}))
		caller := calltest.NewLeg()
		s.Accept(caller)
		synctest.Wait()
		for _, name := range []string{"second", "third"} {
			if err := c.Replace(t.Context(), named(name), call.ReplaceOptions{}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if want := []string{"first", "second", "third"}; !slices.Equal(order, want) {
			t.Errorf("got %v, want %v", order, want)
		}
		caller.WantDid(t, "answer")
		caller.Hang()
	})
}

func TestScreening(t *testing.T) {
	type result struct {
		status call.Status
		did    string // the last thing done to the screened leg
	}
	for _, tt := range []struct {
		name   string
		screen func(ctx context.Context, c *call.Call) error
		during func(caller, callee *calltest.Leg)
		want   result
		bridge bool
	}{
		{"passes", func(ctx context.Context, c *call.Call) error {
			_, err := c.Play(ctx, calltest.Prompt(2*time.Second), 1)
			return err
		}, nil, result{call.StatusCompleted, "bye Normal clearing"}, true},
		{
			"declines", func(context.Context, *call.Call) error { return errors.New("no") }, nil,
			result{call.StatusNoAnswer, "bye Normal clearing"},
			false,
		},
		{
			"panics", func(context.Context, *call.Call) error { panic("no") }, nil,
			result{call.StatusNoAnswer, "bye Normal clearing"},
			false,
		},
		{
			"callee goes", park, func(_, callee *calltest.Leg) { callee.Hang() },
			result{call.StatusNoAnswer, ""},
			false,
		},
		{
			"caller goes", park, func(caller, _ *calltest.Leg) { caller.Hang() },
			result{call.StatusCanceled, "bye Request terminated"},
			false,
		},
		{"outlasts the ringing time", func(ctx context.Context, c *call.Call) error {
			_, err := c.Play(ctx, calltest.Prompt(2*time.Minute), 1)
			return err
		}, nil, result{call.StatusCompleted, "bye Normal clearing"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &dialled{d: call.Dial{Targets: numbers("1", "2"), Timeout: time.Minute}}
				p.d.Targets[0].OnAnswer = call.HandlerFunc(tt.screen)
				s := calltest.NewSwitch(t, p)
				caller := calltest.NewLeg()
				s.Accept(caller)
				synctest.Wait()
				one, two := s.Inviter.Leg("1"), s.Inviter.Leg("2")
				one.Answered()
				synctest.Wait()
				if tt.name == "passes" {
					two.WantDid(t) // its siblings ring on while it is screened
				}
				if tt.during != nil {
					tt.during(caller, one)
				}
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				if got := caller.Stream().Peer() == one.Stream(); got != tt.bridge {
					t.Errorf("got bridged %v, want %v", got, tt.bridge)
				}
				caller.Hang()
				synctest.Wait()
				did := one.Did()
				if p.res.Status != tt.want.status {
					t.Errorf("got %v, want %v", p.res.Status, tt.want.status)
				}
				if tt.want.did != "" && (len(did) == 0 || did[len(did)-1] != tt.want.did) {
					t.Errorf("got %q, want %q last", did, tt.want.did)
				}
				two.WantHangup(t)
			})
		})
	}
}

func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := map[string]*call.Call{}
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, c *call.Call) error {
			calls[c.Party().To.User] = c
			return park(ctx, c)
		}))
		party := calltest.NewLeg().Party()
		party.To.User = "carol"
		a, b := calltest.NewLeg(), calltest.NewLegFrom(party)
		s.Accept(a)
		synctest.Wait()
		s.Accept(b)
		synctest.Wait()
		var joined error
		join := call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			joined = c.Join(ctx, calls["carol"], call.JoinOptions{})
			return park(ctx, c)
		})
		if err := calls["bob"].Replace(t.Context(), join, call.ReplaceOptions{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a.Stream().Peer() != b.Stream() {
			t.Fatal("got no bridge, want one")
		}
		b.Hang()
		synctest.Wait()
		if joined != nil || a.Over() {
			t.Errorf("got %v and over %v; want nil and a caller that is still up", joined, a.Over())
		}
		if err := calls["bob"].Join(t.Context(), calls["bob"], call.JoinOptions{}); !errors.Is(err, call.ErrSelf) {
			t.Errorf("got %v, want ErrSelf", err)
		}
		if err := calls["bob"].Join(t.Context(), calls["carol"], call.JoinOptions{}); !errors.Is(err, call.ErrNotAnswered) {
			t.Errorf("got %v for a call that has ended, want ErrNotAnswered", err)
		}
		a.Hang()
	})
}

func TestHoldMuteEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *call.Call
		s := calltest.NewSwitch(t, answered(func(ctx context.Context, me *call.Call) error {
			c = me
			return me.Echo(ctx)
		}))
		leg := calltest.NewLeg()
		s.Accept(leg)
		synctest.Wait()
		if leg.Stream().Peer() != leg.Stream() {
			t.Error("got no echo, want one")
		}
		ctx := t.Context()
		for _, f := range []func(context.Context) error{c.Resume, c.Hold, c.Hold} {
			if err := f(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Mute(ctx, true); err != nil || !leg.Stream().Muted() {
			t.Errorf("got %v, muted %v; want a muted stream", err, leg.Stream().Muted())
		}
		if sum := c.Summary(); !sum.Held || !sum.Muted {
			t.Errorf("got held %v, muted %v; want both", sum.Held, sum.Muted)
		}
		leg.OnReinvite = func(offer.Direction) error { return &call.Refusal{Code: 488} }
		if err := c.Resume(ctx); err == nil || !c.Held() {
			t.Errorf("got %v, held %v; want an error and a call still held", err, c.Held())
		}
		leg.WantDid(t, "answer", "reinvite sendonly", "reinvite sendrecv")
		leg.Hang()
		synctest.Wait()
		if err := c.Mute(ctx, false); !errors.Is(err, call.ErrNotAnswered) {
			t.Errorf("got %v after the end, want ErrNotAnswered", err)
		}
	})
}
