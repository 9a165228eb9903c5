package rcml

import (
	"context"
	"errors"
)

// redirect goes on with another document.
type redirect struct {
	text   string
	method string
}

func (redirect) verb() string { return "Redirect" }

func parseRedirect(_ language, e *element) (Verb, error) {
	e.only()
	return redirect{text: e.text, method: e.method("method", warnRedirect)}, nil
}

func (d redirect) Execute(ctx context.Context, r *Run) (Next, error) {
	if d.text == "" && !r.engine.profile.EmptyRepeats {
		return Next{}, nil
	}
	if r.redirects++; r.redirects > r.engine.cfg.MaxRedirects {
		return Next{}, &failure{
			code: noteRedirects, sip: 500, reason: "Too many redirects",
			err: errors.New("too many Redirect documents in a row"),
		}
	}
	if r.engine.profile.AnswerFirst {
		if err := r.answer(ctx); err != nil {
			return Next{}, err
		}
	}
	req, err := r.action(link{set: true, ref: d.text}, d.method)
	if err != nil {
		return Next{}, err
	}
	req.Action = false
	return Next{Request: req}, nil
}
