package script_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/script"
	"tandem/switch/call/calltest"
)

func TestWhatIsNotThere(t *testing.T) {
	for _, name := range []string{
		"os", "io", "package", "debug", "coroutine", "channel", "load", "loadstring", "loadfile", "dofile", "require", "module",
		"collectgarbage", "getfenv", "setfenv", "newproxy", "_printregs", "string.dump", "math.randomseed",
	} {
		inBubble(t, `assert(`+name+` == nil)`, func(w *world) {
			w.calls(0)
			w.wantErr("")
		})
	}
}

// A row is a script that wants more than it may have, and why it ended.
func TestScriptsThatMisbehave(t *testing.T) {
	rows := []struct{ name, source, err string }{
		{"loops", `while true do end`, "too many instructions"},
		{"loops in pcall", `while true do pcall(function() while true do end end) end`, "too many instructions"},
		{"loops in xpcall", `local function f() while true do end end while true do xpcall(f, f) end`, "too many instructions"},
		{"recursion", `local function f() return 1 + f() end f()`, "stack overflow"},
		{"recursion through gsub", `local function f() return (("x"):gsub("x", f)) end f()`, "stack overflow"},
		{"recursion through a metatable", `local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) return t.a`, "stack overflow"},
		{"recursion through pcall", `local function f() pcall(f) return f() end f()`, ""},
		{"rep", `("x"):rep(1e9)`, "too long"},
		{"rep of much", `("x"):rep(1e6):rep(1e6)`, "too long"},
		{"doubling", `local s = "x" while true do s = s .. s end`, "too long"},
		{"doubling by format", `local s = "x" while true do s = string.format("%s%s", s, s) end`, "too long"},
		{"doubling by gsub", `local s = "x" while true do s = s:gsub(".", "%0%0") end`, "too"},
		{"doubling by concat", `local s = "x" while true do s = table.concat({s, s}) end`, "too long"},
		{"wide format", `string.format("%999999999d", 1)`, "width or precision"},
		{"wide precision", `string.format("%.999999999f", 1)`, "width or precision"},
		{"backtracking", `(("a"):rep(30)):find(("a?"):rep(30) .. ("a"):rep(30) .. "b")`, "takes too long"},
		{"backtracking stars", `(("a"):rep(5000)):find("a*a*a*a*a*b")`, "takes too long"},
		{"deep pattern", `(("a"):rep(5000)):match(("(a"):rep(5000))`, "too complex"},
		{"tables", `local t = {} while true do t[#t + 1] = {} end`, "too"},
		{"strings", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e5) .. i end`, "too much memory"},
		{"strings in upvalues", `local f = function() end for i = 1, 1e9 do local g, s = f, ("x"):rep(1e5) .. i f = function() return g, s end end`, "too much memory"},
		{"sparse tables", `local t = {} for i = 1, 1e9 do local s = {} s[60000] = 1 s[60000] = nil t[i] = s end`, "too much memory"},
		{"high index", `local t = {} t[67000000] = 1`, ""},
		{"unpack", `unpack({}, 1, 1e8)`, "registry overflow"},
		{"many arguments", `local t = {} for i = 1, 60000 do t[i] = i end string.char(unpack(t))`, ""},
		{"print", `while true do print("x") end`, "too many instructions"},
		{"sort", `local t = {} for i = 1, 1e4 do t[i] = i end table.sort(t, function() return true end)`, ""},
		{"next of another table", `next({}, "x")`, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, row.source, func(w *world) {
				began := time.Now()
				w.calls(0)
				if row.err != "" {
					w.wantErr(row.err)
				}
				if w.err() == "it still runs" || time.Since(began) > 0 {
					t.Errorf("it still runs")
				}
				next := calltest.NewLeg() // and the switch still works
				w.write("x.lua", `call:answer()`)
				w.Accept(next)
				synctest.Wait()
				next.WantDid(t, "answer", "bye Normal clearing")
			}, func(c *script.Config) { c.MaxInstructions, c.MaxTime = 1_000_000, time.Minute })
		})
	}
}

// Time is real here: one instruction may take long.
func TestComputingTakesOnlySoLong(t *testing.T) {
	cfg := func(c *script.Config) { c.MaxInstructions, c.MaxTime = 1<<40, 50*time.Millisecond }
	if testing.Short() {
		t.Skip("takes 50 ms")
	}
	folder := t.TempDir()
	w := &world{t: t, folder: folder, caller: calltest.NewLeg()}
	w.write("x.lua", `while true do end`)
	c := script.Default()
	c.Folder = folder
	cfg(&c)
	h := &script.Handler{Engine: script.New(c, script.Deps{}), File: "x.lua"}
	w.Switch = calltest.NewSwitch(t, h)
	w.Accept(w.caller)
	for range 500 {
		if w.caller.Over() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.caller.WantDid(t, "refuse 500")
}

// A script that waits now and then may go on for as long as its call.
func TestPausesBeginANewSpan(t *testing.T) {
	inBubble(t, `for i = 1, 100 do for j = 1, 3000 do end call:pause(1) end`, func(w *world) {
		w.calls(200 * time.Second)
		w.wantErr("")
	}, func(c *script.Config) { c.MaxInstructions = 20_000 })
}

// Two calls, one after the other on the same state: nothing of the first is seen by the second.
func TestNothingIsLeftForTheNextCall(t *testing.T) {
	spoil := []string{
		`leftover = 1`, `_G.leftover = 1`, `rawset(_G, "leftover", 1)`, `string.leftover = 1`, `string.format = nil`, `math.pi = 3`,
		`table.insert = error`, `log.info = nil`, `log = nil`, `call = nil`, `getmetatable = nil`,
		`local mt = getmetatable("") if mt then mt.__index.leftover = 1 end`,
		`local i = ("").__index if i then i.leftover = 1 end`,
		`local mt = getmetatable(call) if mt then mt.leftover = 1 end`,
		`setmetatable(_G, {__index = function() return 1 end})`, `setmetatable(string, {__index = {leftover = 1}})`,
		`pcall(rawset, getmetatable(string) or {}, "leftover", 1)`,
		"_G['\\0concat'] = function() return 'spoilt' end",
	}
	const check = `
assert(leftover == nil and string.leftover == nil, "leftover")
assert(pcall(function() return ("").leftover end) == true and ("").leftover == nil, "method")
assert(string.format("%d", 1) == "1" and ("%d"):format(1) == "1", "format")
assert(math.pi > 3.14 and table.insert ~= error and getmetatable(_G) == nil and getmetatable(string) == nil, "library")
assert("a" .. 1 == "a1", "concat")
log.info("clean") call:answer()`
	for _, source := range spoil {
		t.Run(source, func(t *testing.T) {
			inBubble(t, source, func(w *world) {
				w.calls(0)
				w.wantErr("")
				w.write("x.lua", check)
				next := calltest.NewLeg()
				w.Accept(next)
				synctest.Wait()
				if !strings.Contains(w.logged(), "clean") {
					t.Errorf("got %v", w.errs)
				}
			})
		})
	}
}
