package script

import (
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"tandem/switch/call"
)

// maxTargets is how many targets a dial may have.
const maxTargets = 10

// dialFields are the settings of call:dial{…}. A field that is not here is an error: it is a misspelling.
var dialFields = map[string]func(l *lua.LState, d *call.Dial, v lua.LValue){
	"timeout":          func(l *lua.LState, d *call.Dial, v lua.LValue) { d.Timeout = positive(l, "timeout", v) },
	"time_limit":       func(l *lua.LState, d *call.Dial, v lua.LValue) { d.TimeLimit = positive(l, "time_limit", v) },
	"caller_id":        func(l *lua.LState, d *call.Dial, v lua.LValue) { d.CallerID = userPart(l, v) },
	"early_media":      func(_ *lua.LState, d *call.Dial, v lua.LValue) { d.EarlyMedia = lua.LVAsBool(v) },
	"answer_on_bridge": func(_ *lua.LState, d *call.Dial, v lua.LValue) { d.AnswerOnBridge = lua.LVAsBool(v) },
	"pass_hold":        func(_ *lua.LState, d *call.Dial, v lua.LValue) { d.PassHold = lua.LVAsBool(v) },
	"hangup_key":       dialKey,
	"to":               func(l *lua.LState, d *call.Dial, v lua.LValue) { d.Targets = append(d.Targets, target(l, v)) },
	"targets":          dialTargets,
}

// callDial rings targets and joins the first that answers with the caller. It returns how that went, when it is over.
func callDial(l *lua.LState) int {
	r := method(l)
	settings := l.CheckTable(2)
	d := call.Dial{Ringback: r.engine.deps.Ringback, PassHold: true}
	settings.ForEach(func(k, v lua.LValue) {
		set, ok := dialFields[k.String()]
		if !ok {
			l.RaiseError("dial: there is no setting %q", cut(k.String()))
		}
		set(l, &d, v)
	})
	if len(d.Targets) == 0 || len(d.Targets) > maxTargets {
		l.RaiseError("dial: 1 to %d targets expected, as to= or targets={…}", maxTargets)
	}
	res, err := r.call.Dial(r.ctx, d)
	r.must(l, err)
	t := table(l, "status", res.Status.Plain().String(), "bridged", res.Bridged, "child", string(res.Child),
		"duration", res.Duration, "ring_duration", res.RingDuration, "code", res.Code, "ended_by", res.EndedBy.String())
	headers := l.NewTable()
	for _, h := range res.Headers {
		headers.RawSetString(h.Name, lua.LString(h.Value))
	}
	t.RawSetString("headers", headers)
	l.Push(t)
	return 1
}

func positive(l *lua.LState, name string, v lua.LValue) time.Duration {
	d := seconds(l, name, v)
	if d == 0 {
		l.RaiseError("dial: %s must be more than 0", name)
	}
	return d
}

func dialKey(l *lua.LState, d *call.Dial, v lua.LValue) {
	key := text(l, "hangup_key", v)
	if len(key) != 1 || !strings.ContainsAny(key, "0123456789*#ABCD") {
		l.RaiseError("dial: hangup_key must be one of 0-9 * # A-D")
	}
	d.HangupKey = key[0]
}

func dialTargets(l *lua.LState, d *call.Dial, v lua.LValue) {
	list, ok := v.(*lua.LTable)
	if !ok {
		l.RaiseError("dial: targets must be a list")
	}
	for i := 1; i <= min(list.Len(), maxTargets+1); i++ {
		d.Targets = append(d.Targets, target(l, list.RawGetInt(i)))
	}
}

// target reads one target: "client:bob", "sip:bob@example.net", a number, or a table with one of client, sip, number, and
// username, password and headers where they are needed.
func target(l *lua.LState, v lua.LValue) call.Target {
	t, ok := v.(*lua.LTable)
	if !ok {
		return named(l, text(l, "target", v))
	}
	var out call.Target
	for name, kind := range map[string]call.TargetKind{"client": call.TargetClient, "sip": call.TargetSIP, "number": call.TargetNumber} {
		if value := t.RawGetString(name); value != lua.LNil {
			if out.Kind != 0 {
				l.RaiseError("dial: a target is one of client, sip and number")
			}
			out.Kind, out.Value = kind, header(l, name, text(l, name, value))
		}
	}
	if out.Value == "" {
		l.RaiseError("dial: a target needs one of client, sip and number")
	}
	out.Username, out.Password = optional(l, t, "username"), optional(l, t, "password")
	if headers, ok := t.RawGetString("headers").(*lua.LTable); ok {
		headers.ForEach(func(k, v lua.LValue) {
			out.Headers = append(out.Headers, custom(l, k.String(), text(l, k.String(), v)))
		})
	}
	return out
}

// named is a target written as one string.
func named(l *lua.LState, s string) call.Target {
	header(l, "target", s)
	kind := call.TargetNumber
	switch client, ok := strings.CutPrefix(s, "client:"); {
	case ok:
		kind, s = call.TargetClient, client
	case strings.HasPrefix(s, "sip:"), strings.HasPrefix(s, "sips:"):
		kind = call.TargetSIP
	case strings.Contains(s, "@"):
		kind, s = call.TargetSIP, "sip:"+s
	}
	if s == "" {
		l.RaiseError("dial: a target is empty")
	}
	return call.Target{Kind: kind, Value: s}
}

func optional(l *lua.LState, t *lua.LTable, name string) string {
	v := t.RawGetString(name)
	if v == lua.LNil {
		return ""
	}
	return header(l, name, text(l, name, v))
}

// maxHeader is the longest text that goes into a SIP message, in bytes.
const maxHeader = 1024

// header refuses what must not get into a SIP message.
func header(l *lua.LState, name, value string) string {
	if len(value) > maxHeader || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		l.RaiseError("%s: too long, or a control character in it", cut(name))
	}
	return value
}

// custom is a header of the INVITE; only names that begin with X- can be set.
func custom(l *lua.LState, name, value string) call.Header {
	token := strings.IndexFunc(name, func(r rune) bool {
		return r > '~' || r <= ' ' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	}) < 0
	if len(name) < 3 || len(name) > 64 || !strings.EqualFold(name[:2], "X-") || !token {
		l.RaiseError("dial: header %q cannot be set, only X-… can", cut(name))
	}
	return call.Header{Name: name, Value: header(l, name, value)}
}

// userPart reads what can stand before the "@" of a SIP URI.
func userPart(l *lua.LState, v lua.LValue) string {
	s := strings.TrimPrefix(text(l, "caller_id", v), "client:")
	bad := strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("-_.!~*'()&=+$,;?/#", r)
	})
	if bad || len(s) > 128 {
		l.RaiseError("dial: caller_id %q cannot be a caller", cut(s))
	}
	return s
}

// promptURL is the URL of a sound: what has no scheme is a file.
func promptURL(name string) string {
	if strings.Contains(name, "://") || strings.HasPrefix(strings.ToLower(name), "file:") {
		return name
	}
	return "file:" + name
}
