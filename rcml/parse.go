package rcml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// Limits of one document. A document above them is broken (12100).
const (
	maxDepth      = 16
	maxElements   = 1000
	maxAttributes = 64
)

// Document is a parsed document, ready to run on any number of calls at the same time.
type Document struct {
	Verbs    []Verb
	Warnings []Warning // what its author should know, told each time it runs
}

// Warning is a mistake that does not stop a document.
type Warning struct {
	Code int
	Text string
}

// SyntaxError is a document that cannot be executed at all: notification 12100.
type SyntaxError struct {
	Line int // 0: not known
	Err  error
}

// Error says where and what.
func (e *SyntaxError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %v", e.Line, e.Err)
	}
	return e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads a document whole before anything of it runs. The encoding is label (the charset of the
// Content-Type), else what the XML declaration says, else UTF-8. The error is a *SyntaxError.
func Parse(body []byte, label string, p *Profile) (*Document, error) {
	text, err := decode(body, label)
	if err != nil {
		return nil, &SyntaxError{Err: err}
	}
	doc := &Document{}
	root, err := readTree(text, &doc.Warnings)
	if err != nil {
		return nil, err
	}
	if root.name != "Response" && p.CheckRoot {
		return nil, &SyntaxError{Line: root.line, Err: fmt.Errorf("root is <%s>, not <Response>", root.name)}
	}
	doc.Verbs = verbs.parse(root.children, p)
	return doc, nil
}

// decode turns body into UTF-8 without a byte-order mark.
func decode(body []byte, label string) ([]byte, error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	if isUTF16(body) {
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(withMark(body))
	}
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	if label == "" {
		label = declared(body)
	}
	if label == "" || strings.EqualFold(label, "utf-8") || strings.EqualFold(label, "utf8") {
		return body, nil
	}
	enc, _ := charset.Lookup(label)
	if enc == nil {
		return nil, fmt.Errorf("unknown charset %q", label)
	}
	return enc.NewDecoder().Bytes(body)
}

// isUTF16 looks for a mark, or for the "<" of the first tag with its zero.
func isUTF16(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0xfe && b[1] == 0xff || b[0] == 0xff && b[1] == 0xfe ||
		b[0] == 0 && b[1] == '<' || b[0] == '<' && b[1] == 0)
}

// withMark makes the byte order of a UTF-16 text without mark explicit.
func withMark(b []byte) []byte {
	switch b[0] {
	case '<':
		return append([]byte{0xff, 0xfe}, b...)
	case 0:
		return append([]byte{0xfe, 0xff}, b...)
	}
	return b
}

// declared is the encoding in the XML declaration, or "".
func declared(b []byte) string {
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return ""
	}
	declaration, _, _ := bytes.Cut(b, []byte("?>"))
	_, after, ok := bytes.Cut(declaration, []byte("encoding"))
	after = bytes.TrimLeft(after, " \t\r\n=")
	if !ok || len(after) == 0 {
		return ""
	}
	value, _, _ := bytes.Cut(after[1:], after[:1])
	return string(value)
}

// escapeBare turns each "&" that begins no reference into "&amp;", as URLs in documents need it.
// CDATA, comments and processing instructions stay as they are.
func escapeBare(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		i := bytes.IndexAny(b, "&<")
		if i < 0 {
			return append(out, b...)
		}
		out, b = append(out, b[:i]...), b[i:]
		n := opaque(b)
		out, b = append(out, b[:n]...), b[n:]
		if n == 1 && out[len(out)-1] == '&' && !reference(b) {
			out = append(out, "amp;"...)
		}
	}
	return out
}

// opaque is the length of the section that starts b and in which "&" means itself, else 1.
func opaque(b []byte) int {
	for _, s := range [...][2]string{{"<![CDATA[", "]]>"}, {"<!--", "-->"}, {"<?", "?>"}} {
		if bytes.HasPrefix(b, []byte(s[0])) {
			if end := bytes.Index(b, []byte(s[1])); end >= 0 {
				return end + len(s[1])
			}
			return len(b)
		}
	}
	return 1
}

// reference reports whether b, which follows an "&", completes an entity or character reference.
func reference(b []byte) bool {
	end := bytes.IndexByte(b[:min(len(b), 32)], ';')
	if end < 1 {
		return false
	}
	for i, c := range b[:end] {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && (i > 0 || c != '#') {
			return false
		}
	}
	return true
}

// readTree reads the one root element of text.
func readTree(text []byte, warnings *[]Warning) (*element, error) {
	if !utf8.Valid(text) {
		return nil, &SyntaxError{Err: errors.New("not valid UTF-8")}
	}
	d := xml.NewDecoder(bytes.NewReader(escapeBare(text)))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	t := tree{warnings: warnings}
	for {
		token, err := d.Token()
		if err == nil {
			line, _ := d.InputPos()
			err = t.add(token, line)
		}
		switch {
		case errors.Is(err, io.EOF) && t.root != nil && len(t.open) == 0:
			t.root.close()
			return t.root, nil
		case err != nil:
			line, _ := d.InputPos()
			return nil, &SyntaxError{Line: line, Err: plain(err)}
		}
	}
}

// plain takes the position out of the decoder's own error, which SyntaxError states itself.
func plain(err error) error {
	if s, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return errors.New(s.Msg)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("no element")
	}
	return err
}

// tree grows from tokens, within limits.
type tree struct {
	root     *element
	open     []*element
	count    int
	warnings *[]Warning
}

func (t *tree) add(token xml.Token, line int) error {
	switch token := token.(type) {
	case xml.StartElement:
		return t.start(token, line)
	case xml.EndElement:
		t.open = t.open[:len(t.open)-1]
	case xml.CharData:
		if len(t.open) == 0 {
			if len(bytes.TrimSpace(token)) > 0 {
				return errors.New("text outside the root element")
			}
			return nil
		}
		e := t.open[len(t.open)-1]
		e.raw = append(e.raw, token...)
	case xml.Directive:
		return errors.New("DOCTYPE and other declarations are not allowed")
	}
	return nil
}

func (t *tree) start(token xml.StartElement, line int) error {
	e := &element{name: token.Name.Local, line: line, warnings: t.warnings}
	t.count++
	switch {
	case t.count > maxElements:
		return fmt.Errorf("more than %d elements", maxElements)
	case len(t.open) >= maxDepth:
		return fmt.Errorf("nested deeper than %d", maxDepth)
	case len(token.Attr) > maxAttributes:
		return fmt.Errorf("more than %d attributes", maxAttributes)
	case len(t.open) == 0 && t.root != nil:
		return errors.New("more than one root element")
	}
	for _, a := range token.Attr {
		if a.Name.Space == "" && e.has(a.Name.Local) {
			return fmt.Errorf("attribute %s stands twice", a.Name.Local)
		}
		if !e.has(a.Name.Local) {
			e.attrs = append(e.attrs, attribute{a.Name.Local, strings.TrimSpace(a.Value)})
		}
	}
	if len(t.open) == 0 {
		t.root = e
	} else {
		parent := t.open[len(t.open)-1]
		parent.children = append(parent.children, e)
	}
	t.open = append(t.open, e)
	return nil
}
