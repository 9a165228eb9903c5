package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"tandem/media"
)

// Prompts finds sound: an http or https URL, or a file: URL below the folder of prompts.
type Prompts interface {
	Prompt(ctx context.Context, account, url string) (*media.Prompt, error)
}

// Deps are what scripts work with. Both may be nil.
type Deps struct {
	Prompts Prompts
	// Ringback is what an answered caller hears while a dial rings.
	Ringback *media.Prompt
	Log      *slog.Logger
}

// Engine is what all scripts share. It is safe for many goroutines.
type Engine struct {
	cfg  Config
	deps Deps
	pool pool

	mu    sync.Mutex
	files map[string]compiled
}

// compiled is a file as it was when it was last read.
type compiled struct {
	changed time.Time
	size    int64
	proto   *lua.FunctionProto
}

// New makes an engine. It does nothing until a Handler runs.
func New(cfg Config, d Deps) *Engine {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{cfg: cfg, deps: d, files: map[string]compiled{}}
	e.pool = pool{keep: cfg.Idle, make: e.newState}
	return e
}

// ErrNoFolder is what a Handler fails with when no folder of scripts is configured.
var ErrNoFolder = errors.New("no folder of scripts is configured")

// Check reads and compiles a file, for whoever wants to know before a call comes. The error names file and line.
func (e *Engine) Check(name string) error {
	_, err := e.load(name)
	return err
}

// load returns a file's byte code: compiled once, and again when the file has changed.
func (e *Engine) load(name string) (*lua.FunctionProto, error) {
	if e.cfg.Folder == "" {
		return nil, ErrNoFolder
	}
	f, err := os.OpenInRoot(e.cfg.Folder, e.local(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, inner(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, inner(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a file", name)
	case info.Size() > e.cfg.MaxSource:
		return nil, fmt.Errorf("%s: larger than %d bytes", name, e.cfg.MaxSource)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, ok := e.files[name]; ok && c.changed.Equal(info.ModTime()) && c.size == info.Size() {
		return c.proto, nil
	}
	source, err := io.ReadAll(io.LimitReader(f, e.cfg.MaxSource))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, inner(err))
	}
	proto, err := compile(string(source), name)
	if err != nil {
		return nil, err
	}
	e.files[name] = compiled{info.ModTime(), info.Size(), proto}
	return proto, nil
}

// local is a name below the folder: absolute names inside it are taken too.
func (e *Engine) local(name string) string {
	if whole, err := filepath.Abs(e.cfg.Folder); err == nil {
		if below, ok := strings.CutPrefix(name, whole+string(filepath.Separator)); ok {
			return below
		}
	}
	return strings.TrimLeft(name, "/")
}

// inner is err without the path that the message says already.
func inner(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// compile makes byte code of a script. The error names file and line.
func compile(source, name string) (proto *lua.FunctionProto, err error) {
	defer func() {
		if p := recover(); p != nil {
			proto, err = nil, fmt.Errorf("%s: cannot be compiled: %v", name, p)
		}
	}()
	if strings.HasPrefix(source, "\x1b") {
		return nil, fmt.Errorf("%s: is byte code, not a script", name)
	}
	chunk, err := parse.Parse(strings.NewReader(source), name)
	if err != nil {
		if bad, ok := errors.AsType[*parse.Error](err); ok {
			return nil, fmt.Errorf("%s:%d: %s near %q", name, bad.Pos.Line, bad.Message, bad.Token)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	boundConcatenations(chunk)
	return lua.Compile(chunk, name)
}
