package directory

import (
	"crypto/md5" //nolint:gosec // the token format of existing clients, REST specification 1.4
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Account owns clients, numbers, applications and calls. Accounts form a tree of at most three levels.
type Account struct {
	SID          string // AC…
	Parent       string // AC… of the account above; "" for a super administrator
	Email        string // as given; compared without regard to case
	FriendlyName string
	Status       AccountStatus
	Role         string
	Token        string // the auth token of the REST API, also the key that signs webhooks
	PasswordHash string // slow salted hash of the password; "" when the token is derived from it
	Created      time.Time
	Updated      time.Time
}

// AccountStatus tells what an account may do.
type AccountStatus string

// The statuses of an account (REST specification 2.1).
const (
	Active        AccountStatus = "active"
	Suspended     AccountStatus = "suspended"
	Inactive      AccountStatus = "inactive"
	Uninitialized AccountStatus = "uninitialized"
	Closed        AccountStatus = "closed"
)

// ParseAccountStatus reads a status in any case.
func ParseAccountStatus(s string) (AccountStatus, error) {
	switch status := AccountStatus(strings.ToLower(s)); status {
	case Active, Suspended, Inactive, Uninitialized, Closed:
		return status, nil
	default:
		return "", invalidf(20001, "Status %s is not one of active, suspended, inactive, uninitialized, closed", s)
	}
}

// Super tells whether the account is a super administrator: active and without a parent.
func (a *Account) Super() bool { return a.Parent == "" && a.Status == Active }

// AccountSID derives an account's SID from its e-mail address, so that a lost
// database that is made again has the same SIDs.
func AccountSID(email string) string {
	sum := md5.Sum([]byte(strings.ToLower(email))) //nolint:gosec // an identifier, not a secret
	return "AC" + hex.EncodeToString(sum[:])
}

// CheckEmail refuses what is not a well-formed address of an account.
func CheckEmail(email string) error {
	local, domain, ok := strings.Cut(email, "@")
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f }
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") || strings.ContainsAny(local, "?=") ||
		strings.ContainsFunc(email, bad) || len(email) > 254 {
		return invalidf(20001, "EmailAddress %q is not a valid e-mail address", email)
	}
	return nil
}

// Login is the login of the client that goes with the account: the local part of its e-mail address.
func (a *Account) Login() string {
	local, _, _ := strings.Cut(a.Email, "@")
	return local
}

// String names the account in logs, without its secrets.
func (a *Account) String() string { return fmt.Sprintf("%s (%s)", a.SID, a.Email) }
