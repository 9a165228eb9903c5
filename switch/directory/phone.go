package directory

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// E164 normalizes a phone number, read in the region (ISO 3166) when it has no
// country code. The error is an *Invalid with code 21421.
func E164(number, region string) (string, error) {
	bad := func() (string, error) { return "", invalidf(21421, "PhoneNumber %q is not valid", printable(number)) }
	if len(number) > 40 || strings.ContainsFunc(number, notDialled) || !strings.ContainsAny(number, "0123456789") {
		return bad()
	}
	n, err := phonenumbers.Parse(number, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return bad()
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// notDialled keeps vanity letters and addresses away from the parser.
func notDialled(r rune) bool {
	return (r < '0' || r > '9') && !strings.ContainsRune("+-.() /", r)
}

// National writes an E.164 number as it is written in its own country; what is not one stays as it is.
func National(e164 string) string {
	n, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return e164
	}
	return phonenumbers.Format(n, phonenumbers.NATIONAL)
}

// OfType tells whether an E.164 number is one of "Local", "TollFree" or "Mobile".
// Where fixed and mobile numbers cannot be told apart, as in North America, it is both;
// one whose area code is not assigned counts as local.
func OfType(e164, kind string) bool {
	n, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.TOLL_FREE:
		return kind == "TollFree"
	case phonenumbers.MOBILE:
		return kind == "Mobile"
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		return kind == "Local" || kind == "Mobile"
	default:
		return kind == "Local"
	}
}
