package script

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"tandem/switch/call"
)

// scriptFailed is the notification code of a script that cannot be run or ended in an error.
const scriptFailed = 5000

// Handler is a dial plan: a Lua file below the folder of scripts. The same Handler may serve many calls.
type Handler struct {
	Engine *Engine
	File   string
}

// run is a script on one call. It belongs to the plan's goroutine.
type run struct {
	ctx    context.Context
	engine *Engine
	call   *call.Call
	meter  *meter
	ended  error // the call's end, as a capability reported it
}

// runOf is the run that goes on in l.
func runOf(l *lua.LState) *run { return meterOf(l).run }

// ServeCall runs the script. An error in it is stored as a notification that names file and line, and refuses a caller who was
// not answered with 500.
func (h *Handler) ServeCall(ctx context.Context, c *call.Call) error {
	proto, err := h.Engine.load(h.File)
	if err == nil {
		err = h.Engine.run(ctx, c, proto)
	}
	if err == nil || ctx.Err() != nil || errors.Is(err, call.ErrEnded) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	c.Notify(scriptFailed, err.Error(), h.File)
	return &call.Refusal{Code: 500, Reason: "Server Internal Error", Text: "Script error", Err: err}
}

func (e *Engine) run(ctx context.Context, c *call.Call, proto *lua.FunctionProto) (err error) {
	s := e.pool.get()
	r := &run{ctx: ctx, engine: e, call: c}
	r.meter = newMeter(ctx, &e.cfg, s.l)
	r.meter.run = r
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err == nil || ctx.Err() != nil && r.meter.err == nil { // hanging up is no mistake
			e.pool.put(s)
		} else {
			s.l.Close()
		}
	}()
	globals := s.globals()
	globals.RawSetString("call", s.newCall(r))
	r.meter.globals = globals
	s.l.SetContext(r.meter) //nolint:contextcheck // the meter is ctx and counts
	f := s.l.NewFunctionFromProto(proto)
	f.Env = globals
	s.l.Push(f)
	return r.explain(s.l.PCall(0, 0, nil))
}

// explain is the reason of an error without Lua's stack trace.
func (r *run) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case r.ended != nil:
		return r.ended
	}
	failed, ok := errors.AsType[*lua.ApiError](err)
	if !ok || failed.Object == nil {
		return err
	}
	reason := strings.TrimSpace(failed.Object.String())
	if r.meter.err != nil && !strings.Contains(reason, r.meter.err.Error()) {
		return fmt.Errorf("%s: %w", reason, r.meter.err)
	}
	return errors.New(reason)
}
