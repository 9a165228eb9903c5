package script_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"tandem/script"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// BenchmarkCall is a call whose script decides something and refuses: the script's share is the difference to BenchmarkCallWithoutScript.
func BenchmarkCall(b *testing.B) {
	folder := b.TempDir()
	source := `local to = call.to:match("^%w+$") if to == "bob" then call:reject(486, "Busy " .. to) end`
	if err := os.WriteFile(filepath.Join(folder, "x.lua"), []byte(source), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg := script.Default()
	cfg.Folder = folder
	benchmark(b, &script.Handler{Engine: script.New(cfg, script.Deps{Log: slog.New(slog.DiscardHandler)}), File: "x.lua"})
}

func BenchmarkCallWithoutScript(b *testing.B) { benchmark(b, nil) }

func benchmark(b *testing.B, h call.Handler) {
	b.Helper()
	s := calltest.NewSwitch(b, h)
	b.ReportAllocs()
	for b.Loop() {
		leg := calltest.NewLeg()
		s.Accept(leg)
		for s.Len() > 0 {
			runtime.Gosched()
		}
	}
}
