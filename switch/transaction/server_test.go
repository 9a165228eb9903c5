package transaction_test

import (
	"testing"

	"tandem/switch/transaction"
)

// RFC 3261 Figure 7 with RFC 6026 Figure 7 (timer L, Accepted).
func TestServerInvite(t *testing.T) {
	start := func(reliable bool) machine {
		m := transaction.NewServerInvite(&timers, reliable, 0)
		return &m
	}
	play(t, start, []scenario{
		{"a silent user makes it ask for 100", false, []step{
			{"request", 100 * ms, none, proceeding}, // nothing to send again yet
			{"fire", 200 * ms, trying, proceeding},
			{"request", 500 * ms, resend, proceeding},
			{"<180", 600 * ms, send, proceeding},
			{"request", 1500 * ms, resend, proceeding},
			{"<200", 100 * end, send, accepted},
		}},
		{"a user that answers at once", true, []step{
			{"<100", 0, send, proceeding},
			{"request", 500 * ms, resend, proceeding},
			{"<486", 100 * end, send, completed},
		}},
		{"an ACK before any final response", false, []step{{"ack", 10 * ms, none, proceeding}}},
		{"2xx: Accepted absorbs the INVITE, passes the ACK and the user's 2xx", false, []step{
			{"<200", 10 * ms, send, accepted},
			{"request", 500 * ms, none, accepted},
			{"<200", 510 * ms, send, accepted},
			{"<180", 520 * ms, none, accepted},
			{"<486", 530 * ms, none, accepted},
			{"ack", 540 * ms, deliver, accepted},
			{"ack", 550 * ms, deliver, accepted},
			{"fail", 560 * ms, none, accepted},
			{"fire", 10*ms + end, done, terminated}, // timer L
			{"request", 11*ms + end, none, terminated},
			{"ack", 11*ms + end, none, terminated},
			{"<200", 11*ms + end, none, terminated},
			{"fail", 11*ms + end, none, terminated},
		}},
		{"timer G doubles up to T2 until timer H", false, []step{
			{"<404", 0, send, completed},
			{"request", 100 * ms, resend, completed},
			{"<200", 200 * ms, none, completed},
			{"fire", 500 * ms, resend, completed},
			{"fire", 1500 * ms, resend, completed},
			{"fire", 3500 * ms, resend, completed},
			{"fire", 7500 * ms, resend, completed},
			{"fire", 11500 * ms, resend, completed},
			{"fire", 15500 * ms, resend, completed},
			{"fire", 19500 * ms, resend, completed},
			{"fire", 23500 * ms, resend, completed},
			{"fire", 27500 * ms, resend, completed},
			{"fire", 31500 * ms, resend, completed},
			{"fire", end, timeout | done, terminated},
		}},
		{"reliable: no timer G, but H", true, []step{
			{"<404", 0, send, completed},
			{"fire", end, timeout | done, terminated},
		}},
		{"the ACK ends retransmission; timer I absorbs", false, []step{
			{"<404", 0, send, completed},
			{"fire", 500 * ms, resend, completed},
			{"ack", 510 * ms, none, confirmed},
			{"ack", 520 * ms, none, confirmed},
			{"request", 530 * ms, none, confirmed},
			{"<200", 540 * ms, none, confirmed},
			{"fire", 510*ms + timers.T4, done, terminated},
		}},
		{"reliable: timer I is zero", true, []step{
			{"<404", 0, send, completed},
			{"ack", 10 * ms, done, terminated},
		}},
		{"transport error in Proceeding", false, []step{{"fail", ms, done, terminated}}},
		{"transport error in Completed", false, []step{
			{"<500", 0, send, completed},
			{"fail", ms, done, terminated},
		}},
	})
}

// RFC 3261 Figure 8.
func TestServer(t *testing.T) {
	start := func(reliable bool) machine {
		m := transaction.NewServer(&timers, reliable, 0)
		return &m
	}
	play(t, start, []scenario{
		{"Trying absorbs", false, []step{
			{"request", 500 * ms, none, inTrying},
			{"<100", 600 * ms, send, proceeding},
			{"request", 700 * ms, resend, proceeding},
			{"<183", 800 * ms, send, proceeding},
			{"<200", 100 * end, send, completed},
		}},
		{"Completed answers again until timer J", false, []step{
			{"<200", 10 * ms, send, completed},
			{"request", 500 * ms, resend, completed},
			{"<500", 510 * ms, none, completed},
			{"fire", 10*ms + end, done, terminated},
			{"request", 11*ms + end, none, terminated},
			{"<200", 11*ms + end, none, terminated},
			{"fail", 11*ms + end, none, terminated},
		}},
		{"reliable: timer J is zero", true, []step{{"<200", 10 * ms, send | done, terminated}}},
		{"transport error", false, []step{
			{"<200", 10 * ms, send, completed},
			{"fail", 20 * ms, done, terminated},
		}},
	})
}

// RFC 3261 §13.3.1.4.
func TestAccepted(t *testing.T) {
	x := transaction.NewAccepted(&timers, 0)
	for _, at := range []transaction.Time{500 * ms, 1500 * ms, 3500 * ms, 7500 * ms, 11500 * ms, 15500 * ms, 19500 * ms, 23500 * ms, 27500 * ms, 31500 * ms} {
		if next, ok := x.Next(); !ok || next != at {
			t.Fatalf("next %v, %v, want %v", next, ok, at)
		}
		if a := x.Fire(at - ms); a != none {
			t.Fatalf("fired %v early", a)
		}
		if a := x.Fire(at); a != resend {
			t.Fatalf("at %v: %v, want resend", at, a)
		}
	}
	acked := x
	if a := acked.Ack(31600 * ms); a != deliver|done {
		t.Errorf("ACK: %v", a)
	}
	if a := acked.Ack(31700 * ms); a != none {
		t.Errorf("ACK again: %v", a)
	}
	if _, ok := acked.Next(); ok {
		t.Error("a timer runs behind the ACK")
	}
	if a := x.Fire(end); a != timeout|done {
		t.Errorf("64*T1: %v", a)
	}
	if _, ok := x.Next(); ok {
		t.Error("a timer runs behind the end")
	}
	if a := x.Ack(end + ms); a != none {
		t.Errorf("ACK behind the end: %v", a)
	}
}
