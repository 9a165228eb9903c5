package transaction_test

import (
	"testing"

	"tandem/switch/transaction"
)

const (
	calling    = transaction.StateCalling
	inTrying   = transaction.StateTrying
	proceeding = transaction.StateProceeding
	completed  = transaction.StateCompleted
	accepted   = transaction.StateAccepted
	confirmed  = transaction.StateConfirmed
	terminated = transaction.StateTerminated
)

// RFC 3261 Figure 5 with RFC 6026 Figure 5 (timer M, Accepted).
func TestClientInvite(t *testing.T) {
	start := func(reliable bool) machine {
		m := transaction.NewClientInvite(&timers, reliable, 0)
		return &m
	}
	play(t, start, []scenario{
		{"timer A doubles without a limit until timer B", false, []step{
			{"fire", 500 * ms, resend, calling},
			{"fire", 1500 * ms, resend, calling},
			{"fire", 3500 * ms, resend, calling},
			{"fire", 7500 * ms, resend, calling},
			{"fire", 15500 * ms, resend, calling},
			{"fire", 31500 * ms, resend, calling},
			{"fire", end, timeout | done, terminated},
			{"200", end + ms, none, terminated},
			{"180", end + ms, none, terminated},
			{"486", end + ms, none, terminated},
			{"fail", end + ms, none, terminated},
		}},
		{"reliable: only timer B", true, []step{{"fire", end, timeout | done, terminated}}},
		{"a provisional response stops A and B", false, []step{
			{"100", 10 * ms, deliver, proceeding},
			{"180", 20 * ms, deliver, proceeding},
			{"183", 100 * end, deliver, proceeding},
			{"486", 200 * end, deliver | ack, completed},
		}},
		{"2xx in Calling", false, []step{
			{"200", 10 * ms, deliver, accepted},
			{"200", 510 * ms, deliver, accepted}, // again, or another branch's
			{"180", 520 * ms, none, accepted},
			{"486", 530 * ms, none, accepted},
			{"fire", 10*ms + end, done, terminated}, // timer M
		}},
		{"2xx in Proceeding, reliable: Accepted stays for M", true, []step{
			{"180", 10 * ms, deliver, proceeding},
			{"202", 20 * ms, deliver, accepted},
			{"fire", 20*ms + end, done, terminated},
		}},
		{"300-699 is ACKed each time until timer D", false, []step{
			{"302", 10 * ms, deliver | ack, completed},
			{"302", 510 * ms, ack, completed},
			{"699", 511 * ms, ack, completed},
			{"180", 520 * ms, none, completed},
			{"200", 530 * ms, deliver, completed}, // of another branch
			{"fire", 10*ms + timers.D, done, terminated},
		}},
		{"reliable: timer D is zero", true, []step{{"603", 10 * ms, deliver | ack | done, terminated}}},
		{"a cancelled INVITE nobody answers", false, []step{
			{"180", 10 * ms, deliver, proceeding},
			{"cancel", 1000 * ms, none, proceeding},
			{"180", 1010 * ms, deliver, proceeding},
			{"fire", 1000*ms + end, timeout | done, terminated},
		}},
		{"CANCEL crosses the 2xx", false, []step{
			{"180", 10 * ms, deliver, proceeding},
			{"cancel", 1000 * ms, none, proceeding},
			{"200", 1010 * ms, deliver, accepted},
			{"fire", 1010*ms + end, done, terminated},
		}},
		{"CANCEL has no say before a provisional response", false, []step{
			{"cancel", 0, none, calling},
			{"100", 10 * ms, deliver, proceeding},
			{"487", 100 * end, deliver | ack, completed},
		}},
		{"transport error in Calling", false, []step{{"fail", ms, done, terminated}}},
		{"transport error in Completed", false, []step{
			{"486", ms, deliver | ack, completed},
			{"fail", ms, done, terminated},
		}},
	})
}

// RFC 3261 Figure 6.
func TestClient(t *testing.T) {
	start := func(reliable bool) machine {
		m := transaction.NewClient(&timers, reliable, 0)
		return &m
	}
	play(t, start, []scenario{
		{"timer E doubles up to T2 until timer F", false, []step{
			{"fire", 500 * ms, resend, inTrying},
			{"fire", 1500 * ms, resend, inTrying},
			{"fire", 3500 * ms, resend, inTrying},
			{"fire", 7500 * ms, resend, inTrying},
			{"fire", 11500 * ms, resend, inTrying},
			{"fire", 15500 * ms, resend, inTrying},
			{"fire", 19500 * ms, resend, inTrying},
			{"fire", 23500 * ms, resend, inTrying},
			{"fire", 27500 * ms, resend, inTrying},
			{"fire", 31500 * ms, resend, inTrying},
			{"fire", end, timeout | done, terminated},
			{"200", end + ms, none, terminated},
			{"fail", end + ms, none, terminated},
		}},
		{"reliable: only timer F", true, []step{{"fire", end, timeout | done, terminated}}},
		{"Proceeding resends every T2", false, []step{
			{"100", 10 * ms, deliver, proceeding},
			{"fire", 500 * ms, resend, proceeding},
			{"fire", 4500 * ms, resend, proceeding},
			{"fire", 8500 * ms, resend, proceeding},
			{"182", 9000 * ms, deliver, proceeding},
			{"200", 9001 * ms, deliver, completed},
			{"fire", 9001*ms + timers.T4, done, terminated},
		}},
		{"Proceeding still ends with timer F", true, []step{
			{"100", 10 * ms, deliver, proceeding},
			{"fire", end, timeout | done, terminated},
		}},
		{"Completed absorbs until timer K", false, []step{
			{"404", 10 * ms, deliver, completed},
			{"404", 20 * ms, none, completed},
			{"100", 30 * ms, none, completed},
			{"fire", 10*ms + timers.T4, done, terminated},
		}},
		{"reliable: timer K is zero", true, []step{{"200", 10 * ms, deliver | done, terminated}}},
		{"transport error", false, []step{{"fail", ms, done, terminated}}},
	})
}
