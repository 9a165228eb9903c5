package script

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// bounded are the string functions that could make much, or run long, in one instruction.
var boundedStrings = map[string]lua.LGFunction{
	"find": stringFind, "match": stringMatch, "gmatch": stringGmatch, "gsub": stringGsub,
	"format": stringFormat, "rep": stringRep,
	"lower": mapped(strings.ToLower), "upper": mapped(strings.ToUpper), "reverse": mapped(reverse),
}

// meterOf is the meter of the script that runs in l.
func meterOf(l *lua.LState) *meter { return l.Context().(*meter) }

// made pushes a string that a function made.
func made(l *lua.LState, s string) int {
	meterOf(l).charge(l, len(s))
	l.Push(lua.LString(s))
	return 1
}

func mapped(f func(string) string) lua.LGFunction {
	return func(l *lua.LState) int { return made(l, f(l.CheckString(1))) }
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func stringRep(l *lua.LState) int {
	s, n := l.CheckString(1), l.CheckInt(2)
	if n <= 0 || s == "" {
		l.Push(lua.LString(""))
		return 1
	}
	if m := meterOf(l); n > m.cfg.MaxString/len(s) {
		l.RaiseError("string of %d times %d bytes is too long", n, len(s))
	}
	return made(l, strings.Repeat(s, n))
}

// concat is what ".." becomes: any number of operands, joined from the right.
func concat(l *lua.LState) int {
	n := l.GetTop()
	size, plain := 0, true
	for i := 1; i <= n && plain; i++ {
		v := l.Get(i)
		if plain = lua.LVCanConvToString(v); plain {
			size += len(lua.LVAsString(v))
		}
	}
	if !plain {
		return concatPairs(l, n)
	}
	meterOf(l).charge(l, size)
	var b strings.Builder
	b.Grow(size)
	for i := 1; i <= n; i++ {
		b.WriteString(lua.LVAsString(l.Get(i)))
	}
	l.Push(lua.LString(b.String()))
	return 1
}

// concatPairs joins operands of which one is a table or has a meaning of its own for "..".
func concatPairs(l *lua.LState, n int) int {
	right := l.Get(n)
	for i := n - 1; i >= 1; i-- {
		left := l.Get(i)
		if lua.LVCanConvToString(left) && lua.LVCanConvToString(right) {
			s := lua.LVAsString(left) + lua.LVAsString(right)
			meterOf(l).charge(l, len(s))
			right = lua.LString(s)
			continue
		}
		op := metamethod(l, left, "__concat")
		if op == lua.LNil {
			op = metamethod(l, right, "__concat")
		}
		if op == lua.LNil {
			bad := left
			if lua.LVCanConvToString(left) {
				bad = right
			}
			l.RaiseError("attempt to concatenate a %s value", bad.Type())
		}
		l.Push(op)
		l.Push(left)
		l.Push(right)
		l.Call(2, 1)
		right = l.Get(-1)
		l.Pop(1)
	}
	l.Push(right)
	return 1
}

func metamethod(l *lua.LState, v lua.LValue, name string) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		if mt, ok := t.Metatable.(*lua.LTable); ok {
			return mt.RawGetString(name)
		}
		return lua.LNil
	}
	return l.GetMetaField(v, name)
}

func tableConcat(l *lua.LState) int {
	t, sep := l.CheckTable(1), l.OptString(2, "")
	from, to := l.OptInt(3, 1), l.OptInt(4, t.Len())
	m := meterOf(l)
	var b strings.Builder
	for i := from; i <= to; i++ {
		v := t.RawGetInt(i)
		if !lua.LVCanConvToString(v) {
			l.RaiseError("invalid value (%s) at index %d in table for concat", v.Type(), i)
		}
		s := lua.LVAsString(v)
		if b.Len()+len(s)+len(sep) > m.cfg.MaxString {
			l.RaiseError("the joined string is too long")
		}
		b.WriteString(s)
		if i < to {
			b.WriteString(sep)
		}
		m.spend(l, 1)
	}
	return made(l, b.String())
}

// maxField is the widest field of a format.
const maxField = 99

func stringFormat(l *lua.LState) int {
	format := l.CheckString(1)
	var b strings.Builder
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i+1 < len(format) && format[i+1] == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		spec, verb := fieldSpec(l, format[i:])
		i += len(spec)
		arg++
		b.WriteString(formatField(l, spec, verb, arg))
		if b.Len() > meterOf(l).cfg.MaxString {
			l.RaiseError("the formatted string is too long")
		}
	}
	return made(l, b.String())
}

// fieldSpec is a field's flags, width and precision with its "%", and the letter behind them.
func fieldSpec(l *lua.LState, s string) (spec string, verb byte) {
	n := 1
	for n < len(s) && strings.IndexByte("-+ #0", s[n]) >= 0 {
		n++
	}
	digits := func() {
		for k := 0; n < len(s) && '0' <= s[n] && s[n] <= '9'; k++ {
			if n++; k >= 2 {
				l.RaiseError("invalid format (width or precision above %d)", maxField)
			}
		}
	}
	digits()
	if n < len(s) && s[n] == '.' {
		n++
		digits()
	}
	if n >= len(s) || n > 16 {
		l.RaiseError("invalid format")
	}
	return s[:n], s[n]
}

func formatField(l *lua.LState, spec string, verb byte, arg int) string {
	switch verb {
	case 'd', 'i':
		return fmt.Sprintf(spec+"d", int64(l.CheckNumber(arg)))
	case 'u':
		return fmt.Sprintf(spec+"d", uint64(int64(l.CheckNumber(arg)))) //nolint:gosec // as C does it
	case 'c':
		return fmt.Sprintf(spec+"s", string([]byte{byte(int64(l.CheckNumber(arg)))})) //nolint:gosec // as C does it
	case 'o', 'x', 'X':
		return fmt.Sprintf(spec+string(verb), int64(l.CheckNumber(arg)))
	case 'e', 'E', 'f', 'g', 'G':
		return number(spec, verb, float64(l.CheckNumber(arg)))
	case 'q':
		return quoted(l.CheckString(arg))
	case 's':
		return fmt.Sprintf(spec+"s", l.ToStringMeta(l.CheckAny(arg)).String())
	}
	l.RaiseError("invalid option '%%%c' to 'format'", verb)
	return ""
}

func number(spec string, verb byte, v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return strings.ToLower(fmt.Sprint(v))
	}
	return fmt.Sprintf(spec+string(verb), v)
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
