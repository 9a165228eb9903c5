// Package audio makes and reads the sound the switch plays by itself: WAV files, tones and cadences, as prompts; and turns a prompt into the
// payloads of a codec, resampled to its rate.
//
// Nothing here knows time or network. A prompt is made once, encoded once for each codec, and shared by all who hear it.
//
// Multimedia Programming Interface and Data Specifications 1.0 (RIFF WAVE) and its WAVE_FORMAT_EXTENSIBLE; ITU-T E.180 and its Supplement 2 for
// the tones of countries.
//
// # Decisions
//
//   - 2026-11-21: the WAV reader is ours. github.com/go-audio/wav v1.1.0 (Apache 2.0, last release 2022) reads integers only: no float, no G.711, which
//     telephony files mostly are; it takes sizes in the header at their word, and its errors have no types. Reading all we need takes 150 lines.
//   - 2026-11-21: sizes in a header are hints: a streamed or cut-off file plays as far as it goes. What would make sound of noise (unknown format,
//     impossible widths, no samples) is an error that says so.
//   - 2026-11-21: the resampler is a polyphase windowed sinc of 64 crossings with a Kaiser window: flat to 0.85 of the lower Nyquist frequency, 70 dB down from
//     it on. Linear interpolation folds what a 44.1 kHz file has at 6 kHz into 2 kHz of a telephone's band, half a decibel down. A second of 44.1 kHz
//     to 8 kHz costs 4 ms (16 kHz: 0.7 ms), once for each prompt and codec.
package audio
