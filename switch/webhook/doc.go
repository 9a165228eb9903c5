// Package webhook is everything Tandem asks for or reports over HTTP: documents,
// actions, callbacks, sound files. One Client with one set of limits serves them
// all, so that an application that is dead, slow or hostile costs its own call and nothing else.
//
// A request ends after Config.Timeout, redirects and body included. It is sent to an
// address that was looked up and checked beforehand (guard.go): networks that only the switch can
// reach are refused unless the operator allows them, whatever name or redirect leads there.
// An account may have only so many requests in flight. Bodies above their limit are an error, not a cut.
//
// Queue delivers status callbacks: in order per call, without anybody waiting for them.
//
// Follows RFC 9110 (methods, redirects, Basic credentials), RFC 6265 (cookies, one jar a call), RFC 6890 and
// its registry (special-purpose addresses), RFC 6052 (NAT64).
//
// # Decisions
//
// 2026-11-21: redirects are followed by this package and not by net/http, because a document's method and
// parameters survive every kind of redirect, 303 included, while net/http turns POST into GET. Documents may
// take ten hops and callbacks three; both are configuration.
//
// 2026-11-21: the checks sit in the dial function and not before the request, so that what is
// checked is what is dialled: a name that resolves differently the second time gains nothing.
//
// 2026-11-21: requests are signed whenever the account has a token. A signature costs 2 us and an application
// that does not look at it loses nothing.
//
// 2026-11-21: a callback is tried once more after one second if the connection failed or the answer was 5xx.
// A goroutine lives per call that has callbacks on the way, not per callback and not for ever; a fixed
// set of workers would let one dead receiver hold up all the others.
package webhook
