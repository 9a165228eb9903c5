package offer

import (
	"errors"
	"fmt"
)

// ErrNotAcceptable is behind every error that says a well-formed description cannot be met: the answer to it is 488 (RFC 3261 §21.4.26).
// A *SyntaxError is not among them: that is a 400.
var ErrNotAcceptable = errors.New("description not acceptable")

// Why a description is not acceptable.
var (
	ErrNoCommonCodec = notAcceptable("no codec in common")
	ErrNoAudio       = notAcceptable("no audio offered")
	ErrProfile       = notAcceptable("only RTP/AVP and RTP/AVPF are taken")
	ErrAddress       = notAcceptable("media address cannot be sent to from here")
	ErrRefused       = notAcceptable("the answer refuses the audio")
	ErrMismatch      = notAcceptable("the answer's media lines are not the offer's")
)

// ErrNoOffer is returned by Answer and ReceiveAnswer when there is nothing to answer: a mistake in the order of calls, or a stray answer.
var ErrNoOffer = errors.New("no offer to answer")

func notAcceptable(why string) error { return fmt.Errorf("%w: %s", ErrNotAcceptable, why) }

// SyntaxError says which line of a description is broken and how.
type SyntaxError struct {
	Line    int    // counted from 1; 0: the description as a whole
	Text    string // the line
	Problem string
}

// Error names line, text and problem.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return "sdp: " + e.Problem
	}
	return fmt.Sprintf("sdp line %d %.80q: %s", e.Line, e.Text, e.Problem)
}
