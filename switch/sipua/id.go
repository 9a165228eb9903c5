package sipua

import (
	crand "crypto/rand"
	"hash/maphash"
	"math/rand/v2"

	"tandem/switch/transport"
)

// newRand makes a cryptographic generator of a shard's own: who sees some of
// its tags and branches cannot tell the next ones.
func newRand() *rand.ChaCha8 {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.NewChaCha8(seed)
}

const idAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// appendID writes 13 characters of 64 random bits.
func (s *shard) appendID(b []byte) []byte {
	v := s.rand.Uint64()
	for range 13 {
		b = append(b, idAlphabet[v&31])
		v >>= 5
	}
	return b
}

// newID is a tag or the random part of a branch.
func (s *shard) newID() string { return string(s.appendID(make([]byte, 0, 13))) }

// newCallID makes a Call-ID that belongs to shard n of all. It needs no shard: any goroutine may place a call.
func newCallID(n, all int) string {
	var b [20]byte
	for {
		crand.Read(b[:])
		for i := range b {
			b[i] = idAlphabet[b[i]&31]
		}
		if id := string(b[:]); transport.ShardOf(id, all) == n {
			return id
		}
	}
}

// stateless is a number that the same request always hashes to.
func (u *UA) stateless(m *transport.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(u.seed)
	h.WriteString(m.CallID)
	h.WriteByte(0)
	h.WriteString(m.FromTag)
	h.WriteByte(0)
	h.WriteString(m.Branch)
	return h.Sum64()
}
