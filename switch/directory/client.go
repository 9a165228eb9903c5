package directory

import (
	"strings"
	"time"
)

// APIVersion is the version of the REST surface that new things carry.
const APIVersion = "2012-04-24"

// Client is a SIP user that may register and place calls.
type Client struct {
	SID          string // CL…
	Account      string // AC… of the owner
	Login        string // the user part of its address and its digest user name
	FriendlyName string
	HA1MD5       string // see HA1
	HA1SHA256    string
	Enabled      bool
	Push         bool // shows its own SID as push identity
	Voice        Hook // the document for calls that this client makes
	APIVersion   string
	Created      time.Time
	Updated      time.Time
}

// NewClient makes an enabled client of an account, without a password yet.
func NewClient(account, login string) Client {
	now := time.Now()
	return Client{
		SID: NewSID(PrefixClient), Account: account, Login: login, FriendlyName: login, Enabled: true,
		Voice: Posted(""), APIVersion: APIVersion, Created: now, Updated: now,
	}
}

// Posted is a hook with the methods of one that names none.
func Posted(url string) Hook { return Hook{URL: url, Method: "POST", FallbackMethod: "POST"} }

// Hook says where a document comes from. An application beats the URLs.
type Hook struct {
	URL, Method                 string
	FallbackURL, FallbackMethod string
	Application                 string // AP…
}

// Set tells whether there is anything to run.
func (h Hook) Set() bool { return h.URL != "" || h.Application != "" }

// SetPassword gives the client a new secret for the realm.
func (c *Client) SetPassword(realm, password string) {
	c.HA1MD5, c.HA1SHA256 = HA1(c.Login, realm, password)
}

// CheckLogin refuses logins that could not stand in an address or a form.
func CheckLogin(login string) error {
	if login == "" {
		return invalidf(20001, "Login can not be null.")
	}
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`?=@:;<>",/\`, r) }
	if strings.ContainsFunc(login, bad) || len(login) > MaxName {
		return invalidf(20001, "Login %s contains invalid character(s)", printable(login))
	}
	return nil
}

// printable keeps an echoed value on one line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}
