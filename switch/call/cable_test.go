package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// home places a call over REST to a number of the switch whose plan is h; then runs on the placed call.
func home(t *testing.T, h, then call.Handler) (*calltest.Switch, *call.Call) {
	t.Helper()
	s := withLocal(t, nil, map[string]call.Handler{"1000": h})
	c, err := s.Place(t.Context(), call.Placement{Account: "AC1", From: "5000", Target: numbers("1000")[0], OnAnswer: then})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestPlacedCallToANumberOfOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys string
		number := answered(func(ctx context.Context, c *call.Call) error {
			for k := range c.Digits(ctx) {
				if keys += string(k); len(keys) == 2 {
					break
				}
			}
			_, err := c.Play(ctx, calltest.Prompt(3*time.Second), 1)
			return err
		})
		s, c := home(t, number, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			_, err := c.Play(ctx, calltest.Prompt(time.Second), 1)
			return errors.Join(err, park(ctx, c))
		}))
		if got := c.Summary(); got.Direction != call.OutboundAPI || got.To != "1000" || got.From != "5000" || got.Account != "AC1" {
			t.Errorf("got %+v, want a placed call to 1000", got)
		}
		synctest.Wait()
		wire := s.Cables.Laid()[0]
		near, far := wire.Near().(*calltest.Stream), wire.Far().(*calltest.Stream)
		if !near.Playing() || far.Playing() {
			t.Error("want the placed call's plan to play, the number's to wait for keys")
		}
		time.Sleep(2 * time.Second)
		wire.PressFar('4')
		wire.PressFar('2')
		synctest.Wait()
		if keys != "42" || !far.Playing() {
			t.Errorf("got keys %q, want 42 and then a prompt", keys)
		}
		time.Sleep(5 * time.Second)
		if !near.Closed() || !far.Closed() {
			t.Error("the cable is still there after the call")
		}
		all := s.Records.All()
		if len(all) != 2 {
			t.Fatalf("got %d records, want the placed call's and the number's", len(all))
		}
		for _, r := range all {
			if r.Status != call.StatusCompleted || r.Duration() != 5*time.Second || r.Parent != "" || r.From != "5000" || r.To != "1000" {
				t.Errorf("got %+v, want completed after 5s", r)
			}
		}
	})
}

func TestPlacedCallDialsFromItsEndOfTheCable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		number := answered(func(ctx context.Context, c *call.Call) error {
			if err := c.Hold(ctx); err != nil {
				return err
			}
			close(held)
			return park(ctx, c)
		})
		p := &dialled{d: call.Dial{Targets: numbers("5551"), AnswerOnBridge: true, PassHold: true}}
		s, _ := home(t, number, p)
		synctest.Wait()
		<-held
		bob := s.Inviter.Leg("5551")
		if f := bob.Outgoing().Formats; len(f) != 1 || !f[0].Same(calltest.PCMU) {
			t.Errorf("got %v offered, want what the cable carries", f)
		}
		if bob.Outgoing().Beside != nil {
			t.Error("got a leg on the wire beside the callee, want none")
		}
		bob.Answered()
		synctest.Wait()
		near := s.Cables.Laid()[0].Near().(*calltest.Stream)
		if bob.Stream().Peer() != near {
			t.Error("the callee is not joined with the cable")
		}
		bob.Holds(offer.SendOnly)
		synctest.Wait()
		bob.Hang()
		synctest.Wait()
		if p.res.Status != call.StatusCompleted || !near.Closed() {
			t.Errorf("got %+v, want completed and nothing left", p.res)
		}
	})
}

func TestPlacedCallToANumberThatRefuses(t *testing.T) {
	for code, want := range map[int]call.Status{486: call.StatusBusy, 404: call.StatusNotFound, 480: call.StatusNoAnswer, 500: call.StatusFailed} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := home(t, failing(&call.Refusal{Code: code}), call.HandlerFunc(park))
			synctest.Wait()
			for _, r := range s.Records.All() {
				if r.Direction == call.OutboundAPI && (r.Status != want || r.Code != code) {
					t.Errorf("got %v %d, want %v %d", r.Status, r.Code, want, code)
				}
			}
			if len(s.Records.All()) != 2 || !s.Cables.Laid()[0].Near().(*calltest.Stream).Closed() {
				t.Error("want two records and a closed cable")
			}
		})
	}
}

func TestPlacedCallToANumberWithEarlyMediaTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain := &dialled{d: call.Dial{Targets: numbers("5551"), Timeout: time.Hour, EarlyMedia: true, AnswerOnBridge: true}}
		s, c := home(t, plain, call.HandlerFunc(park))
		synctest.Wait()
		bob := s.Inviter.Leg("5551")
		bob.EarlyMedia()
		synctest.Wait()
		if bob.Stream().Peer() != s.Cables.Laid()[0].Far() {
			t.Error("early media does not reach the cable")
		}
		if got := c.Status(); got != call.StatusRinging {
			t.Errorf("got %v, want ringing", got)
		}
		time.Sleep(call.DefaultPlacementTime)
		synctest.Wait()
		if got := c.Summary(); got.Status != call.StatusNoAnswer {
			t.Errorf("got %v, want no-answer", got.Status)
		}
		bob.WantDid(t, "cancel Request terminated")
	})
}

func TestPlacedCallWithoutMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := withLocal(t, nil, map[string]call.Handler{"1000": call.HandlerFunc(park)})
		s.Cables.Fail = &call.Refusal{Code: 503, Err: errors.New("no ports")}
		_, err := s.Place(t.Context(), call.Placement{Target: numbers("1000")[0]})
		if r, ok := errors.AsType[*call.Refusal](err); !ok || r.Code != 503 {
			t.Errorf("got %v, want a refusal 503", err)
		}
		if n := s.Len(); n != 0 {
			t.Errorf("got %d calls up, want none", n)
		}
	})
}
