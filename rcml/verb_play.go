package rcml

import (
	"context"
	"errors"
	"fmt"

	"tandem/media"
	"tandem/switch/call"
)

// play lets the caller hear a sound.
type play struct {
	ref   string
	loops int // 0: for ever
}

func (play) verb() string { return "Play" }

func parsePlay(_ language, e *element) (Verb, error) {
	e.only()
	if e.has("digits") {
		e.warn(warnNotBuilt, "digits is not available")
	}
	return play{ref: e.text, loops: e.integer("loop", 1, 0, warnPlayLoop)}, nil
}

func (p play) Execute(ctx context.Context, r *Run) (Next, error) {
	if err := r.answer(ctx); err != nil {
		return Next{}, err
	}
	if p.ref == "" {
		return Next{}, nil
	}
	target, err := resolve(r.base, p.ref, true)
	if err != nil {
		return Next{}, err
	}
	prompt, err := r.prompt(ctx, target)
	if err == nil {
		_, err = r.call.Play(ctx, prompt, p.loops)
	}
	switch {
	case err == nil:
		return Next{}, nil
	case ctx.Err() != nil:
		return Next{}, context.Cause(ctx)
	case errors.Is(err, call.ErrEnded):
		return Next{}, err
	}
	failed := &failure{code: notePlay, sip: 500, url: redact(target), err: fmt.Errorf("cannot be played: %w", err)}
	if r.engine.profile.PlayErrorEnds {
		return Next{}, failed
	}
	r.report(failed)
	return Next{}, nil
}

// prompt finds a sound.
func (r *Run) prompt(ctx context.Context, target string) (*media.Prompt, error) {
	if r.engine.deps.Prompts == nil {
		return nil, errors.New("this switch plays no files")
	}
	return r.engine.deps.Prompts.Prompt(ctx, r.call.Account(), target)
}
