// Package offer is SDP offer/answer for one party's audio: it reads what the party describes, writes what we describe, and says what the two came to.
//
// A Negotiation lives as long as the party's dialog. In the order of an inbound call:
//
//	n := offer.New(offer.Local{Addr: addr, Port: port, Session: id})
//	err := n.ReceiveOffer(invite.Body())             // 400 for a *SyntaxError, 488 for ErrNotAcceptable
//	body, err := n.Answer(child.Formats(), offer.SendRecv) // or nil formats: what we can play ourselves
//	stream.Apply(… n.Agreed() …)
//
// and of an outbound one, or of an INVITE without SDP: Offer, ReceiveAnswer, Agreed. Later offers, of either side, take the same way.
//
// RFC 8866 (SDP), RFC 3264 (offer/answer), RFC 3551 (profile and static numbers), RFC 4585 (AVPF), RFC 4733 (telephone-event),
// RFC 3605 (a=rtcp), RFC 5761 (rtcp-mux), RFC 6157 §3.2 (hold over IPv6).
//
// # Decisions
//
//   - 2026-11-21: any encoding passes between two parties that both name it, known to us or not: formats are compared by name, clock rate and
//     channels, and parameters travel untouched. Whether G.729's annexb or AMR's octet-align suit each other is for the two parties to say.
//   - 2026-11-21: an answer has one audio codec and telephone-event: a phone that gets several re-INVITEs at once to settle on one.
//     Comfort noise is left out: a sender that was not promised it just sends sound.
//   - 2026-11-21: bodies are read by 300 lines of our own, and pion/sdp/v3 3.0.20 serves as the judge of what we write, in the tests. As a
//     reader it refuses the whole body over an m=image or UDPTL line (every fax-capable gateway), an unknown b= modifier, an o= with letters,
//     a missing t= or a last line without line end, and its errors name no line. It costs 2.6 us and 15 allocations of 1.4 KB for a phone's offer
//     before any rtpmap is understood; ours 2.0 us and 6 of 0.7 KB, with the formats.
//   - 2026-11-21: SRTP profiles are refused (ErrProfile) until media can be encrypted; of several audio lines the first usable wins.
//   - 2026-11-21: an answer repeats the offer's ptime and maxptime, as packets are relayed as they come.
//   - 2026-11-21: host names in c= are refused (ErrAddress) rather than resolved: nothing on this path waits for DNS.
package offer
