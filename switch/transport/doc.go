// Package transport turns bytes into SIP messages and back: RFC 3261 §18 over
// UDP and TCP, RFC 5626's keep-alives, and RFC 3263 to find where a host is
// served. It opens every SIP socket of the switch and knows nothing of transactions.
//
// A [Layer] listens. What comes in is indexed by [Index] (the few fields that say where
// a message belongs; the full parse is the user's) and handed, in batches, to the shard that
// owns its Call-ID. Messages from one UDP source, and messages of one
// connection, reach a shard in the order they came. Answers go out by
// the [Flow] a message came by, whatever their size.
//
// # What is dropped
//
// Each drop is a counter with its reason. Dropped are: keep-alives; a request of which Via, From, To,
// Call-ID or CSeq is missing; any malformed response; a datagram longer than max_message; and, closing the connection, a
// stream whose framing cannot be followed any further. A request that is malformed but answerable is
// delivered with Message.Err set.
//
// # Decisions
//
// 2026-11-21: lines must end in CRLF. Parsers that take a lone LF or CR for a line's end disagree with others about
// where a header ends, which is how requests are smuggled past a check.
//
// 2026-11-21: a stream message without Content-Length has no body, though RFC 3261 §18.3 demands the
// header: phones that forget it do so where there is no body. Two Content-Length headers, or one that is no
// number, close the connection.
//
// 2026-11-21: flow IDs count up from the wall clock's nanoseconds at start, so that an ID kept by a binding over
// a restart never leads to somebody else's connection.
//
// 2026-11-21: nothing is kept per UDP source. Behind a wildcard address the local end of a flow is learned from
// IP_PKTINFO, so a machine with several addresses answers from the one it was asked at.
//
// 2026-11-21: the advertised address stands in Via and Contact towards everybody, except on loopback listeners and those
// of the other address family. Guessing who sits on our side of the NAT breaks where the guess is wrong.
//
// 2026-11-21: a stream message is written straight away without blocking, from the shard; a goroutine that
// writes with a deadline exists only while a connection has a queue.
package transport
