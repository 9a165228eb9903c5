package rcml

import (
	"fmt"
	"strings"
)

// Trace describes a document as its golden file has it: a verb a line, then the warnings.
func (d *Document) Trace() string {
	var b strings.Builder
	for _, v := range d.Verbs {
		fmt.Fprintf(&b, "%s %s\n", verbName(v), describe(v))
	}
	for _, w := range d.Warnings {
		fmt.Fprintf(&b, "! %d %s\n", w.Code, w.Text)
	}
	return b.String()
}

// describe is a verb's settings; pointers and nested nouns are written out.
func describe(v Verb) string {
	d, ok := v.(dial)
	if !ok {
		return fmt.Sprintf("%+v", v)
	}
	nouns := d.nouns
	bridge := "as configured"
	if d.onBridge != nil {
		bridge = fmt.Sprint(*d.onBridge)
	}
	d.nouns, d.onBridge = nil, nil
	s := fmt.Sprintf("%+v bridge:%s", d, bridge)
	for _, n := range nouns {
		s += fmt.Sprintf("\n  %s %+v", n.kind, n)
	}
	return s
}
