// Package bench drives a running switch over real sockets and reports what it
// cost: both ends of every call and stream are in this process.
//
// The caller is one of the switch's clients and the callee another, so that
// calls take the way a phone's call takes: digest, routing, B2BUA, relay,
// record. Figures are CPU of the switch's process per unit of work, because
// wall-clock rates depend on what else the machine does.
//
// # Decisions
//
//   - 2026-11-21: the nonce of one challenge is used for all calls of a run with
//     a rising nc (RFC 7616 §3.3), as phones do: one INVITE a call, not two.
//   - 2026-11-21: one goroutine serves both ends and looks for messages every
//     0.1 ms instead of being woken: over loopback a wake-up of the receiver is
//     charged to the sender, here some 5 us a message. Set-up times are that much longer.
//   - 2026-11-21: one UDP socket an end; calls are told apart by Call-ID and
//     streams by the switch's port, so the generator's cost stays small beside the switch's.
package bench
