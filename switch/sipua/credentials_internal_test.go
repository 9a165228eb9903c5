package sipua

import (
	"strings"
	"testing"

	"github.com/icholy/digest"
)

func TestParseCredentials(t *testing.T) {
	const good = `Digest username="a\"b", realm="tandem", nonce="n,=", uri="sip:h;x=y", response="ab", cnonce="c", nc=0000000a, qop=auth, algorithm=MD5, opaque=""`
	for name, tt := range map[string]struct {
		v    string
		want *credentials
	}{
		"whole":               {good, &credentials{username: `a"b`, realm: "tandem", nonce: "n,=", uri: "sip:h;x=y", response: "ab", cnonce: "c", count: "0000000a", nc: 10, algorithm: "MD5"}},
		"scheme in any case":  {`dIGEST nc=1,qop=auth,cnonce=c`, &credentials{cnonce: "c", count: "1", nc: 1, algorithm: "MD5"}},
		"blanks":              {`Digest   nc = 1 ,  qop = "auth"  , cnonce = "c" , algorithm = sha-256 `, &credentials{cnonce: "c", count: "1", nc: 1, algorithm: "SHA-256"}},
		"another scheme":      {"Basic YTpi", nil},
		"nothing":             {"Digest ", nil},
		"no value":            {"Digest username", nil},
		"no name":             {`Digest ="a"`, nil},
		"an open quotation":   {`Digest nc=1, qop=auth, cnonce="c`, nil},
		"an open escape":      {`Digest nc=1, qop=auth, cnonce="c\`, nil},
		"behind a quotation":  {`Digest nc=1, qop=auth, cnonce="c"x`, nil},
		"no comma":            {`Digest nc=1 qop=auth cnonce=c`, nil},
		"an empty value":      {`Digest nc=1, qop=auth, cnonce=c, realm=`, nil},
		"no qop":              {strings.Replace(good, "qop=auth, ", "", 1), nil},
		"auth-int":            {strings.Replace(good, "qop=auth", "qop=auth-int", 1), nil},
		"no count":            {strings.Replace(good, "nc=0000000a, ", "", 1), nil},
		"count zero":          {strings.Replace(good, "0000000a", "00000000", 1), nil},
		"a count too long":    {strings.Replace(good, "0000000a", "100000000", 1), nil},
		"no client nonce":     {strings.Replace(good, `cnonce="c", `, "", 1), nil},
		"SHA-512":             {strings.Replace(good, "MD5", "SHA-512", 1), nil},
		"a hashed user":       {good + ", userhash=true", nil},
		"a user in the clear": {`Digest nc=1,qop=auth,cnonce=c,userhash=false`, &credentials{cnonce: "c", count: "1", nc: 1, algorithm: "MD5"}},
	} {
		got := parseCredentials(tt.v)
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}

// What the library's client writes and computes is what we read and compute.
func TestDigestAgreesWithTheLibrary(t *testing.T) {
	for _, algorithm := range []string{"", "MD5", "SHA-256"} {
		o := digest.Options{Method: "INVITE", URI: "sip:bob@tandem", Username: "alice", Password: "secret", Count: 300}
		c, err := digest.Digest(&digest.Challenge{Realm: "tandem", Nonce: "abc", Algorithm: algorithm, QOP: []string{"auth"}}, o)
		if err != nil {
			t.Fatal(err)
		}
		got := parseCredentials(c.String())
		if got == nil {
			t.Fatalf("%q is not understood", c)
		}
		sum := md5Hex
		if algorithm == "SHA-256" {
			sum = sha256Hex
		}
		ha1 := string(sum(nil, []byte("alice:tandem:secret")))
		if response := string(got.digest(nil, ha1, "INVITE")); response != c.Response || got.response != c.Response {
			t.Errorf("%s: got %s of %s, want %s", algorithm, response, got.response, c.Response)
		}
	}
}

func BenchmarkParseCredentials(b *testing.B) {
	const v = `Digest username="alice", realm="tandem", nonce="AAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAA", uri="sip:bob@127.0.0.1:5060", response="d41d8cd98f00b204e9800998ecf8427e", algorithm=MD5, cnonce="0123456789abcdef", qop=auth, nc=00000001`
	b.ReportAllocs()
	for b.Loop() {
		parseCredentials(v)
	}
}
