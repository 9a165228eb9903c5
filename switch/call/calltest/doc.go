// Package calltest is a call without a network: legs that a test steers, an
// inviter that hands them out, streams that remember what was asked of them.
// Everything works inside testing/synctest bubbles.
//
// A leg is both ends: the switch holds it as a call.Leg, the test plays the
// party with Press, Hang, Ringing, Answered, Busy and the like, and looks at
// what the switch did with the Want functions.
package calltest
