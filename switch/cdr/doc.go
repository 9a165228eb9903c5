// Package cdr keeps one record of every call, built from the call's summary.
//
// # Decisions
//
// 2026-11-21: A record is written when a call begins and again when it has
// ended; its answer is added when it happens. That is what a restart finds of a
// call that was up when the process died. The store's queue joins all three
// when a call is short.
package cdr
