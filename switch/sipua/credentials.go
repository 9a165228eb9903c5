package sipua

import (
	"crypto/md5" //nolint:gosec // what phones speak (RFC 8760)
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// credentials is what an Authorization value says, as far as we offered it:
// qop=auth with a count and a client nonce (RFC 7616 §3.4).
type credentials struct {
	username, realm, nonce, uri string
	response, cnonce, algorithm string
	count                       string // nc as it was written, which the digest is over
	nc                          uint32
}

// parseCredentials reads one Authorization value; nil where it is not a digest
// that we could check. It allocates nothing but the result: every call and
// registration comes through here.
func parseCredentials(v string) *credentials {
	const scheme = "Digest "
	if len(v) < len(scheme) || !strings.EqualFold(v[:len(scheme)], scheme) {
		return nil
	}
	c := &credentials{}
	qop := ""
	for v = v[len(scheme):]; ; {
		name, value, rest, ok := cutParameter(v)
		if !ok {
			return nil
		}
		switch {
		case strings.EqualFold(name, "username"):
			c.username = value
		case strings.EqualFold(name, "realm"):
			c.realm = value
		case strings.EqualFold(name, "nonce"):
			c.nonce = value
		case strings.EqualFold(name, "uri"):
			c.uri = value
		case strings.EqualFold(name, "response"):
			c.response = value
		case strings.EqualFold(name, "cnonce"):
			c.cnonce = value
		case strings.EqualFold(name, "algorithm"):
			c.algorithm = value
		case strings.EqualFold(name, "nc"):
			c.count = value
		case strings.EqualFold(name, "qop"):
			qop = value
		case strings.EqualFold(name, "userhash") && strings.EqualFold(value, "true"):
			return nil // not offered
		}
		if v = rest; v == "" {
			break
		}
	}
	if qop != "auth" || c.cnonce == "" {
		return nil
	}
	return c.counted()
}

// counted checks the count and the algorithm.
func (c *credentials) counted() *credentials {
	nc, err := strconv.ParseUint(c.count, 16, 32)
	if err != nil || nc < 1 {
		return nil
	}
	c.nc = uint32(nc)
	switch {
	case c.algorithm == "" || strings.EqualFold(c.algorithm, "MD5"):
		c.algorithm = "MD5"
	case strings.EqualFold(c.algorithm, "SHA-256"):
		c.algorithm = "SHA-256"
	default:
		return nil
	}
	return c
}

// cutParameter takes one name=value off a list with commas; rest is "" at its end.
func cutParameter(v string) (name, value, rest string, ok bool) {
	name, v, ok = strings.Cut(v, "=")
	name, v = strings.Trim(name, blanks), strings.TrimLeft(v, blanks)
	if !ok || name == "" || strings.ContainsAny(name, "\", \t") {
		return "", "", "", false
	}
	if strings.HasPrefix(v, `"`) {
		end := quotedEnd(v)
		if end < 0 {
			return "", "", "", false
		}
		value, rest = unquoted(v[1:end]), strings.TrimLeft(v[end+1:], blanks)
		if rest == "" {
			return name, value, "", true
		}
		rest, ok = strings.CutPrefix(rest, ",")
	} else {
		value, rest, _ = strings.Cut(v, ",")
		value = strings.TrimRight(value, blanks)
		ok = value != "" && !strings.ContainsAny(value, "\" \t")
	}
	return name, value, strings.TrimLeft(rest, blanks), ok
}

const blanks = " \t\r\n"

// quotedEnd is where the quotation that begins v ends; -1 where it does not.
func quotedEnd(v string) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// unquoted takes the backslashes out of a quotation.
func unquoted(v string) string {
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	b := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		b = append(b, v[i])
	}
	return string(b)
}

// digest appends the response these credentials should carry (RFC 7616 §3.4.1, qop=auth).
func (c *credentials) digest(to []byte, ha1, method string) []byte {
	sum := md5Hex
	if c.algorithm == "SHA-256" {
		sum = sha256Hex
	}
	var room [512]byte
	b := append(append(append(room[:0], method...), ':'), c.uri...)
	var second [2 * sha256.Size]byte
	ha2 := sum(second[:0], b)
	b = room[:0]
	for _, s := range [...]string{ha1, c.nonce, c.count, c.cnonce, "auth"} {
		b = append(append(b, s...), ':')
	}
	return sum(to, append(b, ha2...))
}

func md5Hex(to, b []byte) []byte {
	h := md5.Sum(b) //nolint:gosec // see above
	return hex.AppendEncode(to, h[:])
}

func sha256Hex(to, b []byte) []byte {
	h := sha256.Sum256(b)
	return hex.AppendEncode(to, h[:])
}
