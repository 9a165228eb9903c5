package script

import (
	"errors"
	"strings"
)

// Errors of patterns.
var (
	errPattern  = errors.New("malformed pattern")
	errCapture  = errors.New("invalid capture")
	errTooDeep  = errors.New("pattern is too complex")
	errTooMuch  = errors.New("pattern takes too long on this string")
	maxCaptures = 32
)

// matchSteps is how many comparisons one search may take.
const matchSteps = 1_000_000

// matchDepth is how deep a match may nest: no deeper than its pattern is long.
const matchDepth = 1000

// Ends of a capture that is open, or that only stands for its position.
const (
	captureOpen     = -1
	capturePosition = -2
)

// matcher runs a Lua pattern (reference manual 5.1, §5.4.1) over a string, counting its steps: backtracking is what makes a
// pattern dangerous.
type matcher struct {
	src, pat string
	steps    int
	depth    int
	captures []capture
	err      error
}

type capture struct{ start, end int }

// class is the end of the single-character class that begins at p.
func (m *matcher) class(p int) int {
	c := m.pat[p]
	p++
	if c == '%' {
		if p >= len(m.pat) {
			m.fail(errPattern)
			return p
		}
		return p + 1
	}
	if c != '[' {
		return p
	}
	if p < len(m.pat) && m.pat[p] == '^' {
		p++
	}
	for first := true; ; first = false {
		if p >= len(m.pat) {
			m.fail(errPattern)
			return p
		}
		c := m.pat[p]
		p++
		if c == ']' && !first {
			return p
		}
		if c == '%' {
			if p >= len(m.pat) {
				m.fail(errPattern)
				return p
			}
			p++
		}
	}
}

func (m *matcher) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// single reports whether the character at s belongs to the class pat[p:end].
func (m *matcher) single(s, p, end int) bool {
	if m.steps++; m.steps > matchSteps {
		m.fail(errTooMuch)
	}
	if m.err != nil || s >= len(m.src) {
		return false
	}
	c := m.src[s]
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.pat[p] == c
}

// inSet reports whether c is in the set whose brackets are at p and last.
func (m *matcher) inSet(c byte, p, last int) bool {
	is := true
	p++
	if m.pat[p] == '^' {
		is = false
		p++
	}
	for ; p < last; p++ {
		switch {
		case m.pat[p] == '%':
			p++
			if inClass(c, m.pat[p]) {
				return is
			}
		case p+2 < last && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return is
			}
			p += 2
		case m.pat[p] == c:
			return is
		}
	}
	return !is
}

// inClass reports whether c belongs to the class %class; upper case is the opposite.
func inClass(c, class byte) bool {
	var in bool
	letter := 'a' <= c|32 && c|32 <= 'z'
	digit := '0' <= c && c <= '9'
	switch class | 32 {
	case 'a':
		in = letter
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = digit
	case 'l':
		in = 'a' <= c && c <= 'z'
	case 'p':
		in = c > 32 && c < 127 && !letter && !digit
	case 's':
		in = c == ' ' || 9 <= c && c <= 13
	case 'u':
		in = 'A' <= c && c <= 'Z'
	case 'w':
		in = letter || digit
	case 'x':
		in = digit || 'a' <= c|32 && c|32 <= 'f'
	case 'z':
		in = c == 0
	default:
		return c == class
	}
	if class&32 == 0 && 'A' <= class && class <= 'Z' {
		return !in
	}
	return in
}

// match tries the pattern from p at position s and returns the end of what it matched, or -1.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > matchDepth {
		m.fail(errTooDeep)
	}
	defer func() { m.depth-- }()
	for m.err == nil && p < len(m.pat) {
		switch {
		case m.pat[p] == '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case m.pat[p] == ')':
			return m.shut(s, p+1)
		case m.pat[p] == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		case m.pat[p] == '%' && p+1 < len(m.pat) && strings.IndexByte("bf0123456789", m.pat[p+1]) >= 0:
			if s, p = m.special(s, p); s < 0 {
				return -1
			}
			continue
		}
		end := m.class(p)
		if m.err != nil {
			break
		}
		if end < len(m.pat) {
			switch m.pat[end] {
			case '?':
				if m.single(s, p, end) {
					if got := m.match(s+1, end+1); got >= 0 {
						return got
					}
				}
				p = end + 1
				continue
			case '*':
				return m.longest(s, p, end, 0)
			case '+':
				return m.longest(s, p, end, 1)
			case '-':
				return m.shortest(s, p, end)
			}
		}
		if !m.single(s, p, end) {
			return -1
		}
		s, p = s+1, end
	}
	if m.err != nil {
		return -1
	}
	return s
}

