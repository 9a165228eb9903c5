package registrar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"tandem/switch/call"
)

// Binding says that an AOR can be reached at a contact until Expires. It is a
// value: what callers get is theirs.
type Binding struct {
	AOR       string    // the login
	Key       string    // the contact in the form it is compared by, see Key
	Contact   string    // the contact URI as sent
	Params    string    // the contact's other header parameters as sent, e.g. `+sip.instance="<urn:…>"`; "" for none
	Q         int       // preference in thousandths, 0 to 1000 (RFC 3261 §20.10)
	CallID    string    // of the REGISTER that made or refreshed it
	CSeq      uint32    // same
	Expires   time.Time // end of the binding
	Updated   time.Time // when it was made or last refreshed
	Path      call.Path // the way the REGISTER came and calls go back
	UserAgent string    // what the phone calls itself
}

// Remaining is the time the binding still holds, in whole seconds rounded up,
// as a 200 to a REGISTER states it; never below zero.
func (b Binding) Remaining(now time.Time) int {
	left := b.Expires.Sub(now)
	if left <= 0 {
		return 0
	}
	return int((left + time.Second - 1) / time.Second)
}

// Key brings a contact URI into the form two bindings are compared by: RFC 3261
// §19.1.4 for everything that tells two phones apart, that is the scheme, user,
// host and port with the parameters transport, user, ttl, method and maddr. The
// error says why the URI is no SIP or SIPS URI that a call could go to.
func Key(uri string) (string, error) {
	var u sip.Uri
	if err := sip.ParseUri(uri, &u); err != nil {
		return "", fmt.Errorf("contact %q: %w", uri, err)
	}
	if u.Scheme != "sip" && u.Scheme != "sips" || u.Host == "" || u.Wildcard || u.Port < 0 || u.Port > 65535 {
		return "", fmt.Errorf("contact %q: not a SIP URI with a host", uri)
	}
	if len(u.Headers) > 0 {
		return "", fmt.Errorf("contact %q: headers do not belong here", uri)
	}
	return key(&u), nil
}

func key(u *sip.Uri) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(u.Scheme))
	b.WriteByte(':')
	if u.User != "" {
		b.WriteString(unescape(u.User))
		b.WriteByte('@')
	}
	b.WriteString(strings.ToLower(u.Host))
	if u.Port > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(u.Port))
	}
	for _, name := range [...]string{"transport", "user", "ttl", "method", "maddr"} {
		for _, p := range u.UriParams {
			if strings.EqualFold(p.K, name) {
				b.WriteString(";" + name + "=" + strings.ToLower(p.V))
			}
		}
	}
	return b.String()
}

// unescape resolves %HH where that changes nothing about the meaning: a user
// part "%61lice" is "alice". What would be a separator stays escaped.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				if plain(byte(v)) {
					b.WriteByte(byte(v))
				} else {
					b.WriteString(strings.ToUpper(s[i : i+3]))
				}
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0
}

// byPreference puts the contact to try first in front: highest q, then the
// one that was heard of last.
func byPreference(list []Binding) {
	slices.SortFunc(list, func(a, b Binding) int {
		if a.Q != b.Q {
			return b.Q - a.Q
		}
		if c := b.Updated.Compare(a.Updated); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
}
