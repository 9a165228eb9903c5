package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// search is one use of a pattern by a script.
func search(l *lua.LState, m *matcher, from int) (start, end int) {
	before := m.steps
	start, end = m.find(from)
	if m.err != nil {
		l.RaiseError("%s", m.err.Error())
	}
	meterOf(l).spend(l, (m.steps-before)/8)
	return start, end
}

// value is a capture; the first of a pattern without captures is the whole match.
func (m *matcher) value(l *lua.LState, i, start, end int) lua.LValue {
	if i >= len(m.captures) {
		if i > 0 {
			l.RaiseError("%s", errCapture.Error())
		}
		return lua.LString(m.src[start:end])
	}
	switch c := m.captures[i]; c.end {
	case captureOpen:
		l.RaiseError("unfinished capture")
	case capturePosition:
		return lua.LNumber(c.start + 1)
	default:
		return lua.LString(m.src[c.start:c.end])
	}
	return lua.LNil
}

// push pushes all captures, or the whole match where there are none and whole is set.
func (m *matcher) push(l *lua.LState, start, end int, whole bool) int {
	n := len(m.captures)
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		l.Push(m.value(l, i, start, end))
	}
	return n
}

// position turns Lua's index, which counts from one or from the end, into ours.
func position(i, length int) int {
	if i < 0 {
		i += length + 1
	}
	return max(i-1, 0)
}

func stringFind(l *lua.LState) int  { return findOrMatch(l, true) }
func stringMatch(l *lua.LState) int { return findOrMatch(l, false) }

func findOrMatch(l *lua.LState, find bool) int {
	s, pattern := l.CheckString(1), l.CheckString(2)
	from := position(l.OptInt(3, 1), len(s))
	if from > len(s) {
		l.Push(lua.LNil)
		return 1
	}
	if find && (l.ToBool(4) || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		meterOf(l).spend(l, (len(s)-from)/64)
		i := strings.Index(s[from:], pattern)
		if i < 0 {
			l.Push(lua.LNil)
			return 1
		}
		l.Push(lua.LNumber(from + i + 1))
		l.Push(lua.LNumber(from + i + len(pattern)))
		return 2
	}
	m := &matcher{src: s, pat: pattern}
	start, end := search(l, m, from)
	if start < 0 {
		l.Push(lua.LNil)
		return 1
	}
	if !find {
		return m.push(l, start, end, true)
	}
	l.Push(lua.LNumber(start + 1))
	l.Push(lua.LNumber(end))
	return 2 + m.push(l, start, end, false)
}

func stringGmatch(l *lua.LState) int {
	s, pattern := l.CheckString(1), l.CheckString(2)
	m := &matcher{src: s, pat: pattern}
	from := 0
	l.Push(l.NewFunction(func(l *lua.LState) int {
		if from > len(s) {
			return 0
		}
		m.steps = 0
		start, end := search(l, m, from)
		if start < 0 {
			from = len(s) + 1
			return 0
		}
		if from = end; start == end {
			from++
		}
		return m.push(l, start, end, true)
	}))
	return 1
}

func stringGsub(l *lua.LState) int {
	s, pattern, with := l.CheckString(1), l.CheckString(2), l.Get(3)
	switch with.(type) {
	case lua.LString, lua.LNumber, *lua.LTable, *lua.LFunction:
	default:
		l.ArgError(3, "string, function or table expected")
	}
	limit := l.OptInt(4, len(s)+1)
	m := &matcher{src: s, pat: pattern}
	var b strings.Builder
	from, done, count := 0, 0, 0
	for count < limit && from <= len(s) {
		m.steps = 0
		start, end := search(l, m, from)
		if start < 0 {
			break
		}
		count++
		b.WriteString(s[done:start])
		b.WriteString(m.replacement(l, with, start, end))
		if b.Len() > meterOf(l).cfg.MaxString {
			l.RaiseError("the replaced string is too long")
		}
		meterOf(l).spend(l, 1)
		done, from = end, end
		if start == end {
			from++
		}
		if strings.HasPrefix(pattern, "^") {
			break
		}
	}
	b.WriteString(s[min(done, len(s)):])
	made(l, b.String())
	l.Push(lua.LNumber(count))
	return 2
}

// replacement is what takes the place of one match.
func (m *matcher) replacement(l *lua.LState, with lua.LValue, start, end int) string {
	var v lua.LValue
	switch with := with.(type) {
	case *lua.LTable:
		v = l.GetTable(with, m.value(l, 0, start, end))
	case *lua.LFunction:
		// The function may search, too: what this match captured must not change meanwhile.
		own := *m
		own.captures = append([]capture(nil), m.captures...)
		l.Push(with)
		n := own.push(l, start, end, true)
		l.Call(n, 1)
		v = l.Get(-1)
		l.Pop(1)
	default:
		return m.expand(l, lua.LVAsString(with), start, end)
	}
	switch {
	case v == lua.LNil || v == lua.LFalse:
		return m.src[start:end]
	case lua.LVCanConvToString(v):
		return lua.LVAsString(v)
	}
	l.RaiseError("invalid replacement value (a %s)", v.Type())
	return ""
}

// expand puts captures into a replacement: %0 to %9, and %% for a percent sign.
func (m *matcher) expand(l *lua.LState, with string, start, end int) string {
	if strings.IndexByte(with, '%') < 0 {
		return with
	}
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		c := with[i]
		if c != '%' || i+1 == len(with) {
			b.WriteByte(c)
			continue
		}
		i++
		switch c := with[i]; {
		case c == '0':
			b.WriteString(m.src[start:end])
		case '1' <= c && c <= '9':
			b.WriteString(lua.LVAsString(m.value(l, int(c-'1'), start, end)))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
