package transport

import "bytes"

// field is a set of the headers Index knows.
type field uint16

const (
	fieldVia field = 1 << iota
	fieldFrom
	fieldTo
	fieldCallID
	fieldCSeq
	fieldContentLength
	fieldMaxForwards
	fieldContentType
	fieldExpires

	needed = fieldVia | fieldFrom | fieldTo | fieldCallID | fieldCSeq
)

// known are the headers Index looks into or that may stand only once, by name and compact form (RFC 3261 §7.3.3).
var known = [...]struct {
	name    string
	compact byte
	field   field
}{
	{"Via", 'v', fieldVia},
	{"From", 'f', fieldFrom},
	{"To", 't', fieldTo},
	{"Call-ID", 'i', fieldCallID},
	{"CSeq", 0, fieldCSeq},
	{"Content-Length", 'l', fieldContentLength},
	{"Max-Forwards", 0, fieldMaxForwards},
	{"Content-Type", 'c', fieldContentType},
	{"Expires", 0, fieldExpires},
}

// byInitial leads from a name's first letter in lower case to its rows in known.
var byInitial = func() (rows [256][]uint8) {
	for i, h := range known {
		rows[h.name[0]|0x20] = append(rows[h.name[0]|0x20], uint8(i))
		if h.compact != 0 && h.compact != h.name[0]|0x20 {
			rows[h.compact] = append(rows[h.compact], uint8(i))
		}
	}
	return rows
}()

// rowOf is the row of a header's name in any case, long or compact; -1: Index does not care.
func rowOf(name string) int {
	for _, i := range byInitial[name[0]|0x20] {
		h := &known[i]
		if name == h.name || len(name) == 1 && name[0]|0x20 == h.compact || len(name) > 1 && equalFold(name, h.name) {
			return int(i)
		}
	}
	return -1
}

// header reads one header, whose folds are part of [start,end). Names it does not know are only known to be there.
func (x *indexer) header(start, end int) {
	colon := start + bytes.IndexByte(x.b[start:end], ':')
	i := colon
	for i > start && (x.b[i-1] == ' ' || x.b[i-1] == '\t') {
		i--
	}
	name := x.text(start, i)
	if name == "" {
		x.fail("", start, 400, "a header line has no name and colon")
		return
	}
	row := rowOf(name)
	if row < 0 {
		return
	}
	h := &known[row]
	if h.field == fieldContentLength {
		x.lengths++
	}
	if x.seen&h.field != 0 && h.field != fieldVia {
		if x.m.Duplicate == "" {
			x.m.Duplicate = h.name
		}
		return // the first one counts
	}
	x.seen |= h.field
	x.read(h.field, colon+1, end)
}

// read is a switch and not a column of known: a call through a table would move the indexer to the heap.
func (x *indexer) read(f field, from, to int) {
	from, to = x.trim(from, to)
	switch f {
	case fieldVia:
		x.via(from, to)
	case fieldFrom:
		x.m.FromTag = x.tag("From", from, to)
	case fieldTo:
		x.m.ToTag = x.tag("To", from, to)
	case fieldCallID:
		x.callID(from, to)
	case fieldCSeq:
		x.cseq(from, to)
	case fieldContentLength:
		x.contentLength(from, to)
	}
}

func (x *indexer) callID(from, to int) {
	x.m.CallID = x.text(from, to)
	if from == to || !isVisible(x.m.CallID) {
		x.fail("Call-ID", from, 400, "it is empty or has white space in it")
	}
}

// cseq reads 1*DIGIT LWS Method; the number must be below 2^31 (RFC 3261 §8.1.1.5).
func (x *indexer) cseq(from, to int) {
	n, digits := number(x.text(from, to))
	i := x.skipSpace(from+digits, to)
	method := x.text(i, to)
	switch {
	case digits == 0 || i == from+digits || !isToken(method):
		x.fail("CSeq", from, 400, "it is not a number and a method")
	case n >= 1<<31:
		x.fail("CSeq", from, 400, "the number is not below 2^31")
	default:
		x.m.CSeq = uint32(n)
	}
	if isToken(method) {
		x.m.CSeqMethod = method
	}
}

func (x *indexer) contentLength(from, to int) {
	n, digits := number(x.text(from, to))
	if digits == 0 || digits != to-from || n >= 1<<31 {
		x.fail("Content-Length", from, 400, "it is not a number")
		return
	}
	x.m.ContentLength = int(n)
}

// tag finds the header parameter "tag" of a From or To: name-addr or addr-spec, then parameters (RFC 3261 §20.10).
func (x *indexer) tag(header string, from, to int) string {
	i := from
	for i < to && x.b[i] != ';' {
		switch x.b[i] {
		case '"':
			i = x.quoted(i, to)
		case '<':
			for i < to && x.b[i] != '>' {
				i++
			}
			i++
		default:
			i++
		}
	}
	if i > to || from == to {
		x.fail(header, from, 400, "it is empty, or a quote or angle bracket is not closed")
		return ""
	}
	tag := ""
	for i < to {
		var name, value string
		if name, value, i = x.param(i, to); i > to {
			x.fail(header, from, 400, "a quote is not closed")
			return ""
		}
		if tag == "" && equalFold(name, "tag") {
			tag = value
		}
	}
	return tag
}
