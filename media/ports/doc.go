// Package ports hands out the pairs of UDP ports that carry one stream: an even
// port for RTP and the odd one above it for RTCP (RFC 3550 §11). It is the only
// place of the media side that opens sockets; they are raw, non-blocking file
// descriptors, because the engine reads them with its own epoll.
//
// # Decisions
//
// 2026-11-21: The free pairs of an address stand in a queue, shuffled once. Taking
// one and giving it back are a few instructions each whatever the load, a pair
// rests as long as the range allows before a new call gets it, so that it does
// not inherit the last call's late packets, and a stranger cannot guess which
// port is next. A fixed rest in seconds was rejected: at 3,000 calls a second it
// refuses calls while ports are free, and late packets are strangers to the
// new stream anyway.
//
// 2026-11-21: A pair that cannot be bound (another program has it) goes to the end
// of the queue and the next one is tried. Only when every free pair was tried is
// the pool exhausted.
package ports
