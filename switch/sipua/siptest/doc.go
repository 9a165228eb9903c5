// Package siptest is a scripted phone on real sockets, for whole-call tests of
// any package. A test says what the phone does and what must come:
//
//	alice := siptest.New(t, siptest.Options{Server: addr, Login: "alice", Password: "…"})
//	alice.Register(300)
//	call := alice.Invite("bob")
//	incoming := bob.WantCall()
//	incoming.Ring()
//	call.WantProvisional(180)
//	incoming.Answer()
//	call.WantFinal(200)
//	call.Bye()
//	incoming.WantBye()
//
// What every phone does by itself the phone does too: it answers challenges,
// sends ACKs, repeats what got no answer, absorbs retransmissions, and answers
// BYE, CANCEL, re-INVITE, UPDATE, INFO and OPTIONS. Quiet switches that off for
// tests that want to misbehave; Send sends any bytes at all.
//
// Every wait has a generous deadline and ends the moment the awaited message is
// there, so tests are as fast as the machine and hold under -race. A test that
// fails prints all messages the phone saw.
//
// The phone is for tests only; it speaks just enough of RFC 3261, 3264, 3550
// and 4733 and uses sipgo's parser, so that it does not share mistakes with
// the code it tests.
package siptest
