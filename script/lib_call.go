package script

import (
	"errors"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"tandem/switch/call"
)

// callMethods are the capabilities a script has: call:name(…).
var callMethods = map[string]lua.LGFunction{
	"answer": callAnswer, "ring": callRing, "play": callPlay, "echo": callEcho, "dial": callDial,
	"hangup": callHangup, "reject": callReject, "pause": callPause, "var": callVar,
}

// callFacts are what a script can read: call.name.
var callFacts = map[string]func(l *lua.LState, c *call.Call) lua.LValue{
	"id":          func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.ID()) },
	"account":     func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Account()) },
	"parent":      func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Parent()) },
	"direction":   func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Direction().String()) },
	"status":      func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Status().Plain().String()) },
	"from":        func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Party().From.User) },
	"to":          func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Party().To.User) },
	"caller_name": func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Party().From.Display) },
	"client":      func(_ *lua.LState, c *call.Call) lua.LValue { return lua.LString(c.Party().Client) },
	"headers":     callHeaders,
}

// callType makes the metatable of the call object. Scripts cannot reach it.
func callType(l *lua.LState) *lua.LTable {
	methods := make(map[string]*lua.LFunction, len(callMethods))
	for name, f := range callMethods {
		methods[name] = l.NewFunction(f)
	}
	mt := l.NewTable()
	mt.RawSetString("__index", l.NewFunction(func(l *lua.LState) int {
		name := text(l, "call", l.Get(2))
		if m, ok := methods[name]; ok {
			l.Push(m)
		} else if fact, ok := callFacts[name]; ok {
			l.Push(fact(l, runOf(l).call))
		} else {
			l.RaiseError("a call has no %q", cut(name))
		}
		return 1
	}))
	mt.RawSetString("__newindex", l.NewFunction(func(l *lua.LState) int {
		l.RaiseError("facts of a call cannot be set; use call:var(name, value)")
		return 0
	}))
	mt.RawSetString("__tostring", l.NewFunction(func(l *lua.LState) int {
		l.Push(lua.LString("call " + string(runOf(l).call.ID())))
		return 1
	}))
	return mt
}

// newCall is the call object of one run.
func (s *state) newCall(r *run) *lua.LUserData {
	u := s.l.NewUserData()
	u.Value, u.Metatable = r, s.call
	return u
}

// method is the run of call:name(…); calling it with a dot is the mistake everybody makes.
func method(l *lua.LState) *run {
	r := runOf(l)
	if u, ok := l.Get(1).(*lua.LUserData); !ok || u.Value != r {
		l.RaiseError("write call:name(…), with a colon")
	}
	return r
}

// done is the end of a capability: the script has waited. An error that is the end of the call ends the script.
func (r *run) done(l *lua.LState, err error) error {
	r.meter.rest()
	switch {
	case r.ctx.Err() != nil:
		l.RaiseError("%s", r.meter.Err().Error())
	case errors.Is(err, call.ErrEnded):
		r.ended = err
		l.RaiseError("%s", err.Error())
	}
	return err
}

// must is done for a capability without which the script cannot go on.
func (r *run) must(l *lua.LState, err error) {
	if err := r.done(l, err); err != nil {
		l.RaiseError("%s", err.Error())
	}
}

func callAnswer(l *lua.LState) int {
	r := method(l)
	r.must(l, r.call.Answer(r.ctx))
	return 0
}

func callRing(l *lua.LState) int {
	r := method(l)
	r.must(l, r.call.Ring(r.ctx))
	return 0
}

func callEcho(l *lua.LState) int {
	r := method(l)
	r.must(l, r.call.Echo(r.ctx))
	return 0
}

func callPause(l *lua.LState) int {
	r := method(l)
	select {
	case <-time.After(seconds(l, "pause", l.Get(2))):
	case <-r.ctx.Done():
	}
	r.must(l, nil)
	return 0
}

func callHangup(l *lua.LState) int {
	r := method(l)
	cause := call.CauseNormal
	if reason := l.Get(2); reason != lua.LNil {
		cause.Text = header(l, "reason", text(l, "reason", reason))
	}
	r.must(l, r.call.Hangup(r.ctx, cause))
	return 0
}

// callReject refuses a caller who was not answered.
func callReject(l *lua.LState) int {
	r := method(l)
	code := l.OptInt(2, 603)
	if code < 300 || code > 699 {
		l.ArgError(2, "a SIP status of 300 to 699 expected")
	}
	refusal := &call.Refusal{Code: code, Reason: header(l, "reason", l.OptString(3, ""))}
	r.must(l, r.call.Refuse(r.ctx, refusal))
	return 0
}

// maxPlays is how often a sound may be repeated; 0 repeats it for ever.
const maxPlays = math.MaxInt16

func callPlay(l *lua.LState) int {
	r := method(l)
	name, loops := l.CheckString(2), l.OptInt(3, 1)
	if loops < 0 || loops > maxPlays {
		l.ArgError(3, "a number of times, or 0 for ever")
	}
	if r.engine.deps.Prompts == nil {
		l.RaiseError("this switch plays no files")
	}
	prompt, err := r.engine.deps.Prompts.Prompt(r.ctx, r.call.Account(), promptURL(name))
	if err == nil {
		_, err = r.call.Play(r.ctx, prompt, loops)
	}
	if err := r.done(l, err); err != nil {
		r.call.Log().Warn("sound not played", "name", cut(name), "err", err)
		l.Push(lua.LNil)
		l.Push(lua.LString(err.Error()))
		return 2
	}
	l.Push(lua.LTrue)
	return 1
}

// callVar reads what is kept with the call, or sets it. It outlives the script: another plan of the same call can read it.
func callVar(l *lua.LState) int {
	r := method(l)
	name := l.CheckString(2)
	if l.GetTop() < 3 {
		l.Push(toLua(r.call.Value(name)))
		return 1
	}
	v, ok := fromLua(l.Get(3))
	if !ok {
		l.ArgError(3, "a string, number, boolean or nil expected")
	}
	r.keep(l, name, v)
	return 0
}

// Limits of what one call keeps for its scripts.
const (
	maxVars     = 100
	maxVarBytes = 8 << 10
)

type varsKey struct{}

// keep stores a value with the call, within limits.
func (r *run) keep(l *lua.LState, name string, v any) {
	if s, ok := v.(string); len(name) > 64 || ok && len(s) > maxVarBytes {
		l.RaiseError("the name or value of a variable is too long")
	}
	names, _ := r.call.Value(varsKey{}).(map[string]bool)
	if !names[name] {
		if len(names) >= maxVars {
			l.RaiseError("more than %d variables", maxVars)
		}
		if names == nil {
			names = map[string]bool{}
			r.call.SetValue(varsKey{}, names)
		}
		names[name] = true
	}
	r.call.SetValue(name, v)
}

// callHeaders is a copy of the X- headers of the caller's INVITE.
func callHeaders(l *lua.LState, c *call.Call) lua.LValue {
	t := l.NewTable()
	for _, h := range c.Party().Headers {
		t.RawSetString(h.Name, lua.LString(h.Value))
	}
	return t
}
