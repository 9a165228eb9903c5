// Package rcml runs RCML documents on calls: it fetches a document from an application's web server or from a
// folder, reads it into verbs, runs them one by one, and goes where they lead.
//
// A Handler is a call.Handler. It asks for its document with the facts of the call, and what comes
// back decides: verbs, an action's new document, a Redirect, or a failure that the caller
// hears and the account's owner reads among the notifications. A verb is a file of its own and a row in
// verb.go; it reads its attributes once, into types, and its Execute is short because
// everything it does to the call is a capability of switch/call. Documents are read
// whole before anything runs, and parsed documents are kept by the hash of their bytes.
//
// TwiML documents run unchanged as far as their verbs are built. A verb that is not built is skipped with a warning.
//
// # Decisions
//
// 2026-11-21: where the design's limits and the RCML specification differ (document size, depth, redirects),
// the specification counts: 64 KiB, 16 levels, ten redirects.
//
// 2026-11-21: any DOCTYPE is refused, not only one that defines entities: no document needs one.
//
// 2026-11-21: "file:" URLs name files below the documents folder. A number may be bound to one, and such a
// document may refer to its neighbours; a document from the web may play a file but not redirect to one. A
// voice URL without scheme is such a file unless a base URL is configured.
//
// 2026-11-21: URLs in attributes are resolved when their verb begins, so that a document with an impossible action
// ends before its target is rung.
//
// 2026-11-21: the final status callback of a number waits for the action request of the verb that was
// interrupted, ten seconds at most.
//
// 2026-11-21: what the language's sources contradict each other on is a field of Profile, asked where it matters.
package rcml
