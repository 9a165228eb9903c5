package directory

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the token format of existing clients, REST specification 1.4
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Derivation is how an account's token comes from its password.
type Derivation string

// The two derivations of the REST specification, 1.4.
const (
	DeriveMD5    Derivation = "md5"    // the token is the MD5 of the password, in lower-case hex
	DeriveRandom Derivation = "random" // the token is 32 random hex digits, made anew at every change of password
)

const hashRounds = 120_000 // PBKDF2-SHA-256: some 20 ms of one core

// SetPassword gives the account a new password and with it a new token.
func (a *Account) SetPassword(password string, d Derivation) error {
	if d != DeriveRandom {
		a.Token, a.PasswordHash = md5Hex(password), ""
		return nil
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	key, err := pbkdf2.Key(sha256.New, password, salt, hashRounds, sha256.Size)
	if err != nil {
		return fmt.Errorf("hash a password: %w", err)
	}
	a.Token = randomHex()
	a.PasswordHash = fmt.Sprintf("pbkdf2-sha256$%d$%x$%x", hashRounds, salt, key)
	return nil
}

// Accepts tells, in constant time, whether secret is the account's token or its password.
func (a *Account) Accepts(secret string) bool {
	token := equal(a.Token, secret)
	derived := equal(a.Token, md5Hex(secret))
	if token || a.PasswordHash == "" {
		return token || derived
	}
	return checkHash(a.PasswordHash, secret)
}

func checkHash(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 4 || parts[0] != "pbkdf2-sha256" {
		return false
	}
	rounds, err1 := strconv.Atoi(parts[1])
	salt, err2 := hex.DecodeString(parts[2])
	want, err3 := hex.DecodeString(parts[3])
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	got, err := pbkdf2.Key(sha256.New, password, salt, rounds, len(want))
	return err == nil && hmac.Equal(got, want)
}

// HA1 is the digest secret of a SIP client: MD5 and SHA-256 of
// login:realm:password in lower-case hex (RFC 7616 §3.4.2).
func HA1(login, realm, password string) (md5sum, sha256sum string) {
	text := login + ":" + realm + ":" + password
	sum := sha256.Sum256([]byte(text))
	return md5Hex(text), hex.EncodeToString(sum[:])
}

// equal compares in a time that does not depend on what stands in either string.
func equal(want, got string) bool {
	w, g := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(w[:], g[:]) == 1
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

func randomHex() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}
