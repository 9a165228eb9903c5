package transport

import (
	"bytes"
	"errors"
)

// Why a stream cannot be followed any further.
var (
	errHead      = errors.New("a message's headers do not end")
	errFraming   = errors.New("a message has no single Content-Length to go by")
	errSize      = errors.New("a message is longer than max_message")
	errNotSIP    = errors.New("this is not SIP")
	errIdle      = errors.New("nothing was received for too long")
	errHandshake = errors.New("no message came in time")
	errSlow      = errors.New("a message did not come to its end in time")
)

// startBuffer is what a connection reads into until a message needs more.
const startBuffer = 4 << 10

// framer cuts a stream into messages by Content-Length (RFC 3261 §18.3).
type framer struct {
	limit   int // bytes of one message
	buf     []byte
	start   int  // of what is not consumed
	end     int  // of what was read
	scanned int  // bytes behind start without the end of the head
	total   int  // bytes of the message at start; 0: its head is not whole
	crlf    bool // the octets consumed last were a CRLF between messages
	pings   int  // double CRLFs since the last look (RFC 5626 §4.4.1)
}

// space is where the next bytes are to be read to.
func (f *framer) space() []byte {
	switch {
	case f.start == f.end && (f.buf == nil || len(f.buf) > 4*startBuffer):
		f.buf, f.start, f.end = make([]byte, startBuffer), 0, 0 // gives back what a large message took
	case f.start == f.end:
		f.start, f.end = 0, 0
	case f.start > 0:
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.start = 0
	}
	if f.end == len(f.buf) { // grows as bytes come in, not as a header promises
		grown := make([]byte, 2*len(f.buf))
		copy(grown, f.buf)
		f.buf = grown
	}
	return f.buf[f.end:]
}

// read tells the framer that n bytes were put into space.
func (f *framer) read(n int) { f.end += n }

// partial reports whether a message has begun that is not whole.
func (f *framer) partial() bool { return f.end > f.start }

// next is a copy of the next whole message; nil without an error: more must be read.
func (f *framer) next() ([]byte, error) {
	if f.total == 0 {
		f.keepAlives()
		if err := f.head(); err != nil {
			return nil, err
		}
	}
	if f.total == 0 || f.end-f.start < f.total {
		return nil, nil
	}
	b := bytes.Clone(f.buf[f.start : f.start+f.total : f.start+f.total])
	f.start += f.total
	f.total, f.scanned, f.crlf = 0, 0, false
	return b, nil
}

// keepAlives consumes CRLFs between messages and counts pairs of them.
func (f *framer) keepAlives() {
	for f.scanned == 0 && f.end-f.start >= 2 && f.buf[f.start] == '\r' && f.buf[f.start+1] == '\n' {
		f.start += 2
		if f.crlf {
			f.pings++
		}
		f.crlf = !f.crlf
	}
}

// head looks for the end of the headers and, once it is there, for the message's length.
func (f *framer) head() error {
	from := f.start + max(f.scanned-3, 0)
	n := bytes.Index(f.buf[from:f.end], []byte("\r\n\r\n"))
	if n < 0 {
		f.scanned = f.end - f.start
		if f.scanned == 1 && f.buf[f.start] == '\r' {
			f.scanned = 0 // half a CRLF is no message yet
		}
		if f.scanned > maxHead {
			return errHead
		}
		return nil
	}
	size := from + n + 4 - f.start
	if size > maxHead {
		return errHead
	}
	body, err := contentLength(f.buf[f.start : f.start+size])
	if err != nil {
		return err
	}
	if size+body > f.limit {
		return errSize
	}
	f.total = size + body
	return nil
}

// contentLength is how many bytes of body follow a head, read the way Index does.
func contentLength(head []byte) (int, error) {
	x := newIndexer(head)
	x.startLine()
	x.headers()
	switch {
	case x.m.Method == "" && x.m.Code == 0:
		return 0, errNotSIP
	case x.m.Body != len(head), x.lengths > 1, x.lengths == 1 && x.m.ContentLength < 0:
		return 0, errFraming
	}
	return max(x.m.ContentLength, 0), nil
}
