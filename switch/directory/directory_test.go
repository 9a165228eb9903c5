package directory_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/switch/directory"
)

func TestStrengthHasTheCheckValuesOfTheSpecification(t *testing.T) {
	for password, want := range map[string]int{
		"1234": 4, "asdf123": 37, "RestComm": 36, "Restcomm2": 54, "asd123$#@": 68, "RestComm12": 70,
		"RestComm1234": 88, "MyC0mp@ny": 64, "γιωργος123#!@": 63, "": 0,
	} {
		if got := directory.Strength(password); got != want {
			t.Errorf("Strength(%q) = %d, want %d", password, got, want)
		}
	}
}

func TestCheckPasswordNamesTheCode(t *testing.T) {
	invalid, ok := errors.AsType[*directory.Invalid](directory.CheckPassword("1234"))
	if !ok || invalid.Code != 3202 || !strings.Contains(invalid.Text, "weak") {
		t.Errorf("CheckPassword(1234) = %v, want code 3202 and the word weak", invalid)
	}
	if err := directory.CheckPassword("RestComm12"); err != nil {
		t.Errorf("CheckPassword(RestComm12) = %v", err)
	}
}

func TestAccountDerivations(t *testing.T) {
	if got, want := directory.AccountSID("Ops@Example.net"), "AC8a036a5e9938105f757a45ce9b1a6298"; got != want {
		t.Errorf("AccountSID = %s, want %s", got, want)
	}
	a := directory.Account{}
	if err := a.SetPassword("RestComm", directory.DeriveMD5); err != nil {
		t.Fatal(err)
	}
	if want := "77f8c12cc7b8f8423e5c38b035249166"; a.Token != want {
		t.Errorf("token %s, want %s", a.Token, want)
	}
}

func TestAccountAcceptsTokenAndPassword(t *testing.T) {
	for _, d := range []directory.Derivation{directory.DeriveMD5, directory.DeriveRandom} {
		t.Run(string(d), func(t *testing.T) {
			var a directory.Account
			if err := a.SetPassword("RestComm12", d); err != nil {
				t.Fatal(err)
			}
			for secret, want := range map[string]bool{a.Token: true, "RestComm12": true, "RestComm1": false, "": false} {
				if got := a.Accepts(secret); got != want {
					t.Errorf("Accepts(%q) = %v, want %v", secret, got, want)
				}
			}
			if d == directory.DeriveRandom && strings.Contains(a.PasswordHash, "RestComm12") {
				t.Error("the clear password is in the hash")
			}
		})
	}
}

// RFC 7616 §3.9.1 gives the user, realm and password; the sums were checked with openssl.
func TestHA1(t *testing.T) {
	md5sum, sha := directory.HA1("Mufasa", "http-auth@example.org", "Circle of Life")
	if want := "3d78807defe7de2157e2b0b6573a855f"; md5sum != want {
		t.Errorf("MD5 %s, want %s", md5sum, want)
	}
	if want := "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"; sha != want {
		t.Errorf("SHA-256 %s, want %s", sha, want)
	}
}

func TestSIDs(t *testing.T) {
	sid := directory.NewSID("CL")
	if !regexp.MustCompile(`^CL[0-9a-f]{32}$`).MatchString(sid) || !directory.ValidSID(sid) {
		t.Errorf("NewSID = %q", sid)
	}
	if directory.NewSID("CL") == sid {
		t.Error("two SIDs are equal")
	}
	for _, bad := range []string{"", "CL", sid + "0", sid[:33] + "-"} {
		if directory.ValidSID(bad) {
			t.Errorf("ValidSID(%q)", bad)
		}
	}
	long := "ID1f0e2d3c4b5a49687766554433221100-CA8e21f0d35b7a4c19a6d2e4f70b93c1d8"
	if got := directory.CallSID(long); got != "CA8e21f0d35b7a4c19a6d2e4f70b93c1d8" {
		t.Errorf("CallSID = %s", got)
	}
}

