package transport

import (
	"fmt"
	"hash/maphash"
)

// Message is one SIP message with the fields that say where it belongs. All
// strings are views into Raw as the sender wrote them; nobody writes to Raw again.
type Message struct {
	Raw  []byte // from the start line to the end of the body
	Body int    // where in Raw the body begins

	Method string // of a request; "" for a response
	URI    string // of a request
	Code   int    // of a response, 100-699; 0 for a request

	CallID         string
	Branch, SentBy string // of the top Via
	FromTag, ToTag string
	CSeq           uint32
	CSeqMethod     string
	ContentLength  int // -1: the header is not there

	Vias      int    // values of all Via headers
	Duplicate string // the first header that may stand only once but stands again; "": none

	Flow Flow  // where it came from and where its answer goes
	Err  error // a *SyntaxError: the request is broken, but can be answered with its Code
}

// Request reports whether m is a request.
func (m *Message) Request() bool { return m.Code == 0 }

// Content is the body, which may be empty.
func (m *Message) Content() []byte { return m.Raw[m.Body:] }

// SyntaxError says what of a message breaks RFC 3261's grammar.
type SyntaxError struct {
	Header  string // "" for the start line or the message as a whole
	Offset  int    // in Raw
	Problem string
	Code    int // what to answer: 400, 505 or 513
}

func (e *SyntaxError) Error() string {
	where := e.Header
	if where == "" {
		where = "message"
	}
	return fmt.Sprintf("%s at byte %d: %s", where, e.Offset, e.Problem)
}

var shardSeed = maphash.MakeSeed()

// ShardOf is the shard that owns a Call-ID. It differs from process to process, so that
// strangers cannot aim at one shard.
func ShardOf(callID string, shards int) int {
	return int(maphash.String(shardSeed, callID) % uint64(shards))
}
