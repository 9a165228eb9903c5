package script

import (
	"context"
	"log/slog"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxLine is the longest text a script can log, in bytes.
const maxLine = 1024

var logFunctions = map[string]lua.LGFunction{
	"info": logAt(slog.LevelInfo), "warn": logAt(slog.LevelWarn), "error": logAt(slog.LevelError),
}

// logAt logs a text, and the facts of a table if there is one.
func logAt(level slog.Level) lua.LGFunction {
	return func(l *lua.LState) int {
		attrs := []slog.Attr{slog.String("text", cut(l.ToStringMeta(l.CheckAny(1)).String()))}
		if t, ok := l.Get(2).(*lua.LTable); ok {
			t.ForEach(func(k, v lua.LValue) {
				if len(attrs) < 16 {
					attrs = append(attrs, slog.String(cut(k.String()), cut(v.String())))
				}
			})
		}
		emit(l, level, attrs...)
		return 0
	}
}

// printLog is print: a script has no standard output.
func printLog(l *lua.LState) int {
	var b strings.Builder
	for i := 1; i <= l.GetTop() && b.Len() < maxLine; i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		b.WriteString(l.ToStringMeta(l.Get(i)).String())
	}
	emit(l, slog.LevelInfo, slog.String("text", cut(b.String())))
	return 0
}

// emit writes one line, with the place in the script.
func emit(l *lua.LState, level slog.Level, attrs ...slog.Attr) {
	r := runOf(l)
	meterOf(l).spend(l, 100) // a line costs what a hundred instructions do
	attrs = append(attrs, slog.String("at", strings.TrimSuffix(l.Where(1), ": ")),
		slog.String("call_id", string(r.call.ID())), slog.String("sip_call_id", r.call.SIPCallID()))
	r.engine.deps.Log.LogAttrs(context.WithoutCancel(r.ctx), level, "script", attrs...)
}

func cut(s string) string { return s[:min(len(s), maxLine)] }
