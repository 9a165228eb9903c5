package rcml

import (
	"context"

	"tandem/switch/call"
)

// reject refuses an unanswered inbound call.
type reject struct{ busy bool }

func (reject) verb() string { return "Reject" }

func parseReject(_ language, e *element) (Verb, error) {
	for _, c := range e.children {
		if c.name != "Parameter" {
			c.warn(warnElement, "not allowed inside <Reject>")
		}
	}
	return reject{busy: e.str("reason") == "busy"}, nil
}

func (j reject) Execute(ctx context.Context, r *Run) (Next, error) {
	r.dropped = true
	if !unanswered(r.call) {
		r.warn(warnElement, "Reject on a call that is answered")
		return Next{End: true}, nil
	}
	r.declined = true
	answer := &call.Refusal{Code: 603, Reason: "Decline"}
	if j.busy {
		answer = &call.Refusal{Code: 486, Reason: "Busy Here"}
	}
	return Next{End: true}, r.call.Refuse(ctx, answer)
}
