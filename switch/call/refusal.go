package call

import "fmt"

// Refusal is an error with a SIP answer. Code and Reason go to the peer; Err only to the log.
type Refusal struct {
	Code   int    // 300-699
	Reason string // the status line's phrase; "": the code's own
	Err    error  // what was wrong, for the log
	Text   string // of a Reason header; "": none
	Retry  int    // Retry-After in seconds; 0: none
}

// Error says what was refused and why, for logs.
func (r *Refusal) Error() string {
	if r.Err != nil {
		return fmt.Sprintf("%d %s: %v", r.Code, r.Reason, r.Err)
	}
	return fmt.Sprintf("%d %s", r.Code, r.Reason)
}

// Unwrap returns the error behind the refusal.
func (r *Refusal) Unwrap() error { return r.Err }
