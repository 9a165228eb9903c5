// Package route decides what becomes of a call: which plan an inbound call runs
// (Mux) and where a dialled target lives (Dialer).
//
// The order of Mux, first match first:
//
//  1. the caller is an authenticated client with a document of its own
//  2. a rule for calls by that client
//  3. the dialled user is a client of the caller's account: plain routing
//  4. the dialled user is a number of this switch: the number's document
//  5. a rule for the dialled user
//  6. the default rule
//  7. a caller that belongs to an account: plain routing, which finds nobody
//     and says so; anybody else: 404
//
// # Decisions
//
// 2026-11-21: A client's login goes before numbers (rest.md 2.3.2), so that a
// catch-all number does not take away calls between phones of one account.
//
// 2026-11-21: Numbers are public: whoever may place calls reaches them, and the
// call belongs to the number's account from then on. Clients are not: only
// calls of their own account reach them, and the refusal is the same 404 that a
// login nobody has gets.
//
// 2026-11-21: A dialled SIP URI whose host is this switch is resolved here like
// a client or number. Sent out, it would come back as a stranger's INVITE.
package route
