// Package stream is one party's RTP session (RFC 3550): its ports, whom it
// listens to, what it has agreed on, what it plays and with whom it is bridged.
// A Stream implements media.Stream.
//
// A stream lives on one worker of the engine. Its exported methods post commands
// to that worker and return; everything else in this package runs there, one
// thing at a time, so the packet path has no locks. The way of a packet:
// receive.go (read, source) → latch.go (whom to listen to) → audio in receive.go
// (checks, counts, keys) → relay.Path (rewrite) → send.go of the peer.
//
// # Whom to listen to
//
// The address in the SDP wins: its first packet fixes the source. Packets from
// elsewhere can fix it only if they come from the address the party signals
// from, or the SDP named a private address; five of them are looked at, and three
// must come from one address, port and SSRC. From then on the socket is connected
// and the kernel drops everybody else. A new offer or answer opens the question again, with the
// source so far as good as the SDP's when the SDP names the same address as before. Packets of strangers are counted, never forwarded,
// never answered, and while a source is learned its packets count as strangers'.
//
// Another SSRC from the source is believed when two of its packets in a row come,
// as RFC 3550 §A.1 does for new sources; until then they are dropped.
//
// # Decisions
//
// 2026-11-21: stream imports relay, engine and ports, and media.Stream is implemented
// here: relay only rewrites bytes, so that it is tested without sockets.
//
// 2026-11-21: Two bridged streams must share a worker. Options.Beside sees to that; where it
// was not given, Bridge moves the peer: off one epoll, onto the other, with the commands that
// wait for it, in order.
//
// 2026-11-21: A stream's counters are plain fields of the worker's, and Stats asks the
// worker. Atomics were tried: an atomic add waits for every store before it, on
// lines that thousands of streams keep out of the cache.
//
// 2026-11-21: Most packets are the next one of a stream that flows; Receive takes
// them by a path of few instructions, all others go through audio, which does the same in full.
// On a busy 2-core machine, 1,000 streams in bursts: 4,700 to 5,100 ns a packet,
// where connected recv+send take 3,800 to 4,000 and the same behind an epoll loop 4,200 to
// 4,600 (BenchmarkRelay). Edge-triggered epoll with a second receive, smaller rounds and
// prefetching the next stream were measured and gained 2 % at most.
//
// 2026-11-21: The RTCP socket is not connected: a packet in five seconds is checked by
// hand cheaper than connected.
package stream
