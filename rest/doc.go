// Package rest is the HTTP side of the switch: the Restcomm-compatible API at
// /restcomm/2012-04-24 and its aliases, the pages that its errors point to, and
// metrics and health for whoever watches the process.
//
// A request goes through four steps. path.go brings its path into one form and
// finds out which representation is wanted; auth.go says who calls and whether
// the account in the path is theirs to touch; a resource's file reads, calls and
// answers; reply.go writes the answer. Handlers return errors, and problem.go alone
// makes bodies of them. JSON and XML are written from one list of fields (view.go).
//
// What the handlers need of others stands in deps.go as small interfaces.
//
// # Decisions
//
// 2026-11-21: resources of the specification that are not built yet answer 501
// with code 1002, as those it excludes do: 404 would say that the path is wrong.
//
// 2026-11-21: a call that cannot be placed (unknown or unregistered client, no
// trunk) is answered with 200 and recorded as not-found or failed, as 2.7.3 has it;
// only a switch that takes no calls answers 503.
//
// 2026-11-21: whatever reads call records first waits until those that are queued
// are on disk, so that a program sees what it has just done.
//
// 2026-11-21: a request's status filter for calls that are up is applied to the
// live calls, since the record of a call is written at its beginning and end only.
package rest
