package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, bad := write("good.toml", "drain = \"1s\"\n"), write("bad.toml", "drane = 1\n\n[sip]\nlisten = [\"udp:1\"]\n")
	example, err := filepath.Abs("../../conf/example.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		args     []string
		env      []string
		code     int
		out, err []string // texts on standard output and standard error
	}{
		{name: "help", args: []string{"--help"}, out: []string{"Usage: tandem <command>", "serve", "check", "version", "bench sip", "bench media"}},
		{name: "help of serve", args: []string{"serve", "--help"}, out: []string{"Run the switch.", "--config=FILE", "--data=DIR", "--credentials=FILE"}},
		{name: "nothing", code: 2, err: []string{`tandem: expected one of "serve"`, `Run "tandem --help"`}},
		{name: "no command", args: []string{"fly"}, code: 2, err: []string{"tandem: unexpected argument fly", `Run "tandem --help"`}},
		{name: "unknown flag", args: []string{"serve", "--nope"}, code: 2, err: []string{"tandem: unknown flag --nope", `Run "tandem serve --help"`}},
		{name: "version", args: []string{"version"}, out: []string{"tandem ", " go1.", "linux/"}},
		{name: "check of nothing", args: []string{"check"}, out: []string{"the defaults and the environment are good\n"}},
		{name: "check of a good file", args: []string{"check", "--config", good}, out: []string{good + " is good\n"}},
		{name: "check of the example", args: []string{"check", "--config", example}, out: []string{" is good\n"}},
		{name: "check of no file", args: []string{"check", "--config", dir + "/none"}, code: 2, err: []string{"no such file"}},
		{name: "check of a bad file", args: []string{"check", "--config", bad}, code: 1, err: []string{
			"tandem: " + bad + ":1: drane: unknown key\n", "tandem: " + bad + ":4: sip.listen: \"udp:1\" is not",
		}},
		{name: "check of the environment", args: []string{"check", "--config", good}, env: []string{"TANDEM_DRAIN=soon", "TANDEM_DRANE=1s"}, code: 1, err: []string{
			"tandem: TANDEM_DRAIN: drain: \"soon\": ", "tandem: TANDEM_DRANE: no such setting\n",
		}},
		{name: "serve with a bad file", args: []string{"serve", "--config", bad}, code: 1, err: []string{":1: drane: unknown key\n"}},
		{name: "serve on an address that is not ours", args: []string{"serve"}, env: []string{"TANDEM_SIP_LISTEN=udp:192.0.2.1:5060"}, code: 1, err: []string{"tandem: ", "udp:192.0.2.1:5060"}},
		{name: "serve in a file", args: []string{"serve", "--data", good}, code: 1, err: []string{"tandem: data directory: "}},
		{name: "bench of nothing", args: []string{"bench", "sip"}, code: 2, err: []string{"missing flags: --credentials=", `Run "tandem bench sip --help"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := tandemCommand(t.Context(), dir, tt.env, tt.args...)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			code := 0
			if err := cmd.Run(); err != nil {
				e, ok := errors.AsType[*exec.ExitError](err)
				if !ok {
					t.Fatal(err)
				}
				code = e.ExitCode()
			}
			if code != tt.code {
				t.Errorf("got exit code %d, want %d; it said %s%s", code, tt.code, &out, &errs)
			}
			contains(t, "standard output", out.String(), tt.out)
			contains(t, "standard error", errs.String(), tt.err)
		})
	}
}

// contains wants all texts in what was said, and nothing said where none are wanted.
func contains(t *testing.T, where, said string, texts []string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("got %q on %s, want %q in it", said, where, text)
		}
	}
	if len(texts) == 0 && said != "" {
		t.Errorf("got %q on %s, want nothing", said, where)
	}
}
