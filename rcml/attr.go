package rcml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// element is a node of a document: what a verb's parser reads its settings from.
// The readers below never fail: what is wrong becomes a warning, and the default counts.
type element struct {
	name     string
	line     int
	attrs    []attribute
	raw      []byte
	text     string // all character data and CDATA, trimmed
	children []*element
	warnings *[]Warning
}

type attribute struct{ name, value string }

// close ends the reading of e and of all below it.
func (e *element) close() {
	e.text = strings.TrimSpace(string(e.raw))
	e.raw = nil
	for _, c := range e.children {
		c.close()
	}
}

// warn notes a mistake with its place.
func (e *element) warn(code int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if e.line > 0 {
		text = fmt.Sprintf("line %d, <%s>: %s", e.line, e.name, text)
	}
	*e.warnings = append(*e.warnings, Warning{code, text})
}

func (e *element) has(name string) bool {
	return slices.ContainsFunc(e.attrs, func(a attribute) bool { return a.name == name })
}

// str is an attribute's value; absent and empty are both "".
func (e *element) str(name string) string {
	for _, a := range e.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// boolean reads true or false in any case.
func (e *element) boolean(name string, otherwise bool) bool {
	switch v := e.str(name); {
	case v == "":
		return otherwise
	case strings.EqualFold(v, "true"):
		return true
	case strings.EqualFold(v, "false"):
		return false
	default:
		e.warn(warnElement, "%s=%q is neither true nor false", name, v)
		return otherwise
	}
}

// integer reads a number of at least least; code is the verb's own warning.
func (e *element) integer(name string, otherwise, least, code int) int {
	v := e.str(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil || int(n) < least {
		e.warn(code, "%s=%q is not a number of at least %d", name, v, least)
		return otherwise
	}
	return int(n)
}

// seconds reads a positive length of time; a fraction is cut off. What time.Duration cannot hold counts as the most it can.
func (e *element) seconds(name string, otherwise time.Duration, code int) time.Duration {
	v := e.str(name)
	if v == "" {
		return otherwise
	}
	whole, fraction, _ := strings.Cut(v, ".")
	n, err := strconv.ParseUint(whole, 10, 31)
	if err != nil || n == 0 || strings.Trim(fraction, "0123456789") != "" {
		e.warn(code, "%s=%q is not a number of seconds", name, v)
		return otherwise
	}
	return time.Duration(n) * time.Second
}

// method reads GET or POST; anything else is POST with the verb's warning.
func (e *element) method(name string, code int) string {
	switch v := strings.ToUpper(e.str(name)); v {
	case "", "POST":
		return "POST"
	case "GET":
		return "GET"
	default:
		e.warn(code, "%s=%q is neither GET nor POST", name, v)
		return "POST"
	}
}

// link reads a URL reference as it stands. It is resolved when it is needed, against the URL of the document.
func (e *element) link(name string) link {
	return link{set: e.has(name), ref: e.str(name)}
}

// link is a URL reference: set and empty means the current document.
type link struct {
	set bool
	ref string
}
