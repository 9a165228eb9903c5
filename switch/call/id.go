package call

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// ID names a call: "CA" and 32 lower-case hex digits. RCML and REST print it as CallSid.
type ID string

// NewID returns an ID nobody else has. It begins with the time in milliseconds, so
// that records of calls lie side by side in the store's index: 80 random bits
// behind it are more than can be guessed or come twice.
func NewID() ID {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], uint64(time.Now().UnixMilli())<<16)
	rand.Read(raw[6:]) // never fails: crypto/rand ends the program instead
	text := make([]byte, 2+2*len(raw))
	text[0], text[1] = 'C', 'A'
	hex.Encode(text[2:], raw[:])
	return ID(text)
}
