package directory

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest friendly name in characters and the longest URL in bytes that are kept.
const (
	MaxName = 64
	MaxURL  = 2048
)

// What a write can meet.
var (
	ErrExists   = errors.New("exists already")
	ErrNotFound = errors.New("not found")
)

// Invalid is a value that breaks a rule. Code is the number that programs test
// for (REST specification 1.11.3); Text may be shown to whoever sent the value.
type Invalid struct {
	Code int
	Text string
}

// Error is the text.
func (e *Invalid) Error() string { return e.Text }

func invalidf(code int, format string, args ...any) error {
	return &Invalid{Code: code, Text: fmt.Sprintf(format, args...)}
}

// CheckName refuses names that are too long or carry control characters. Field is named in the error.
func CheckName(field, name string) error {
	if utf8.RuneCountInString(name) > MaxName {
		return invalidf(20001, "%s is longer than %d characters", field, MaxName)
	}
	if !utf8.ValidString(name) {
		return invalidf(20001, "%s is not valid UTF-8", field)
	}
	bad := func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }
	if strings.ContainsFunc(name, bad) {
		return invalidf(20001, "%s contains control characters", field)
	}
	return nil
}

// CheckURL refuses what is neither an absolute http or https URL nor a path that
// begins with "/", nor one of the schemes named. Code goes into the error (21205, 21402, 21502).
func CheckURL(field, value string, code int, schemes ...string) error {
	if len(value) > MaxURL {
		return invalidf(21402, "%s is longer than %d bytes", field, MaxURL)
	}
	u, err := url.Parse(value)
	if err == nil && !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		if (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			return nil
		}
		if u.Scheme == "" && strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") {
			return nil
		}
		for _, s := range schemes {
			if u.Scheme == s && len(value) > len(s)+1 {
				return nil
			}
		}
	}
	return invalidf(code, "%s %q is not a valid URL", field, value)
}

// ParseMethod reads GET or POST in any case. Code goes into the error (21209, 21403).
func ParseMethod(field, value string, code int) (string, error) {
	switch m := strings.ToUpper(value); m {
	case "GET", "POST":
		return m, nil
	default:
		return "", invalidf(code, "%s %q is neither GET nor POST", field, value)
	}
}
