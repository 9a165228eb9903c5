package rcml

import "context"

// hangup ends the call: an unanswered caller is answered first, for only Reject refuses.
type hangup struct{}

func (hangup) verb() string { return "Hangup" }

func parseHangup(_ language, e *element) (Verb, error) {
	e.only()
	return hangup{}, nil
}

func (hangup) Execute(_ context.Context, r *Run) (Next, error) {
	r.dropped = true
	return Next{End: true}, nil
}
