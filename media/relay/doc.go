// Package relay turns the packets of one party's stream into packets of
// another's (RFC 3550), without sockets, clocks or goroutines: package stream
// receives a packet, has it rewritten here in place, and sends it on.
//
// A party hears one RTP stream from us for its whole life, one SSRC and no step
// back in sequence number or timestamp, whoever is its source at the moment: a
// prompt, a peer, another peer after a transfer. Out is what that stream has
// sent so far; Path is one source's way into it: two numbers that are added to
// every packet, and a table of payload types.
//
// RTCP is rewritten to match: reports name the SSRCs and sequence numbers that
// the one who reads them knows, and nothing of the sender's own SDES passes
// (a CNAME holds user and host, and the switch hides topology).
//
// # Decisions
//
// 2026-11-21: Sequence numbers and timestamps are moved by fixed offsets per source,
// never renumbered packet by packet: loss and reordering reach the far end as
// they are, its jitter buffer and its reports stay right, and the same
// additions can be done in the kernel later (design.md section 3, eBPF).
//
// 2026-11-21: RTCP passes as SR and RR alone. BYE would end a stream that goes on with
// another source; APP and XR name things that are not mapped.
package relay
