// Package engine runs the event loops all audio passes: as many workers as
// cores, each one goroutine with an epoll instance, a queue of commands and one
// 20 ms tick of its own. It knows sockets, slots and ticks, not RTP: package
// stream puts its streams on the workers.
//
// Every system call is a raw, non-blocking one; a worker that finds nothing to
// do waits in Go's poller for its epoll instance. Nothing here allocates, locks
// or sends on a channel per packet: there is one lock a round.
//
// # Decisions
//
// 2026-11-21: Own epoll instead of Go's netpoller: 3.4 us against 5.2 us a relayed
// packet (design.md section 3).
//
// 2026-11-21: engine knows nothing of streams and relay; stream imports engine,
// relay (pure rewriting, no sockets) and ports. So a worker serves whatever
// implements Receiver, and a relayed packet costs one interface call more
// (2 ns) than with everything in one package.
//
// 2026-11-21: Epoll is level-triggered and one packet is read an event: in the usual
// case of one waiting packet that is one system call, a flood on one socket gets
// one turn a round like everybody, and nothing is forgotten.
//
// 2026-11-21: A worker waits in Go's poller, which watches the worker's epoll
// instance like any other descriptor, and not in epoll_wait on a thread of its own:
// a thread that comes back from the kernel has to find a place in Go's scheduler
// each time, and on one core it holds the only place while it sleeps. Streams of
// 25,000 packets a second: 12.5 to 7.5 us a packet on two cores, 8.4 to 6.5 on
// one; a call was set up in 4 s on one busy core before. A worker that never
// runs out of packets lets others run once a round.
//
// 2026-11-21: A command runs at once, on whoever gives it, if nobody is on the worker,
// and else is run by that one before it leaves. To wake a sleeping worker for
// each cost some 7 us and a millisecond's wait.
//
// 2026-11-21: Counters of a worker are plain fields, published to atomics once a round
// of epoll: a scrape never meets the packet path.
package engine
