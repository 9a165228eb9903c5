package script

import (
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// maxIndex is the highest index of a table's array part; a script that sets a higher one gets a slower entry. The library
// would fill the gap below it, a gigabyte of it by default.
const maxIndex = 1 << 16

// Sizes of a state's stacks, in values and in nested calls.
const (
	stackStart = 256
	stackMax   = 64 << 10
	callsMax   = 200
)

func init() { lua.MaxArrayIndex = maxIndex } // the library has no other way to say it

// allowed are the functions a script gets, by library; "" is the base library. What is not here does not exist.
var allowed = map[string][]string{
	"": {
		"assert", "error", "ipairs", "next", "pairs", "rawequal", "rawget", "rawset", "select", "tonumber", "tostring",
		"type", "unpack",
	},
	"string": {"byte", "char", "len", "sub"},
	"table":  {"insert", "maxn", "remove", "sort"},
	"math": {
		"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "huge",
		"ldexp", "log", "log10", "max", "min", "mod", "modf", "pi", "pow", "rad", "random", "sin", "sinh", "sqrt", "tan", "tanh",
	},
}

// library is a table that every run gets a copy of.
type library struct {
	name    string // "": the globals themselves
	entries []entry
	table   *lua.LTable // the copy that the last run left as it was; nil: there is none
}

type entry struct {
	name  string
	value lua.LValue
}

// state is a Lua state with the libraries its scripts get.
type state struct {
	l         *lua.LState
	libraries []library
	call      *lua.LTable // metatable of the call object
}

// newState makes a state: the library's own functions that are harmless, and ours.
func (e *Engine) newState() *state {
	l := lua.NewState(lua.Options{
		SkipOpenLibs: true, CallStackSize: callsMax, MinimizeStackMemory: true,
		RegistrySize: stackStart, RegistryMaxSize: stackMax, RegistryGrowStep: stackStart,
	})
	s := &state{l: l}
	for _, lib := range []struct {
		name string
		open lua.LGFunction
		own  map[string]lua.LGFunction
	}{
		{"", lua.OpenBase, map[string]lua.LGFunction{
			"getmetatable": getMetatable, "setmetatable": setMetatable, "pcall": pcall, "xpcall": xpcall,
			"print": printLog, concatName: concat,
		}},
		{"string", lua.OpenString, boundedStrings},
		{"table", lua.OpenTable, map[string]lua.LGFunction{"concat": tableConcat}},
		{"math", lua.OpenMath, nil},
		{"log", nil, logFunctions},
	} {
		s.add(lib.name, lib.open, lib.own)
	}
	s.strip()
	s.call = callType(l)
	return s
}

// add collects a library's functions.
func (s *state) add(name string, open lua.LGFunction, own map[string]lua.LGFunction) {
	from := s.l.G.Global
	if open != nil {
		s.l.Push(s.l.NewFunction(open))
		s.l.Push(lua.LString(name))
		s.l.Call(1, 0)
		if name != "" {
			from = s.l.GetGlobal(name).(*lua.LTable)
		}
	}
	lib := library{name: name}
	for _, f := range allowed[name] {
		lib.entries = append(lib.entries, entry{f, from.RawGetString(f)})
	}
	for f, function := range own {
		lib.entries = append(lib.entries, entry{f, s.l.NewFunction(function)})
	}
	s.libraries = append(s.libraries, lib)
}

// strip takes from the state's own tables what scripts do not get, and gives methods of strings the bounded functions.
func (s *state) strip() {
	clearTable(s.l.GetGlobal("string").(*lua.LTable))
	methods := s.l.NewTable()
	for _, lib := range s.libraries {
		if lib.name == "string" {
			for _, e := range lib.entries {
				methods.RawSetString(e.name, e.value)
			}
		}
	}
	mt := s.l.NewTable() // apart from the methods, or ("").__index would hand them out to be changed
	mt.RawSetString("__index", methods)
	s.l.SetMetatable(lua.LString(""), mt)
	clearTable(s.l.G.Global)
	clearTable(s.l.G.Registry)
}

func clearTable(t *lua.LTable) {
	var keys []lua.LValue
	t.ForEach(func(k, _ lua.LValue) { keys = append(keys, k) })
	for _, k := range keys {
		t.RawSet(k, lua.LNil)
	}
}

// globals makes the globals of one run: everything a script can change is new, or as good as new.
func (s *state) globals() *lua.LTable {
	g := s.l.CreateTable(0, 40)
	g.RawSetString("_G", g)
	g.RawSetString("_VERSION", lua.LString("Lua 5.1"))
	for i := range s.libraries {
		lib := &s.libraries[i]
		if lib.name == "" {
			lib.fill(g)
			continue
		}
		if lib.table == nil {
			lib.table = s.l.CreateTable(0, len(lib.entries))
			lib.fill(lib.table)
		}
		g.RawSetString(lib.name, lib.table)
	}
	return g
}

func (lib *library) fill(t *lua.LTable) {
	for _, e := range lib.entries {
		t.RawSetString(e.name, e.value)
	}
}

// clean throws away the library tables that a script has changed.
func (s *state) clean() {
	for i := range s.libraries {
		if lib := &s.libraries[i]; lib.table != nil && !lib.same() {
			lib.table = nil
		}
	}
}

// same reports whether the table holds what it was filled with and nothing else.
func (lib *library) same() bool {
	if lib.table.Metatable != lua.LNil {
		return false
	}
	entries := 0
	lib.table.ForEach(func(lua.LValue, lua.LValue) { entries++ })
	if entries != len(lib.entries) {
		return false
	}
	for _, e := range lib.entries {
		if lib.table.RawGetString(e.name) != e.value {
			return false
		}
	}
	return true
}

// getMetatable knows tables only: strings and the call share theirs with other runs.
func getMetatable(l *lua.LState) int {
	t, ok := l.CheckAny(1).(*lua.LTable)
	if !ok {
		l.Push(lua.LNil)
		return 1
	}
	if mt, ok := t.Metatable.(*lua.LTable); ok {
		if shown := mt.RawGetString("__metatable"); shown != lua.LNil {
			l.Push(shown)
			return 1
		}
	}
	l.Push(t.Metatable)
	return 1
}

func setMetatable(l *lua.LState) int {
	t, mt := l.CheckTable(1), l.Get(2)
	if mt.Type() != lua.LTNil && mt.Type() != lua.LTTable {
		l.ArgError(2, "nil or table expected")
	}
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		l.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = mt
	l.SetTop(1)
	return 1
}

// caught is what an error that a script catches costs it, in instructions: the library describes the whole stack each time.
const caught = 500

func pcall(l *lua.LState) int {
	l.CheckAny(1)
	return protect(l, l.GetTop()-1, nil)
}

func xpcall(l *lua.LState) int {
	handler := l.CheckFunction(2)
	l.SetTop(1)
	return protect(l, 0, handler)
}

// protect calls the function on the stack. The end of the call and of the script's allowance cannot be caught.
func protect(l *lua.LState, args int, handler *lua.LFunction) int {
	err := l.PCall(args, lua.MultRet, handler)
	if err == nil {
		l.Insert(lua.LTrue, 1)
		return l.GetTop()
	}
	m := meterOf(l)
	if end := m.Err(); end != nil {
		l.RaiseError("%s", end.Error())
	}
	if m.run.ended != nil {
		l.RaiseError("%s", m.run.ended.Error())
	}
	m.spend(l, caught)
	l.Push(lua.LFalse)
	if failed, ok := errors.AsType[*lua.ApiError](err); ok && failed.Object != nil {
		l.Push(failed.Object)
	} else {
		l.Push(lua.LString(err.Error()))
	}
	return 2
}
