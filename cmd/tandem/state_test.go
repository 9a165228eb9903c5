package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFirstRun reads what a newcomer is given, on the terminal or in a file, and checks that a second start gives nothing and keeps all.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	file := filepath.Join(p.dir, "credentials.json")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file of credentials has mode %v, want 0600: %v", info.Mode(), err)
	}
	if strings.Contains(p.out.String(), p.client(0).Password) || strings.Contains(p.out.String(), p.first.Account.AuthToken) {
		t.Error("secrets are printed although they went to a file")
	}
	written := info.ModTime()
	before := p.must(t, 200, "GET", ".json", nil)
	p.terminate()
	p = p.again()
	if info, err = os.Stat(file); err != nil || !info.ModTime().Equal(written) {
		t.Errorf("the second start wrote the file of credentials again: %v", err)
	}
	if strings.Contains(p.out.String(), "password") {
		t.Errorf("the second start prints secrets: %s", p.out)
	}
	if after := p.must(t, 200, "GET", ".json", nil); after["sid"] != before["sid"] || after["auth_token"] != before["auth_token"] {
		t.Errorf("the account is %v, was %v", after, before)
	}
	for i := range 2 {
		phone := p.phone(t, p.client(i)) // with the first run's passwords
		phone.Register(300)
		phone.Unregister()
	}
	p.works(t)
	out, err := runTandem(t, p.dir, []string{"TANDEM_SIP_LISTEN=udp:127.0.0.1:" + freePort(t), "TANDEM_HTTP_LISTEN=127.0.0.1:" + freePort(t)},
		"serve", "--data", filepath.Join(p.dir, "data"))
	if err == nil || !strings.Contains(out, "is in use by another tandem process") {
		t.Errorf("a second process on the same data says %v: %s", err, out)
	}
	p.works(t)
}

// TestFirstRunOnATerminal takes the clients' passwords from what is printed.
func TestFirstRunOnATerminal(t *testing.T) {
	t.Parallel()
	dir, sip := t.TempDir(), freePort(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := tandemCommand(ctx, dir, []string{
		"TANDEM_SIP_LISTEN=udp:127.0.0.1:" + sip, "TANDEM_HTTP_LISTEN=127.0.0.1:" + freePort(t),
		"TANDEM_RTP_ADDRESS=127.0.0.1", "TANDEM_RTP_PORTS=" + rtpPorts(),
	}, "serve")
	p := &program{t: t, dir: dir, cmd: cmd, out: &output{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		cancel()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	eventually(t, "the switch is ready", func() error {
		if !strings.Contains(p.out.String(), "msg=ready") {
			return errors.New(p.out.String())
		}
		return nil
	})
	p.first.SIP = []string{"udp:127.0.0.1:" + sip}
	var numbers int
	for line := range strings.SplitSeq(p.out.String(), "\n") {
		switch f := strings.Fields(line); {
		case len(f) == 4 && f[0] == "user" && f[2] == "password":
			p.phone(t, seededClient{f[1], f[3]}).Register(300)
			p.first.Clients = append(p.first.Clients, seededClient{f[1], f[3]})
		case len(f) > 1 && len(f[0]) == 4 && strings.HasPrefix(f[0], "90"):
			p.first.Numbers = append(p.first.Numbers, demoNumber{f[0], strings.Join(f[1:], " ")})
			numbers++
		}
	}
	if len(p.first.Clients) != 2 || numbers < 4 {
		t.Fatalf("two clients and four numbers should be printed:\n%s", p.out)
	}
	p.works(t)
	if code := p.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// runTandem runs one command line to its end and returns what it said.
func runTandem(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := tandemCommand(ctx, dir, env, args...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err
}

// onDisk waits until a query of the switch's database gives a number.
func (p *program) onDisk(t *testing.T, query string, want int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(p.dir, "data", "tandem.db")+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	eventually(t, query+" is "+fmt.Sprint(want), func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var n int
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return err
		}
		if n != want {
			return fmt.Errorf("it is %d", n)
		}
		return nil
	})
}
