package transport

import (
	"bytes"
	"unsafe"
)

// Limits of what Index looks at; a message beyond them is answered 513.
const (
	maxHead  = 32 << 10 // bytes of start line and headers
	maxLines = 512
)

// Index finds the fields of one message that say where it belongs, without
// allocating or copying. b must never be written again: the Message's strings are views into it.
// CRLFs in front of the message are skipped (RFC 3261 §7.5); what follows Content-Length bytes of
// body is cut off (§18.3).
//
// The error is a *SyntaxError. With it comes a Message whose Via, From, To, Call-ID and CSeq
// are there to be copied into an answer, or the zero Message if they are not, or if a
// response is broken: those are to be dropped.
func Index(b []byte) (Message, error) {
	for len(b) > 1 && b[0] == '\r' && b[1] == '\n' {
		b = b[2:]
	}
	x := newIndexer(b)
	x.startLine()
	x.headers()
	x.content()
	if x.err == nil {
		x.err = x.check()
	}
	if x.err == nil {
		return x.m, nil
	}
	if x.seen&needed != needed || x.m.CallID == "" || x.m.Method == "" {
		return Message{}, x.err
	}
	x.m.Err = x.err
	return x.m, x.err
}

// indexer is the state of one Index.
type indexer struct {
	b       []byte
	head    []byte // what of b may be start line and headers
	pos     int
	m       Message
	seen    field // headers seen so far
	lengths int   // Content-Length headers seen so far
	err     error // the first mistake
}

func newIndexer(b []byte) indexer {
	return indexer{b: b, head: b[:min(len(b), maxHead)], m: Message{ContentLength: -1}}
}

// fail keeps the first mistake.
func (x *indexer) fail(header string, offset, code int, problem string) {
	if x.err == nil {
		x.err = &SyntaxError{Header: header, Offset: offset, Problem: problem, Code: code}
	}
}

// text is a view of b without a copy.
func (x *indexer) text(from, to int) string {
	if from >= to {
		return ""
	}
	return unsafe.String(&x.b[from], to-from)
}

// line is the next line's end without its CRLF; pos moves behind it. False: there is none.
func (x *indexer) line() (end int, ok bool) {
	rest := x.head[x.pos:]
	n := bytes.IndexByte(rest, '\n')
	if n < 0 {
		return 0, false
	}
	end = x.pos + n
	x.pos = end + 1
	if n > 0 && rest[n-1] == '\r' {
		return end - 1, true
	}
	x.fail("", end, 400, "a line does not end in CRLF")
	return end, true
}

// startLine reads a request or status line (RFC 3261 §7.1, §7.2).
func (x *indexer) startLine() {
	end, ok := x.line()
	if !ok {
		x.fail("", 0, 400, "there is no start line")
		return
	}
	if end >= 4 && equalFold(x.text(0, 4), "sip/") {
		x.statusLine(end)
		return
	}
	first := bytes.IndexByte(x.b[:end], ' ')
	last := bytes.LastIndexByte(x.b[:end], ' ')
	if first <= 0 || !isToken(x.text(0, first)) {
		x.fail("", 0, 400, "the start line does not begin with a method")
		return
	}
	x.m.Method = x.text(0, first)
	if last == first {
		x.fail("", first, 400, "the request line has no version")
		return
	}
	x.m.URI = x.text(first+1, last)
	switch version := x.text(last+1, end); {
	case len(version) < 4 || !equalFold(version[:4], "sip/"):
		x.fail("", last, 400, "the request line does not end with a version")
	case !equalFold(version, version20):
		x.fail("", last, 505, "this is not SIP/2.0")
	}
	if uri := x.m.URI; uri == "" || !isVisible(uri) {
		x.fail("", first, 400, "the Request-URI is empty or has white space in it")
	}
}

const version20 = "sip/2.0"

func (x *indexer) statusLine(end int) {
	if end < 11 || !equalFold(x.text(0, 7), version20) || x.b[7] != ' ' {
		x.fail("", 0, 400, "the status line does not begin with SIP/2.0 and a code")
		return
	}
	code, n := number(x.text(8, 11))
	if n != 3 || code < 100 || code > 699 || end > 11 && x.b[11] != ' ' {
		x.fail("", 8, 400, "the status line has no code from 100 to 699")
		return
	}
	x.m.Code = int(code)
}

// headers reads all header lines, folded ones as one (RFC 3261 §7.3.1), up to the empty line.
func (x *indexer) headers() {
	lines := 1
	for ; ; lines++ {
		start := x.pos
		end, ok := x.line()
		switch {
		case ok && end == start:
			x.m.Body = x.pos
			x.octets(lines + 1)
			return
		case !ok || lines == maxLines:
			x.m.Body = min(x.pos, len(x.b))
			code := 400
			if len(x.b) > maxHead || lines == maxLines {
				code = 513
			}
			x.fail("", start, code, "there is no end of the headers")
			return
		}
		for x.pos < len(x.b) && (x.b[x.pos] == ' ' || x.b[x.pos] == '\t') {
			if end, ok = x.line(); !ok {
				end = len(x.b)
				x.pos = end
				break
			}
			lines++
		}
		x.header(start, end)
	}
}

// octets finds what no header may contain and no line's reader sees: NUL, and a CR without LF.
func (x *indexer) octets(lines int) {
	head := x.head[:x.m.Body]
	if i := bytes.IndexByte(head, 0); i >= 0 {
		x.fail("", i, 400, "there is a NUL among the headers")
	}
	if x.err == nil && bytes.Count(head, cr) != lines {
		x.fail("", 0, 400, "there is a CR without LF among the headers")
	}
}

var cr = []byte{'\r'}

// content settles where the body ends (RFC 3261 §18.3).
func (x *indexer) content() {
	length, have := x.m.ContentLength, len(x.b)-x.m.Body
	switch {
	case length >= 0 && length <= have:
		have = length
	case length > have:
		x.fail("Content-Length", x.m.Body, 400, "the body is shorter")
	}
	x.m.Raw = x.b[: x.m.Body+have : x.m.Body+have]
}

// check is what must hold of the whole.
func (x *indexer) check() error {
	if x.seen&needed != needed {
		for i := range known {
			if f := known[i].field; f&needed != 0 && x.seen&f == 0 {
				return &SyntaxError{Header: known[i].name, Offset: x.m.Body, Problem: "the header is missing", Code: 400}
			}
		}
	}
	// RFC 3261 §8.1.1.5; an ACK or CANCEL names itself there, not its INVITE.
	if x.m.Request() && x.m.Method != x.m.CSeqMethod {
		return &SyntaxError{Header: "CSeq", Offset: 0, Problem: "its method is not the request's", Code: 400}
	}
	return nil
}