func TestNumbersFind(t *testing.T) {
	var list []directory.Number
	for i, phone := range []string{
		"16.*", "16508.*", "[45]234[23]", "7777|8888", "999...", "*77...33#", "*43", "support", "aa.", ".aa",
	} {
		list = append(list, directory.Number{Phone: phone, SIP: true, Created: time.Unix(int64(i), 0)})
	}
	list = append(list, directory.Number{Phone: "+15550142000"}, directory.Number{Phone: "16508000000", SIP: true})
	x := directory.NewNumbers("US", list)
	for dialled, want := range map[string]string{
		"16508223344": "16508.*", "16408223344": "16.*", "16508000000": "16508000000", "+16508000000": "16508000000",
		"42342": "[45]234[23]", "52343": "[45]234[23]", "62343": "", "423420": "",
		"7777": "7777|8888", "77770": "", "999123": "999...", "9991234": "",
		"*7712333#": "*77...33#", "7712333#": "", "*43": "*43", "43": "", "support": "support", "supporter": "",
		"+15550142000": "+15550142000", "15550142000": "+15550142000", "5550142000": "+15550142000", "(555) 014-2000": "+15550142000",
		"aaa": "aa.", "": "",
	} {
		n, ok := x.Find(dialled)
		if n.Phone != want || ok != (want != "") {
			t.Errorf("Find(%q) = %q, %v, want %q", dialled, n.Phone, ok, want)
		}
	}
	all := directory.NewNumbers("US", append(list, directory.Number{Phone: "*", SIP: true}))
	if n, ok := all.Find("62343"); !ok || n.Phone != "*" {
		t.Errorf("catch-all: %q, %v", n.Phone, ok)
	}
	for _, phone := range []string{"*", "16508.*"} {
		all.Delete(phone)
	}
	if n, _ := all.Find("16508223344"); n.Phone != "16.*" {
		t.Errorf("after Delete: %q, want 16.*", n.Phone)
	}
	if n, ok := all.Find("62343"); ok {
		t.Errorf("catch-all is still there: %q", n.Phone)
	}
}

func TestRules(t *testing.T) {
	url := func(s string) error { return directory.CheckURL("VoiceUrl", s, 21402, "lua") }
	rows := []struct {
		name string
		err  error
		code int
	}{
		{"login", directory.CheckLogin("bob"), 0},
		{"login empty", directory.CheckLogin(""), 20001},
		{"login with @", directory.CheckLogin("bo@b"), 20001},
		{"login with ?", directory.CheckLogin("bo?b"), 20001},
		{"login with =", directory.CheckLogin("bo=b"), 20001},
		{"login with newline", directory.CheckLogin("bo\nb"), 20001},
		{"url", url("https://a.example/v"), 0},
		{"url path", url("/demo/hello.xml"), 0},
		{"url script", url("lua:ivr"), 0},
		{"url of no host", url("https:///v"), 21402},
		{"url with blank", url("https://a.example/v w"), 21402},
		{"url of another scheme", url("ftp://a.example/"), 21402},
		{"url too long", url("https://a.example/" + strings.Repeat("x", 2048)), 21402},
		{"url without scheme", url("//a.example"), 21402},
		{"script without a name", url("lua:"), 21402},
		{"name", directory.CheckName("FriendlyName", "Alice, front desk"), 0},
		{"name too long", directory.CheckName("FriendlyName", strings.Repeat("ä", 65)), 20001},
		{"name with control", directory.CheckName("FriendlyName", "a\x00b"), 20001},
		{"e-mail", directory.CheckEmail("new@example.net"), 0},
		{"e-mail without domain", directory.CheckEmail("new@"), 20001},
		{"e-mail with ?", directory.CheckEmail("n?w@example.net"), 20001},
		{"e-mail twice @", directory.CheckEmail("n@w@example.net"), 20001},
		{"method", second(directory.ParseMethod("VoiceMethod", "get", 21403)), 0},
		{"method wrong", second(directory.ParseMethod("VoiceMethod", "PATCH", 21403)), 21403},
		{"kind", second(directory.ParseKind("voice")), 0},
		{"kind wrong", second(directory.ParseKind("fax")), 20001},
		{"pattern wrong", second(directory.CompilePattern("(((")), 21421},
		{"pattern that closes the group", second(directory.CompilePattern("1)|(2")), 21421},
		{"status", second(directory.ParseAccountStatus("CLOSED")), 0},
		{"status wrong", second(directory.ParseAccountStatus("sleeping")), 20001},
		{"number", second(directory.E164("5550142000", "US")), 0},
		{"number wrong", second(directory.E164("12", "US")), 21421},
		{"number with letters", second(directory.E164("1800FLOWERS", "US")), 21421},
	}
	for _, r := range rows {
		code := 0
		if invalid, ok := errors.AsType[*directory.Invalid](r.err); ok {
			code = invalid.Code
		}
		if code != r.code || (r.err != nil) != (r.code != 0) {
			t.Errorf("%s: %v (code %d), want code %d", r.name, r.err, code, r.code)
		}
	}
	if got := directory.National("+15550142000"); got != "(555) 014-2000" {
		t.Errorf("National = %q", got)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRoles(t *testing.T) {
	roles := directory.DefaultRoles()
	for _, r := range []struct {
		role, action, resource string
		want                   bool
	}{
		{"Administrator", "Create", "Accounts", true},
		{"Developer", "Create", "Accounts", false},
		{"Developer", "Modify", "Accounts", true},
		{"Developer", "Create", "Calls", true},
		{"ProvisioningAgent", "Delete", "Recordings", false},
		{"ProvisioningAgent", "Read", "Notifications", true},
		{"Nobody", "Read", "Calls", false},
	} {
		if got := roles.May(r.role, r.action, r.resource); got != r.want {
			t.Errorf("May(%s, %s, %s) = %v, want %v", r.role, r.action, r.resource, got, r.want)
		}
	}
}
