package script_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tandem/media"
	"tandem/script"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a switch without a network whose calls run a script.
type world struct {
	*calltest.Switch
	t      *testing.T
	folder string
	engine *script.Engine
	caller *calltest.Leg

	mu     sync.Mutex
	log    bytes.Buffer
	errs   []error
	played []string
}

// Write takes log lines.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *world) Prompt(_ context.Context, _, url string) (*media.Prompt, error) {
	if strings.Contains(url, "missing") {
		return nil, errors.New("no such sound")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.played = append(w.played, url)
	return calltest.Prompt(2 * time.Second), nil
}

// inBubble runs f in a world whose calls run source as x.lua.
func inBubble(t *testing.T, source string, f func(w *world), change ...func(*script.Config)) {
	t.Helper()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, folder: folder, caller: calltest.NewLeg()}
		w.write("x.lua", source)
		cfg := script.Default()
		cfg.Folder = folder
		for _, c := range change {
			c(&cfg)
		}
		log := slog.New(slog.NewTextHandler(w, nil))
		w.engine = script.New(cfg, script.Deps{Prompts: w, Log: log})
		h := &script.Handler{Engine: w.engine, File: "x.lua"}
		w.Switch = calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			err := h.ServeCall(ctx, c)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.errs = append(w.errs, err)
			return err
		}))
		f(w)
		w.caller.Hang()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := w.Len(); n != 0 {
			t.Errorf("%d calls are left", n)
		}
	})
}

func (w *world) write(name, source string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), []byte(source), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) calls(d time.Duration) {
	w.Accept(w.caller)
	w.wait(d)
}

func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// err is how the first script ended.
func (w *world) err() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.errs) == 0 {
		return "it still runs"
	}
	if w.errs[0] == nil {
		return ""
	}
	return w.errs[0].Error()
}

// wantErr checks how the script ended; "" is well.
func (w *world) wantErr(want string) {
	w.t.Helper()
	if got := w.err(); want == "" && got != "" || !strings.Contains(got, want) {
		w.t.Errorf("got error %q, want %q", got, want)
	}
}
