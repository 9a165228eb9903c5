package route_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/route"
)

func plainSwitch(t *testing.T) *calltest.Switch {
	t.Helper()
	tab := town()
	s := calltest.NewSwitch(t, route.Plain{Table: tab})
	inviter := &calltest.Inviter{}
	s.Inviter = inviter
	s.Manager = call.New(call.Default(), call.Deps{
		Inviter: inviter, Dialer: route.NewDialer(tab, tab, nil), Records: s.Records,
		Mux: route.NewMux(tab, map[string]route.Build{
			route.KindPlain: func(route.Plan) call.Handler { return route.Plain{Table: tab} },
		}, nil),
	})
	return s
}

func from(client, account, to string) *calltest.Leg {
	return calltest.NewLegFrom(call.Party{
		From: call.Identity{User: client}, To: call.Identity{User: to}, Client: client, Account: account, MaxForwards: 70,
	})
}

func TestPlainConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plainSwitch(t)
		alice := from("alice", "AC1", "bob")
		s.Accept(alice)
		synctest.Wait()
		legs := s.Inviter.Legs()
		if len(legs) != 2 {
			t.Fatalf("got %d legs, want one a contact", len(legs))
		}
		legs[0].Ringing()
		synctest.Wait()
		legs[1].Answered()
		synctest.Wait()
		legs[0].WantDid(t, "cancel Call completed elsewhere")
		alice.WantDid(t, "ring", "answer PCMU PCMA")
		legs[1].End(call.Event{Cause: call.Cause{By: call.ByParty, Text: "User hung up"}})
		synctest.Wait()
		alice.WantDid(t, "ring", "answer PCMU PCMA", "bye User hung up")
	})
}

func TestPlainRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		to   string
		act  func(*calltest.Leg)
		did  string
	}{
		{"busy", "bob", (*calltest.Leg).Busy, "refuse 486"},
		{"declined", "bob", func(l *calltest.Leg) { l.Refused(603) }, "refuse 603"},
		{"challenged", "bob", func(l *calltest.Leg) { l.Refused(401) }, "refuse 403"},
		{"overloaded", "bob", func(l *calltest.Leg) { l.Refused(503) }, "refuse 500"},
		{"redirected", "bob", func(l *calltest.Leg) { l.Refused(302) }, "refuse 480"},
		{"bad request", "bob", func(l *calltest.Leg) { l.Refused(420) }, "refuse 500"},
		{"bad gateway", "bob", func(l *calltest.Leg) { l.Refused(599) }, "refuse 502"},
		{"does not exist", "bob", func(l *calltest.Leg) { l.Refused(604) }, "refuse 404"},
		{"not acceptable anywhere", "bob", func(l *calltest.Leg) { l.Refused(606) }, "refuse 606"},
		{"terminated", "bob", func(l *calltest.Leg) { l.Refused(487) }, "refuse 480"},
		{"rings for ever", "bob", (*calltest.Leg).Ringing, "refuse 408"},
		{"not registered", "alice", nil, "refuse 480"},
		{"of another account", "eve", nil, "refuse 404"},
		{"unknown", "nobody", nil, "refuse 404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := plainSwitch(t)
				s.Inviter.Script = tt.act
				alice := from("alice", "AC1", tt.to)
				s.Accept(alice)
				time.Sleep(route.DefaultRingTime + time.Second)
				synctest.Wait()
				did := alice.Did()
				if len(did) == 0 || did[len(did)-1] != tt.did {
					t.Errorf("got %q, want %q last", did, tt.did)
				}
			})
		})
	}
}

// TestPlainWithoutRoom has no media for the callee's leg: the caller may try again, unlike when the callee says 503.
func TestPlainWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plainSwitch(t)
		s.Inviter.Fail = func(call.Outgoing) error { return &call.Refusal{Code: 503} }
		alice := from("alice", "AC1", "bob")
		s.Accept(alice)
		synctest.Wait()
		if did := alice.Did(); len(did) == 0 || did[len(did)-1] != "refuse 503" {
			t.Errorf("got %q, want a 503 last", did)
		}
	})
}

// TestPlainCalleeGoesFirstAtShutdown hangs up the callee's leg because the switch stops: the caller hears so.
func TestPlainCalleeGoesFirstAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plainSwitch(t)
		alice := from("alice", "AC1", "bob")
		s.Accept(alice)
		synctest.Wait()
		for _, sum := range s.List() {
			if c, ok := s.Find(sum.ID); ok && sum.Direction == call.OutboundDial {
				_ = c.Hangup(t.Context(), call.CauseShutdown)
			}
		}
		synctest.Wait()
		if did := alice.Did(); len(did) == 0 || did[len(did)-1] != "refuse 503" {
			t.Errorf("got %q, want a 503 last", did)
		}
	})
}

func TestPlainCallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plainSwitch(t)
		alice := from("alice", "AC1", "bob")
		s.Accept(alice)
		synctest.Wait()
		alice.Hang()
		synctest.Wait()
		for _, l := range s.Inviter.Legs() {
			l.WantDid(t, "cancel Request terminated")
		}
	})
}

func TestDialled(t *testing.T) {
	if got := route.Dialled("+1 (555) 014-20.00"); got != "+15550142000" {
		t.Errorf("got %q, want +15550142000", got)
	}
}
