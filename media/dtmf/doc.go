// Package dtmf finds key presses in what a party sends: RFC 4733 events.
//
// # Decisions
//
// 2026-11-21: A key is reported when its first packet is in, not at its end: menus
// react sooner, and a lost end changes nothing. A press is known by its
// timestamp, which all its packets share, so repeats and the three copies of the
// end count once.
package dtmf
