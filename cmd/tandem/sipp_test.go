package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// sipp is one run of a scenario of testdata/sipp against the switch.
type sipp struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	out  *output
	log  string // directory of sipp's own trace
	done chan error
}

// startSIPp runs a scenario for one call. From is who it is, to whom it calls, port its own port.
func startSIPp(t *testing.T, p *program, scenario, port string, from seededClient, to string, more ...string) *sipp {
	t.Helper()
	if _, err := exec.LookPath("sipp"); err != nil {
		t.Fatal("sipp is not installed: make test installs it")
	}
	file, err := filepath.Abs(filepath.Join("testdata", "sipp", scenario+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &sipp{t: t, name: scenario, out: &output{}, log: t.TempDir(), done: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	args := append([]string{
		p.sip(), "-sf", file, "-m", "1", "-i", "127.0.0.1", "-p", port, "-nostdin", "-timeout", "30s", "-timeout_error",
		"-key", "from", from.Login, "-key", "to", to, "-key", "password", from.Password, "-au", from.Login, "-ap", from.Password,
		"-trace_msg", "-message_file", filepath.Join(s.log, "messages.log"), "-trace_err", "-error_file", filepath.Join(s.log, "errors.log"),
	}, more...)
	s.cmd = exec.CommandContext(ctx, "sipp", args...)
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = s.out, s.out, s.log
	if err := s.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		s.done <- s.cmd.Wait()
		cancel()
	}()
	t.Cleanup(cancel)
	return s
}

// wait returns when the scenario went through to its end, and fails the test if it did not.
func (s *sipp) wait() {
	s.t.Helper()
	if err := <-s.done; err != nil {
		messages, _ := os.ReadFile(filepath.Join(s.log, "messages.log"))
		errs, _ := os.ReadFile(filepath.Join(s.log, "errors.log"))
		s.t.Fatalf("sipp %s: %v\n%s\nmessages:\n%s", s.name, err, errs, messages)
	}
}

// messages is everything that went over the wire on sipp's side.
func (s *sipp) messages() string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.log, "messages.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}
