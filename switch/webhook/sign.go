package webhook

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// Params are request parameters in the order they are sent.
type Params [][2]string

// query encodes p for a URL: percent-encoding, blank as %20.
func (p Params) query() string { return strings.ReplaceAll(p.form(), "+", "%20") }

// form encodes p as application/x-www-form-urlencoded: blank as "+".
func (p Params) form() string {
	var b strings.Builder
	for i, kv := range p {
		if i > 0 {
			b.WriteByte('&')
		}
		escape(&b, kv[0])
		b.WriteByte('=')
		escape(&b, kv[1])
	}
	return b.String()
}

// escape writes s percent-encoded; unreserved characters (RFC 3986 §2.3) stay, a blank becomes "+".
func escape(b *strings.Builder, s string) {
	const hexDigits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
}

// Sign computes the signature an application checks: HMAC-SHA1, keyed with the account's token, over the URL as
// requested (no user information, no fragment, no default port) and the parameters of a form body, sorted by
// name, then value, each pair once. For GET and for a body that is no form, form is nil.
func Sign(token, url string, form Params) string {
	pairs := slices.Clone(form)
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(url))
	for _, kv := range slices.Compact(pairs) {
		mac.Write([]byte(kv[0]))
		mac.Write([]byte(kv[1]))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// bodyHash is the query parameter that ties a body that is no form to the signed URL.
func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return "bodySHA256=" + hex.EncodeToString(sum[:])
}
