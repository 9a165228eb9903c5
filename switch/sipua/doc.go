// Package sipua is the SIP user agent: messages in, legs out. It implements
// RFC 3261's UAS and UAC cores (§8, §10.3, §11, §12, §13, §14, §15) with RFC
// 6026, UPDATE (RFC 3311), Reason (RFC 3326), symmetric responses (RFC 3581),
// digest with SHA-256 and MD5 (RFC 7616, RFC 8760), failover between targets
// (RFC 3263 §4.3) and keys by INFO, over package transport's messages
// and package transaction's state machines. A call of the switch is a [Leg] on
// each side; nothing of one side's SIP reaches the other (RFC 7092).
//
// The way of a message: transport hands it to [UA.Receive] for the shard that
// owns its Call-ID. A shard is one goroutine with an inbox (shard.go). It finds
// the transaction (handle.go); what comes again is answered with the bytes of
// the last answer and costs no more. What is new passes the table of checks
// (validate.go), then belongs to a dialog (dialog.go and a file a method) or begins
// one (invite.go). Legs talk to their shard by functions put into its inbox, and hear
// by their event channel. Nothing in a shard blocks, and nothing in it is locked.
//
// The order of an inbound call: newCall, Accept, then Ring, Progress, Answer or Refuse of the
// leg. Of an outbound one: Invite, Ringing, Answered. Both end by the Ended event,
// which comes as soon as the end is decided; BYE, CANCEL and what they provoke
// go on behind it.
//
// # Decisions
//
// 2026-11-21: MD5 is offered before SHA-256, against the order RFC 8760 §2.4 prefers: sipp 3.6 and baresip 1.0, like
// many phones, try the first challenge alone and give up on an algorithm they do not know. Both are offered, and sip.digest
// turns them round or leaves MD5 out where all phones are known to be newer. sip.md5_only names phones that refuse the whole
// answer when SHA-256 stands anywhere in it (libre before 2.0).
//
// 2026-11-21: Headers are read by walking the message once (fields.go), and not by a
// parser that builds an object for each: 13 messages of a call cost less than
// one parsed INVITE. sipgo takes 198 ns and 272 bytes for a URI and 376 ns and 456 bytes for an address, against 66 and 82 ns
// and nothing here, some forty times a call. Where that is once a call or a registration, sipgo reads: the target a
// plan names (uri.go), and the contacts of the registrar. It also is what the tests read our messages with, so that they do not
// share our mistakes.
//
// 2026-11-21: A request that is refused before it becomes a call leaves no state
// (RFC 3261 §8.2.7): the same request gets the same answer, with the same tag, made anew. A flood of
// strangers costs no memory.
//
// 2026-11-21: Answers go back the way the request came, always, also without rport:
// what RFC 3261 §18.2.2 says of the port in Via is of no use behind a NAT.
//
// 2026-11-21: Requests within a dialog go to the peer's Contact or first route, with
// two exceptions. A client that registered or showed its password is reached
// where its messages come from; and so is a peer whose Contact names an address of less
// reach than the one it sends from (nat.go): it is behind a NAT. A Contact that is a name is looked up once; until it
// is known, requests go to where the peer sends from.
//
// 2026-11-21: An INVITE above 1,300 bytes goes by TCP if neither the URI nor a
// registration names the transport, and by UDP after all if the TCP
// connection fails (RFC 3261 §18.1.1). Answers always go back as they are, whatever their size.
//
// 2026-11-21: An INVITE that gets no answer of any kind for 10 s (sip.timers.timer_b; RFC 3261 has 32 s) is given up: any
// server says 100 within 200 ms, and a caller who hears nothing hangs up before that. A 2xx that comes after
// all is ACKed and ended, a ring cancelled, for another 32 s.
//
// 2026-11-21: A party that vanished is found by an OPTIONS within the dialog, sent when no RTP came for sip.keep_alive
// (alive.go), and not by a timer on media: a party on hold or one whose phone suppresses silence is there.
//
// 2026-11-21: An answer whose connection has gone goes over the client's new one, else over a new one to where the
// request came from at the port of its Via. maddr in Via, which would have a stranger's
// answer sent to a third party, is not followed.
//
// 2026-11-21: A re-INVITE of ours that got nothing but provisional answers for 64*T1 is cancelled: meanwhile every offer of the
// party gets 491.
//
// 2026-11-21: A re-INVITE that drops the codec two bridged parties share is refused with 488: nobody transcodes yet, and
// the other party would hear nothing.
//
// 2026-11-21: sips: as Request-URI gets 416 as long as no transport is secure, and a Contact with sips: or a transport we
// do not have is answered where it sends from.
//
// 2026-11-21: No 100rel. A 183 with SDP is repeated by the 2xx, so the first
// description a party gets is the answer; early offers are never complete,
// hence an UPDATE with an offer before the 2xx gets 500 with Retry-After (RFC 3311 §5.2).
//
// 2026-11-21: A leg keeps views into the INVITE or 2xx that made its dialog: about a
// kilobyte each, against a dozen small copies.
//
// 2026-11-21: Sockets for media open in the goroutine that calls Progress, Answer or
// Invite, not in the shard: binding a port is the slowest system call of a call.
//
// 2026-11-21: A re-INVITE that overtakes the ACK before it counts as that ACK. Phones
// that settle on one codec right after the answer do this when a datagram is lost.
//
// 2026-11-21: Checks are stricter than RFC 3261 in three points. Control bytes are
// refused even where a quoted pair allows them, a From needs a tag also from RFC 2543
// clients, and headers in a Request-URI get 400. A CSeq, Contact or body is looked at
// before the plan costs anything (validate.go).
//
// 2026-11-21: Wrong passwords are counted by source, an IPv4 address or an IPv6 /64,
// and never by account. Past the limit a digest of that source is not looked at any more: 503
// with Retry-After, then silence; the others of the account do not notice. A digest
// that is right but whose nonce is old, foreign or used gets stale=true and costs nothing (auth.go, guard.go).
//
// 2026-11-21: Counts of a nonce are kept once it was used well, in bounded
// memory; a nonce that had to be forgotten early is stale (nonce.go). Only qop=auth is
// taken: a digest without a count could be replayed.
//
// 2026-11-21: The URI of a digest must name the request's host and port, and its user
// if it names one. sipp and some phones leave the user out; what they could gain is covered by the counts.
//
// 2026-11-21: 401 and 407 of the far side become 403, and what only concerns our hop to
// it becomes 500 or 502; what says something about the callee passes as it is (status.go).
package sipua
