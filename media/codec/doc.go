// Package codec is the table of encodings the switch knows: one row each, asked by whoever writes SDP, plays a prompt or names a payload.
//
// A row with Encode and Decode is a codec the switch can play and listen to itself (G.711, L16). A row without them passes
// between two parties that share it and is listed so that its clock and usual number are known; a codec that has no row at all passes
// too, because the relay never looks into a payload.
//
// Encode and Decode append to their destination and keep no state, so a row serves all streams at once.
//
// RFC 3551 (static numbers, L16, G.711), RFC 4733 (telephone-event), RFC 3389 (CN), ITU-T G.711.
//
// # Decisions
//
//   - 2026-11-21: G.711 encodes by table (16 KiB for mu-law, 4 KiB for A-law) made at start from the segment rule: 20 ms cost about
//     0.1 us either way, and no list of numbers has to be trusted.
//   - 2026-11-21: G.722 keeps its RTP clock of 8000 Hz (RFC 3551 §4.5.2) in ClockRate; SampleRate says what is really sampled.
package codec