func (m *matcher) longest(s, p, end, least int) int {
	n := 0
	for m.single(s+n, p, end) {
		n++
	}
	for ; n >= least && m.err == nil; n-- {
		if got := m.match(s+n, end+1); got >= 0 {
			return got
		}
		m.steps++
	}
	return -1
}

func (m *matcher) shortest(s, p, end int) int {
	for m.err == nil {
		if got := m.match(s, end+1); got >= 0 {
			return got
		}
		if !m.single(s, p, end) {
			return -1
		}
		s++
	}
	return -1
}

func (m *matcher) open(s, p, kind int) int {
	if len(m.captures) >= maxCaptures {
		m.fail(errTooDeep)
		return -1
	}
	m.captures = append(m.captures, capture{s, kind})
	got := m.match(s, p)
	if got < 0 {
		m.captures = m.captures[:len(m.captures)-1]
	}
	return got
}

func (m *matcher) shut(s, p int) int {
	last := len(m.captures) - 1
	for last >= 0 && m.captures[last].end != captureOpen {
		last--
	}
	if last < 0 {
		m.fail(errPattern)
		return -1
	}
	m.captures[last].end = s
	got := m.match(s, p)
	if got < 0 {
		m.captures[last].end = captureOpen
	}
	return got
}

// special matches %b, %f and back references and returns where string and pattern go on; s is -1 for no match.
func (m *matcher) special(s, p int) (int, int) {
	switch c := m.pat[p+1]; c {
	case 'b':
		if p+3 >= len(m.pat) {
			m.fail(errPattern)
			return -1, 0
		}
		return m.balance(s, m.pat[p+2], m.pat[p+3]), p + 4
	case 'f':
		p += 2
		if p >= len(m.pat) || m.pat[p] != '[' {
			m.fail(errPattern)
			return -1, 0
		}
		end := m.class(p)
		if m.err != nil {
			return -1, 0
		}
		var before, here byte
		if s > 0 {
			before = m.src[s-1]
		}
		if s < len(m.src) {
			here = m.src[s]
		}
		if m.inSet(before, p, end-1) || !m.inSet(here, p, end-1) {
			return -1, 0
		}
		return s, end
	default:
		i := int(c - '1')
		if i < 0 || i >= len(m.captures) || m.captures[i].end < 0 {
			m.fail(errCapture)
			return -1, 0
		}
		text := m.src[m.captures[i].start:m.captures[i].end]
		if m.steps += len(text); !strings.HasPrefix(m.src[s:], text) {
			return -1, 0
		}
		return s + len(text), p + 2
	}
}

// balance is the end of what begins with open at s and ends with the shut that belongs to it, or -1.
func (m *matcher) balance(s int, open, shut byte) int {
	if s >= len(m.src) || m.src[s] != open {
		return -1
	}
	for i, level := s+1, 1; i < len(m.src); i++ {
		if m.steps++; m.steps > matchSteps {
			m.fail(errTooMuch)
			return -1
		}
		switch m.src[i] {
		case shut:
			if level--; level == 0 {
				return i + 1
			}
		case open:
			level++
		}
	}
	return -1
}

// find searches from position from on and returns where the match begins and ends; -1 when there is none.
func (m *matcher) find(from int) (start, end int) {
	p := 0
	if strings.HasPrefix(m.pat, "^") {
		p = 1
	}
	for s := from; s <= len(m.src); s++ {
		m.captures = m.captures[:0]
		if m.steps++; m.steps > matchSteps {
			m.fail(errTooMuch)
		}
		if end := m.match(s, p); end >= 0 {
			return s, end
		}
		if p == 1 || m.err != nil {
			break
		}
	}
	return -1, -1
}
