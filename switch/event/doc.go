// Package event says what happens in the switch to whoever watches live: a
// dashboard, an agent desktop, a test.
//
// Order: a reader gets the events of one publisher in the order they were
// published. Blocking: Publish never waits. A reader that does not keep up
// loses the oldest events and is told how many.
//
// # Decisions
//
// 2026-11-21: Events are for watchers and may be lost; records and callbacks
// may not, so they do not travel here (design, section 1).
//
// 2026-11-21: One flat Event for all kinds instead of a type a kind: readers
// filter and print, and a flat value costs the publisher no allocation.
package event
