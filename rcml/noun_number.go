package rcml

import (
	"strings"

	"tandem/switch/call"
)

// parseNumber reads <Number>: a telephone number, ours or the world's.
func parseNumber(e *element) (noun, error) {
	e.only()
	if e.has("sendDigits") {
		e.warn(warnNotBuilt, "sendDigits is not available")
	}
	n := noun{kind: call.TargetNumber}
	n.value, n.headers = split(e, e.text)
	n.value = digits(n.value)
	return n.common(e)
}

// digits is a number without what people write between its digits.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().\t\r\n\u00a0", r) {
			return -1
		}
		return r
	}, s)
}
