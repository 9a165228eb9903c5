package directory

import "time"

// Application is a named pointer to an RCML document or a Lua script.
type Application struct {
	SID            string // AP…
	Account        string // AC… of the owner
	FriendlyName   string
	URL            string // absolute URL, path beginning with "/", or lua:<script name>
	Kind           string // "voice", "sms", "ussd" or ""
	CallerIDLookup bool
	APIVersion     string
	Created        time.Time
	Updated        time.Time
}

// ParseKind refuses kinds that do not exist; "" is none.
func ParseKind(s string) (string, error) {
	switch s {
	case "", "voice", "sms", "ussd":
		return s, nil
	default:
		return "", invalidf(20001, "Kind %q is not one of voice, sms, ussd", s)
	}
}
