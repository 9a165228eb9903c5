// Package call is the life of a call: one party's connection to the switch. It
// knows legs and not SIP, handlers and not RCML.
//
// A Call has two goroutines. Its loop owns everything that changes and hears the
// leg's events; its plan, a Handler, is straight-line code that blocks in the
// capabilities: Ring, Answer, Refuse, Hangup, Play, Echo, Digits, Dial, Join,
// Hold, Resume, Mute. A dialled call (a child) has no plan until one is given
// to it by Replace. The loop never blocks: whatever waits for a peer runs in
// the plan's goroutine.
//
// A plan's context ends with a cause: ErrHangup, ErrReplaced or ErrShutdown.
// The plan may go on after ErrHangup with work that needs no party; the call's
// record is written when the leg has ended, its goroutines end with the plan.
//
// # Decisions
//
// 2026-11-21: Dial runs in the caller's plan and hears its children through a
// mailbox, so that a child's loop can always report without waiting.
//
// 2026-11-21: A screening hook runs as the child's own plan. Its siblings keep
// ringing meanwhile and a child that hangs up ends its screening the way any
// plan ends.
//
// 2026-11-21: A number of ours that is dialled gets a call of its own over a
// pair of legs in memory (local.go). The far half borrows the caller's stream,
// so audio takes no second hop and the number's plan is an ordinary one.
//
// 2026-11-21: A call over REST to a number of ours has no caller whose stream
// could be lent. It gets a cable of two streams that send to each other over
// the loopback device (cable.go): twice the packets of a relay, but every
// capability works on either half, and nothing in the engine knows of it.
//
// 2026-11-21: Re-INVITEs that pass a hold on run beside the bridge, one at a
// time a side, the newest wish winning: a peer that does not answer them must
// not keep the bridge from seeing a BYE.
//
// 2026-11-21: Plan contexts have no common parent. Thousands of children of one
// context share its lock; the manager ends the calls one by one instead.
package call
