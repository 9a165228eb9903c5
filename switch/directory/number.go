package directory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// NewNumber makes a number of an account that takes voice calls and does nothing with them yet.
func NewNumber(account, phone string) Number {
	now := time.Now()
	return Number{
		SID: NewSID(PrefixNumber), Account: account, Phone: phone,
		Voice: Posted(""), SMS: Posted(""), USSD: Posted(""), Refer: Hook{Method: "POST"}, StatusCallbackMethod: "POST",
		Can: Capabilities{Voice: true}, APIVersion: APIVersion, Created: now, Updated: now,
	}
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

// Numbers finds the number that a dialled user belongs to. Many may read it, without
// waiting, while one goroutine changes it.
type Numbers struct {
	region   string
	exact    sync.Map // Phone -> *Number
	patterns atomic.Pointer[[]pattern]
}

type pattern struct {
	re *regexp.Regexp
	n  *Number
}

// NewNumbers indexes the numbers. Region is the country (ISO 3166) that national numbers are read in.
func NewNumbers(region string, list []Number) *Numbers {
	x := &Numbers{region: region}
	x.patterns.Store(new([]pattern))
	for _, n := range list {
		x.Put(n)
	}
	return x
}

// Put adds a number or replaces the one of the same Phone. A pattern that does not
// compile, which none that was checked before it was stored can be, matches nothing.
func (x *Numbers) Put(n Number) {
	x.Delete(n.Phone)
	x.exact.Store(n.Phone, &n)
	if !n.SIP || !IsPattern(n.Phone) {
		return
	}
	re, err := CompilePattern(n.Phone)
	if err != nil {
		return
	}
	list := append(slices.Clone(*x.patterns.Load()), pattern{re, &n})
	slices.SortStableFunc(list, func(a, b pattern) int {
		if d := len(b.n.Phone) - len(a.n.Phone); d != 0 {
			return d // the longest first
		}
		return a.n.Created.Compare(b.n.Created)
	})
	x.patterns.Store(&list)
}

// Delete removes the number of that Phone, if there is one.
func (x *Numbers) Delete(phone string) {
	if _, there := x.exact.LoadAndDelete(phone); !there {
		return
	}
	old := *x.patterns.Load()
	if slices.ContainsFunc(old, func(p pattern) bool { return p.n.Phone == phone }) {
		list := slices.DeleteFunc(slices.Clone(old), func(p pattern) bool { return p.n.Phone == phone })
		x.patterns.Store(&list)
	}
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
	if n := x.get(dialled); n != nil {
		return n
	}
	other, had := strings.CutPrefix(dialled, "+")
	if !had {
		other = "+" + dialled
	}
	if n := x.get(other); n != nil {
		return n
	}
	if e164, err := E164(dialled, x.region); err == nil {
		if n := x.get(e164); n != nil {
			return n
		}
	}
	for _, p := range *x.patterns.Load() {
		if p.re.MatchString(dialled) {
			return p.n
		}
	}
	return x.get(CatchAll)
}

func (x *Numbers) get(phone string) *Number {
	if n, ok := x.exact.Load(phone); ok {
		return n.(*Number)
	}
	return nil
}
