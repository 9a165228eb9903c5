// Package transaction holds SIP's transactions as pure state machines:
// RFC 3261 §17 with the Accepted states of RFC 6026, the 2xx retransmission of
// §13.3.1.4, the keys messages are matched by (§17.1.3, §17.2.3) and the timer
// wheel that drives them all.
//
// A machine is told what happened and when, and answers with what to do: a set
// of [Act]s. It holds no message, opens no socket, starts no goroutine and reads
// no clock; its owner keeps the bytes it sent last and one wheel [Entry] a machine,
// set to the machine's Next. The owner serialises all calls.
//
//	acts := tx.Response(code, now)
//	if acts.Has(transaction.Deliver) { … }
//	if at, ok := tx.Next(); ok { wheel.Set(&entry, at) } else { wheel.Stop(&entry) }
//
// # Decisions
//
// 2026-11-21: one Next and one Fire a machine instead of a timer per letter of the
// RFC. A machine never has more than two timers running (a resend and an end), so
// one wheel entry each is enough and the letters stay inside.
//
// 2026-11-21: a 2xx that follows a non-2xx final answer is delivered and leaves the client
// INVITE transaction Completed. The figures leave that cell empty, but a forking
// proxy forwards every 2xx (RFC 3261 §16.7 step 5) and the user must ACK it and hang it up.
//
// 2026-11-21: keys are 128-bit seeded hashes and not structs of strings. They pin no
// message, the garbage collector does not look into the maps, and a stranger who does
// not know the seed cannot make two keys collide.
//
// 2026-11-21: the RFC 2543 key leaves the To tag out. It is what differs between an INVITE and
// its ACK, and Call-ID, From tag, CSeq, Request-URI and top Via already tell requests apart.
package transaction
