package sipua

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A nonce says itself when it was made and for whom: 8 bytes of time, 4 of a
// counter, and an HMAC over both and the source's address. None is kept until a
// right digest has used it; from then on its counts are, so that a digest seen
// on the wire is worth nothing a second time (RFC 7616 §3.4).
//
// Used nonces are kept in two generations of at most usedNonces each. When the
// older generation goes before its nonces have expired, everything made up to
// then is stale: clients repeat with a new nonce, and nothing can be replayed.

const (
	usedNonces = 1 << 16
	nonceHead  = 12
	nonceBytes = nonceHead + 16
)

type nonceID [nonceHead]byte

// nonces makes nonces and knows which counts were used.
type nonces struct {
	key   []byte
	life  time.Duration
	start time.Time
	count atomic.Uint32

	mu     sync.Mutex
	young  map[nonceID]counts
	old    map[nonceID]counts
	newest time.Duration // the last made of those in young
	floor  time.Duration // nonces made up to here are forgotten unless kept
	olds   time.Duration // the last made of those in old
}

// counts are the nc values of one nonce: the highest, and which of the 64 up to it were seen.
type counts struct {
	highest uint32
	seen    uint64
}

func newNonces(life time.Duration) *nonces {
	n := &nonces{key: make([]byte, 32), life: life, start: time.Now(), floor: -1, newest: -1, olds: -1}
	_, _ = rand.Read(n.key) // never fails, see crypto/rand
	n.young, n.old = map[nonceID]counts{}, map[nonceID]counts{}
	return n
}

// make gives a new nonce to a source.
func (n *nonces) make(now time.Time, source netip.Addr) string {
	var b [nonceBytes]byte
	binary.BigEndian.PutUint64(b[:], uint64(max(now.Sub(n.start), 0)))
	binary.BigEndian.PutUint32(b[8:], n.count.Add(1))
	n.sign(b[:], source)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// sign writes the code of a nonce behind its head.
func (n *nonces) sign(b []byte, source netip.Addr) {
	mac := hmac.New(sha256.New, n.key)
	mac.Write(b[:nonceHead])
	addr := source.Unmap().As16()
	mac.Write(addr[:])
	var sum [sha256.Size]byte
	copy(b[nonceHead:], mac.Sum(sum[:0]))
}

// use takes a nonce and count of a right digest. False: the nonce is not ours,
// not this source's or too old, or the count was used before.
func (n *nonces) use(now time.Time, source netip.Addr, nonce string, nc uint32) bool {
	var b, want [nonceBytes]byte
	if len(nonce) != base64.RawURLEncoding.EncodedLen(nonceBytes) {
		return false
	}
	if _, err := base64.RawURLEncoding.Decode(b[:], []byte(nonce)); err != nil {
		return false
	}
	copy(want[:nonceHead], b[:])
	n.sign(want[:], source)
	if !hmac.Equal(b[:], want[:]) {
		return false
	}
	made := time.Duration(binary.BigEndian.Uint64(b[:]))
	if age := now.Sub(n.start) - made; age < 0 || age > n.life {
		return false
	}
	return n.spend(nonceID(b[:nonceHead]), made, nc)
}

// spend marks a count as used; false when it was.
func (n *nonces) spend(id nonceID, made time.Duration, nc uint32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, ok := n.young[id]
	if !ok {
		if c, ok = n.old[id]; !ok && made <= n.floor {
			return false
		}
	}
	if !c.take(nc) {
		return false
	}
	if !ok && len(n.young) >= usedNonces {
		n.floor = max(n.floor, n.olds)
		n.old, n.olds = n.young, n.newest
		n.young, n.newest = make(map[nonceID]counts, usedNonces), -1
	}
	n.young[id] = c
	n.newest = max(n.newest, made)
	return true
}

// take marks nc as used. Requests may overtake each other by 64.
func (c *counts) take(nc uint32) bool {
	switch {
	case nc > c.highest:
		if shift := nc - c.highest; shift < 64 {
			c.seen = c.seen<<shift | 1
		} else {
			c.seen = 1
		}
		c.highest = nc
		return true
	case c.highest-nc >= 64 || c.seen&(1<<(c.highest-nc)) != 0:
		return false
	}
	c.seen |= 1 << (c.highest - nc)
	return true
}

// randomText is a password nobody will guess.
func randomText() string { return rand.Text() }
