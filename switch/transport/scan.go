package transport

// Classes of octets (RFC 3261 §25.1).
const (
	token   = 1 << iota // may stand in a token
	visible             // neither white space nor control
)

var class = func() (t [256]uint8) {
	for c := '!'; c <= 0xff; c++ {
		if c != 0x7f {
			t[c] |= visible
		}
	}
	for c := '0'; c <= 'z'; c++ {
		if c <= '9' || c >= 'a' || c >= 'A' && c <= 'Z' {
			t[c] |= token
		}
	}
	for _, c := range "-.!%*_+`'~" {
		t[c] |= token
	}
	return t
}()

func isToken(s string) bool { return s != "" && all(s, token) }

func isVisible(s string) bool { return all(s, visible) }

func all(s string, c uint8) bool {
	for i := range len(s) {
		if class[s[i]]&c == 0 {
			return false
		}
	}
	return true
}

// equalFold compares ASCII in any case.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

// number reads leading digits and says how many there were. Numbers beyond 2^31 all come out as 2^31.
func number(s string) (n int64, digits int) {
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		n = min(n*10+int64(s[digits]-'0'), 1<<31)
		digits++
	}
	return n, digits
}

// space is what linear white space is made of; CR and LF are in a header only as a fold.
func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (x *indexer) skipSpace(i, to int) int {
	for i < to && space(x.b[i]) {
		i++
	}
	return i
}

// trim takes the white space off both ends.
func (x *indexer) trim(from, to int) (int, int) {
	from = x.skipSpace(from, to)
	for to > from && space(x.b[to-1]) {
		to--
	}
	return from, to
}

// quoted returns what lies behind the quoted string that begins at i, beyond to if it does not end.
func (x *indexer) quoted(i, to int) int {
	for i++; i < to; i++ {
		switch x.b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return to + 1
}

// param reads ";" name ["=" value] at i and returns where it ends: at the next semicolon or comma, at the
// end, or beyond it if a quote is not closed.
func (x *indexer) param(i, to int) (name, value string, next int) {
	i = x.skipSpace(i+1, to)
	start := i
	for i < to && x.b[i] != '=' && x.b[i] != ';' && x.b[i] != ',' {
		i++
	}
	_, end := x.trim(start, i)
	name = x.text(start, end)
	if i == to || x.b[i] != '=' {
		return name, "", i
	}
	i = x.skipSpace(i+1, to)
	start = i
	for i < to && x.b[i] != ';' && x.b[i] != ',' {
		if x.b[i] == '"' {
			i = x.quoted(i, to)
			continue
		}
		i++
	}
	if i > to {
		return "", "", i
	}
	_, end = x.trim(start, i)
	return name, x.text(start, end), i
}
