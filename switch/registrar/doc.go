// Package registrar keeps who can be reached where: the bindings of an AOR to
// its contacts (RFC 3261 §10.3), in memory, each with the way back to the
// phone. The signalling path reads and writes memory only; a Store is told of
// every change and gives the bindings back after a restart.
//
// Authentication and the SIP message around a registration belong to sipua;
// this package gets a Request that was already allowed and answers what the
// AOR's bindings are now.
//
// # Decisions
//
// 2026-11-21: the AOR is the login alone. The switch serves one domain, and
// phones write its name, its address or a name of their own in the host part;
// all of them mean the same user.
//
// 2026-11-21: a registration is all or nothing (RFC 3261 §10.3, step 7): every
// contact is checked before the first binding changes.
//
// 2026-11-21: one lock for all bindings. It is held for about a microsecond a
// registration, which is a hundredth of what the digest and the message cost.
//
// 2026-11-21: a binding that came over a connection goes when the connection
// closes, since such a phone cannot be reached otherwise (RFC 5626 §5.2). Once
// Serve has returned, closing connections mean our own shutdown and bindings
// stay in the store. After a restart their flow is unknown: calls then try the
// contact's own address, until the phone registers again.
//
// 2026-11-21: reg-id and +sip.instance are kept as sent but do not identify a
// binding: outbound (RFC 5626) is not advertised, so §6 there asks for plain
// RFC 3261 matching.
package registrar
