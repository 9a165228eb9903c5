package script

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

// toLua turns what a call keeps into a script's value.
func toLua(v any) lua.LValue {
	switch v := v.(type) {
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case int:
		return lua.LNumber(v)
	case time.Duration:
		return lua.LNumber(v.Seconds())
	}
	return lua.LNil
}

// fromLua turns a script's value into one that outlives the script; ok is false for tables, functions and the like.
func fromLua(v lua.LValue) (value any, ok bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LBool:
		return bool(v), true
	case lua.LNumber:
		return float64(v), true
	case *lua.LNilType:
		return nil, true
	}
	return nil, false
}

// seconds reads a number of seconds; not a number, less than zero and more than a day are errors of the script.
func seconds(l *lua.LState, name string, v lua.LValue) time.Duration {
	n, ok := v.(lua.LNumber)
	if !ok || !(n >= 0 && n <= 86400) {
		l.RaiseError("%s: a number of seconds expected", name)
	}
	return time.Duration(float64(n) * float64(time.Second))
}

// text reads a string or number.
func text(l *lua.LState, name string, v lua.LValue) string {
	if !lua.LVCanConvToString(v) {
		l.RaiseError("%s: a string expected, got a %s", name, v.Type())
	}
	return lua.LVAsString(v)
}

// table makes a table of names and values, without what has no value.
func table(l *lua.LState, pairs ...any) *lua.LTable {
	t := l.CreateTable(0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		t.RawSetString(pairs[i].(string), toLua(pairs[i+1]))
	}
	return t
}
