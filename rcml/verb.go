package rcml

import (
	"context"
	"slices"
)

// Verb is one step of a document. It is read only: many calls run it at the same time.
type Verb interface {
	// Execute does the step and returns what follows it. The error is the cause of ctx
	// when ctx ended, a failure that ends the call, or nil.
	Execute(ctx context.Context, r *Run) (Next, error)
}

// Next is what follows a verb: the next one in the document (the zero Next), another document, or the end.
type Next struct {
	Request *Request // of the document that replaces this one
	End     bool     // nothing more runs; the call is hung up
	Leave   bool     // the caller is hung up once Request was made
}

// language is the table of elements that one place of a document can hold.
type language map[string]func(language, *element) (Verb, error)

// verbs may stand directly under <Response>. A verb is a row here and a file of its own.
var verbs = language{
	"Dial":     parseDial,
	"Hangup":   parseHangup,
	"Pause":    parsePause,
	"Play":     parsePlay,
	"Redirect": parseRedirect,
	"Reject":   parseReject,
}

// verbName is a verb's name in metrics and logs: that of its row.
func verbName(v Verb) string { return v.(interface{ verb() string }).verb() }

// free verbs need no caller and run also after the caller has gone.
type free interface{ free() }

// parse makes verbs of elements; what it does not know is skipped with a warning.
func (l language) parse(elements []*element, p *Profile) []Verb {
	var out []Verb
	for _, e := range elements {
		read, known := l[e.name]
		if !known {
			e.warn(warnElement, "unknown verb, or one that is not available")
			if p.EnterUnknown {
				out = append(out, l.parse(e.children, p)...)
			}
			continue
		}
		v, err := read(l, e)
		if err != nil {
			e.warn(warnElement, "skipped: %v", err)
			continue
		}
		out = append(out, v)
	}
	return out
}

// only warns of children that e may not have.
func (e *element) only(names ...string) []*element {
	var out []*element
	for _, c := range e.children {
		if slices.Contains(names, c.name) {
			out = append(out, c)
			continue
		}
		c.warn(warnElement, "not allowed inside <%s>", e.name)
	}
	return out
}
