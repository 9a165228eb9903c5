package route

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/switch/call"
)

// Plain is the plan of a call between parties of the switch with no document in
// its path: the dialled client, or else number, is rung, and the two are joined.
type Plain struct {
	Table    Table
	RingTime time.Duration // how long the callee may ring; 0: three minutes (RFC 3261 §16.6 timer C)
}

// DefaultRingTime is how long plain routing lets a callee ring.
const DefaultRingTime = 3 * time.Minute

// ServeCall dials what the caller dialled. What the callee answers, the caller
// hears; why the callee hung up goes into the Reason of the caller's BYE.
func (p Plain) ServeCall(ctx context.Context, c *call.Call) error {
	ringTime := p.RingTime
	if ringTime <= 0 {
		ringTime = DefaultRingTime
	}
	res, err := c.Dial(ctx, call.Dial{
		Targets: []call.Target{p.target(c)}, Timeout: ringTime,
		EarlyMedia: true, AnswerOnBridge: true, PassHold: true,
	})
	switch {
	case err != nil:
		return err
	case res.Bridged:
		text := res.Cause.Text
		if text == "" {
			text = call.CauseNormal.Text
		}
		return c.Hangup(ctx, call.Cause{By: call.BySwitch, Text: text})
	}
	return refusal(res)
}

func (p Plain) target(c *call.Call) call.Target {
	dialled := c.Party().To.User
	if neighbour(p.Table, c.Account(), dialled) {
		return call.Target{Kind: call.TargetClient, Value: dialled}
	}
	return call.Target{Kind: call.TargetNumber, Value: dialled}
}

// errNoRoom is behind the refusal of a call that the switch itself had no room for; retryAfter is in seconds.
var errNoRoom = errors.New("no room for the callee's leg")

const retryAfter = 5

// errNotReached is behind the refusal of a dial that bridged nobody.
var errNotReached = errors.New("callee not reached")

// refusal is what a caller hears of a callee that was not reached.
func refusal(res call.DialResult) *call.Refusal {
	code := res.Code
	if code == 0 && res.Status == call.StatusNoAnswer {
		code = 408
	}
	ours := res.Cause.By == call.BySwitch && res.Cause.Code == 503
	if ours || code == 503 && res.Child == "" { // we are overloaded or shutting down, not the callee
		return &call.Refusal{Code: 503, Retry: retryAfter, Err: errNoRoom}
	}
	return &call.Refusal{
		Code: passed(code), Text: res.Cause.Text,
		Err: fmt.Errorf("%w: %s %d", errNotReached, res.Status, res.Code),
	}
}

// passed turns the callee's final status into the caller's (RFC 7092 leaves it to
// the B2BUA, RFC 3261 §16.7 rules a proxy). What concerns only our own dialog
// with the callee does not reach the caller as its own fault.
func passed(code int) int {
	switch code {
	case 403, 404, 408, 410, 415, 480, 482, 483, 484, 486, 488, 500, 501, 502, 504, 513, 580:
		return code
	case 401, 402, 407:
		return 403 // the challenge was for us
	case 485, 604:
		return 404
	case 503:
		return 500 // RFC 3261 §16.7 item 6: the caller must not think that we are overloaded
	case 0, 481, 487, 491, 493, 494:
		return 480
	}
	switch {
	case code >= 600:
		return code
	case code >= 500:
		return 502
	case code < 400:
		return 480 // a redirection nobody follows
	}
	return 500
}
