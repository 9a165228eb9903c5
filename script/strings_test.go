package script_test

import (
	"testing"
)

// The string functions are our own: here is what the reference manual says of them. A row is an expression and what it makes.
func TestStringFunctions(t *testing.T) {
	rows := []struct{ expr, want string }{
		{`"a" .. 1 .. "b" .. 2.5`, "a1b2.5"},
		{`1 .. 2`, "12"},
		{`("x"):rep(3)`, "xxx"},
		{`("x"):rep(0)`, ""},
		{`("x"):rep(-1)`, ""},
		{`("abc"):upper() .. ("ABC"):lower() .. ("abc"):reverse()`, "ABCabccba"},
		{`("hello"):find("l")`, "3 3"},
		{`("hello"):find("xyz")`, "nil"},
		{`("hello"):find("")`, "1 0"},
		{`("hello"):find("", 10)`, "nil"},
		{`("hello"):find("l", -2)`, "4 4"},
		{`("a+b"):find("+", 1, true)`, "2 2"},
		{`("hello world"):find("(o)( )")`, "5 6 o  "},
		{`("key = value"):match("^(%w+)%s*=%s*(%w+)$")`, "key value"},
		{`("2026-11-21"):match("(%d+)-(%d+)-(%d+)")`, "2026 11 21"},
		{`("hello"):match(".-l")`, "hel"},
		{`("hello"):match(".*l")`, "hell"},
		{`("hello"):match("l+")`, "ll"},
		{`("hello"):match("x?e")`, "e"},
		{`("hello"):match("()ll()")`, "3 5"},
		{`("THE (quick) fox"):find("%((%a+)%)")`, "5 11 quick"},
		{`("f(a(b)c)d"):match("%b()")`, "(a(b)c)"},
		{`("f(a"):match("%b()")`, "nil"},
		{`("THE (quick) fox"):gsub("%f[%a]%a+", "x")`, "x (x) x 3"},
		{`([["a'b'c"]]):match([[(["'])(.-)%1]])`, `" a'b'c`},
		{`("abc"):match("[^b]+")`, "a"},
		{`("a]c"):match("[]]")`, "]"},
		{`("a-c"):match("[a%-]+")`, "a-"},
		{`("x9"):match("[0-9]")`, "9"},
		{`("\n"):match("%c") == "\n"`, "true"},
		{`("aB1 _!"):gsub("%W", "")`, "aB1 3"},
		{`("aB"):match("%u")`, "B"},
		{`("abc"):gsub("", "-")`, "-a-b-c- 4"},
		{`("abc"):gsub("b", "%%")`, "a%c 1"},
		{`("abc"):gsub("(b)", "<%1%0>")`, "a<bb>c 1"},
		{`("abc"):gsub("%w", {a = 1, b = true and "B", c = false})`, "1Bc 3"},
		{`("abc"):gsub("%w", function(c) if c ~= "b" then return c:upper() end end)`, "AbC 3"},
		{`("aaa"):gsub("a", "b", 2)`, "bba 2"},
		{`("aaa"):gsub("^a", "b")`, "baa 1"},
		{`(function() local n = 0 for w in ("one two  three"):gmatch("%a+") do n = n + #w end return n end)()`, "11"},
		{`(function() local n = 0 for _ in ("abc"):gmatch("") do n = n + 1 end return n end)()`, "4"},
		{`(function() local s = "" for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do s = s .. k .. v end return s end)()`, "a1b2"},
		{`("%5d|%-5d|%05d|%+d"):format(42, 42, 42, 42)`, "   42|42   |00042|+42"},
		{`("%5.1f|%g|%e"):format(3.14159, 0.5, 1)`, "  3.1|0.5|1.000000e+00"},
		{`("%s|%10s|%-4s|%.2s"):format("a", "b", "c", "defg")`, "a|         b|c   |de"},
		{`("%x|%X|%o|%c|%%"):format(255, 255, 8, 65)`, "ff|FF|10|A|%"},
		{`("%q"):format('a "b" \\')`, `"a \"b\" \\"`},
		{`("%d"):format("10")`, "10"},
		{`("%s"):format(nil)`, "nil"},
		{`table.concat({1, 2, "x"}, ", ")`, "1, 2, x"},
		{`table.concat({})`, ""},
		{`table.concat({1, 2, 3}, "-", 2, 3)`, "2-3"},
		{`tostring(setmetatable({}, {__concat = function(a, b) return "joined" end}) .. "x")`, "joined"},
		{`("x" .. setmetatable({}, {__concat = function(a) return a .. "y" end}))`, "xy"},
		{`(function(...) return "a" .. ... end)("b", "c")`, "ab"},
		{`(function() local function f() return 1, 2 end return "a" .. f() end)()`, "a1"},
	}
	for _, row := range rows {
		t.Run(row.expr, func(t *testing.T) {
			source := `local r = {` + row.expr + `} local n = select("#", ` + row.expr + `) local s = {}
for i = 1, n do s[i] = tostring(r[i]) end
local got = table.concat(s, " ") error("got <" .. got .. ">")`
			inBubble(t, source, func(w *world) {
				w.calls(0)
				w.wantErr("got <" + row.want + ">")
			})
		})
	}
}

func TestStringMistakes(t *testing.T) {
	rows := []struct{ source, err string }{
		{`local s = "a" .. nil`, "attempt to concatenate a nil value"},
		{`local s = {} .. "a"`, "attempt to concatenate a table value"},
		{`("x"):find("[a")`, "malformed pattern"},
		{`("x"):find("%")`, "malformed pattern"},
		{`("x"):find("(x")`, "unfinished capture"},
		{`("x"):match("(x")`, "unfinished capture"},
		{`("x"):match("x)")`, "malformed pattern"},
		{`("x"):find("%1")`, "invalid capture"},
		{`("x"):gsub("x", "%2")`, "invalid capture"},
		{`("x"):gsub("x", true)`, "string, function or table expected"},
		{`("x"):gsub("x", function() return {} end)`, "invalid replacement value"},
		{`("%y"):format(1)`, "invalid option"},
		{`("%d"):format("x")`, "number expected"},
		{`("%"):format()`, "invalid format"},
		{`table.concat({{}})`, "invalid value"},
		{`("x"):rep()`, "number expected"},
	}
	for _, row := range rows {
		t.Run(row.source, func(t *testing.T) {
			inBubble(t, row.source, func(w *world) {
				w.calls(0)
				w.wantErr(row.err)
			})
		})
	}
}
