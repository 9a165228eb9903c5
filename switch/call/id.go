package call

import (
	"crypto/rand"
	"encoding/hex"
)

// ID names a call: "CA" and 32 lower-case hex digits. RCML and REST print it as CallSid.
type ID string

// NewID returns an ID nobody else has.
func NewID() ID {
	var raw [16]byte
	rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	text := make([]byte, 2+2*len(raw))
	text[0], text[1] = 'C', 'A'
	hex.Encode(text[2:], raw[:])
	return ID(text)
}
