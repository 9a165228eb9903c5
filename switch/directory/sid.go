package directory

import "strings"

// The prefixes of the SIDs that are stored (REST specification 1.8).
const (
	PrefixAccount      = "AC"
	PrefixApplication  = "AP"
	PrefixCall         = "CA"
	PrefixClient       = "CL"
	PrefixInstance     = "ID"
	PrefixNotification = "NO"
	PrefixNumber       = "PN"
	PrefixRoute        = "RT"
)

// NewSID makes a SID: the prefix and 128 random bits as 32 lower-case hex digits.
func NewSID(prefix string) string { return prefix + randomHex() }

// ValidSID tells whether s has the form of a SID, 34 letters and digits.
func ValidSID(s string) bool {
	if len(s) != 34 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// CallSID drops the server instance of the long form ID…-CA… of a call's SID.
func CallSID(s string) string {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return s[i+1:]
	}
	return s
}
