package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Number is what an account can be called under, with what to do when it is.
type Number struct {
	SID                  string // PN…
	Account              string // AC… of the owner
	FriendlyName         string
	Phone                string // E.164 with "+"; with SIP set any user part, short code or pattern
	SIP                  bool   // Phone is taken as it is
	Voice, SMS, USSD     Hook
	Refer                Hook // without fallback
	StatusCallback       string
	StatusCallbackMethod string
	CallerIDLookup       bool
	Can                  Capabilities
	Cost                 string
	APIVersion           string
	Created              time.Time
	Updated              time.Time
}

// Capabilities of a number.
type Capabilities struct{ Voice, SMS, MMS, Fax bool }

// CatchAll is the number that takes every call no other one takes.
const CatchAll = "*"

// IsPattern tells whether a SIP number is a regular expression. A leading "*" or "+" stands for itself.
func IsPattern(phone string) bool {
	return phone != CatchAll && strings.ContainsAny(strings.TrimLeft(phone, "*+"), `.*+?()[]{}|^$\`)
}

// CompilePattern makes an expression of a number's pattern, anchored at both ends.
func CompilePattern(phone string) (*regexp.Regexp, error) {
	rest := strings.TrimLeft(phone, "*+")
	literal := phone[:len(phone)-len(rest)]
	// On its own first: ")|(" must not close the group around it.
	if _, err := regexp.Compile(rest); err != nil {
		return nil, invalidf(21421, "PhoneNumber %q is not a valid pattern: %v", phone, err)
	}
	re, err := regexp.Compile(fmt.Sprintf(`^%s(?:%s)$`, regexp.QuoteMeta(literal), rest))
	if err != nil {
		return nil, invalidf(21421, "PhoneNumber %q is not a valid pattern: %v", phone, err)
	}
	return re, nil
}

// Numbers finds the number that a dialled user belongs to. It never changes once made.
type Numbers struct {
	region   string
	exact    map[string]*Number
	patterns []pattern // longest first, then oldest
	all      *Number   // the catch-all
}

type pattern struct {
	re *regexp.Regexp
	n  *Number
}

// NewNumbers indexes the numbers. Region is the country (ISO 3166) that national
// numbers are read in. A pattern that does not compile, which none that was
// checked before it was stored can be, matches nothing.
func NewNumbers(region string, list []Number) *Numbers {
	x := &Numbers{region: region, exact: make(map[string]*Number, len(list))}
	for i := range list {
		n := &list[i]
		switch {
		case n.SIP && n.Phone == CatchAll:
			x.all = n
		case n.SIP && IsPattern(n.Phone):
			if re, err := CompilePattern(n.Phone); err == nil {
				x.patterns = append(x.patterns, pattern{re, n})
			}
		}
		x.exact[n.Phone] = n
	}
	slices.SortStableFunc(x.patterns, func(a, b pattern) int {
		if d := len(b.n.Phone) - len(a.n.Phone); d != 0 {
			return d
		}
		return a.n.Created.Compare(b.n.Created)
	})
	return x
}

// Find returns the number that takes a call to the dialled user: one of exactly
// that text, with or without "+" or in E.164; else the longest matching pattern; else the catch-all.
func (x *Numbers) Find(dialled string) (Number, bool) {
	if n := x.find(dialled); n != nil {
		return *n, true
	}
	return Number{}, false
}

func (x *Numbers) find(dialled string) *Number {
	if dialled == "" {
		return nil
	}
	if n, ok := x.exact[dialled]; ok {
		return n
	}
	other, had := strings.CutPrefix(dialled, "+")
	if !had {
		other = "+" + dialled
	}
	if n, ok := x.exact[other]; ok {
		return n
	}
	if e164, err := E164(dialled, x.region); err == nil {
		if n, ok := x.exact[e164]; ok {
			return n
		}
	}
	for _, p := range x.patterns {
		if p.re.MatchString(dialled) {
			return p.n
		}
	}
	return x.all
}
