package transaction

import (
	"hash/maphash"
	"math/bits"
	"strings"
)

// Key names one transaction of this process; it can be a map's key. Keys differ from process to process.
type Key struct{ a, b uint64 }

// cookie begins every branch made by RFC 3261 §8.1.1.7.
const cookie = "z9hG4bK"

var seedA, seedB = maphash.MakeSeed(), maphash.MakeSeed()

// add mixes one field in; the order of fields counts.
func (k *Key) add(s string) {
	k.a = mix(k.a, maphash.String(seedA, s))
	k.b = mix(k.b, maphash.String(seedB, s))
}

func (k *Key) addNumber(n uint32) {
	k.a = mix(k.a, uint64(n))
	k.b = mix(k.b, uint64(n))
}

func mix(k, h uint64) uint64 {
	hi, lo := bits.Mul64(k^h^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo ^ bits.RotateLeft64(k, 29)
}

// Request is what of a request decides which server transaction it belongs to.
type Request struct {
	Method string
	Branch string // of the top Via; "": none
	SentBy string // host and port of the top Via

	// Only looked at when Branch does not begin with RFC 3261's cookie.
	URI, CallID, FromTag string
	CSeq                 uint32
}

// ServerKey is the key of the server transaction a request belongs to (RFC 3261 §17.2.3). An ACK gets
// its INVITE's key. A CANCEL has a transaction of its own; what it cancels has the key of
// the same Request with Method "INVITE".
func ServerKey(r Request) Key {
	if r.Method == "ACK" {
		r.Method = "INVITE"
	}
	var k Key
	k.add("server")
	k.add(r.Method)
	k.add(r.SentBy)
	k.add(r.Branch)
	if !strings.HasPrefix(r.Branch, cookie) || len(r.Branch) == len(cookie) {
		k.add(r.URI)
		k.add(r.CallID)
		k.add(r.FromTag)
		k.addNumber(r.CSeq)
	}
	return k
}

// ClientKey is the key of the client transaction a response belongs to: the branch of its top
// Via and the method of its CSeq (RFC 3261 §17.1.3).
func ClientKey(branch, cseqMethod string) Key {
	var k Key
	k.add("client")
	k.add(cseqMethod)
	k.add(branch)
	return k
}

// MergeKey is equal for requests outside a dialog that reached us twice by different ways, which the second
// time get 482 (RFC 3261 §8.2.2.2).
func MergeKey(method, callID, fromTag string, cseq uint32) Key {
	var k Key
	k.add("merge")
	k.add(method)
	k.add(callID)
	k.add(fromTag)
	k.addNumber(cseq)
	return k
}
