package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asTandem makes the test binary be the program, so that what is tested is the
// whole process, race detector included.
const asTandem = "RUN_TEST_BINARY_AS_TANDEM"

func TestMain(m *testing.M) {
	if os.Getenv(asTandem) != "" {
		os.Exit(command(os.Args[1:], os.Environ()))
	}
	os.Exit(m.Run())
}

// patience bounds every wait for something that must happen. It is long because CI's machine may be slow, and costs nothing when it is not.
const patience = 30 * time.Second

// program is a running switch.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   *output
	dir   string
	first firstRun
	done  chan struct{} // closed when the process has ended
}

// output collects what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// tandemCommand is a command line of the program, in a directory, with only the environment given besides a path.
func tandemCommand(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append([]string{asTandem + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	return cmd
}

// serve starts a switch with its state in dir, on free ports of 127.0.0.1, and waits until it is ready.
func serve(t *testing.T, dir string, env ...string) *program {
	t.Helper()
	sip := freePort(t)
	env = append([]string{
		"TANDEM_SIP_LISTEN=udp:127.0.0.1:" + sip + ",tcp:127.0.0.1:" + sip,
		"TANDEM_HTTP_LISTEN=127.0.0.1:" + freePort(t),
		"TANDEM_RTP_ADDRESS=127.0.0.1",
		"TANDEM_RTP_PORTS=" + rtpPorts(),
		"TANDEM_WEB_ALLOW_PRIVATE=127.0.0.0/8",
	}, env...)
	credentials := filepath.Join(dir, "credentials.json")
	p := &program{t: t, dir: dir, out: &output{}, done: make(chan struct{})}
	p.cmd = tandemCommand(context.Background(), dir, env, "serve", "--data", filepath.Join(dir, "data"), "--credentials", credentials)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the switch said:\n%s", p.out)
		}
		if strings.Contains(p.out.String(), "DATA RACE") {
			t.Error("the race detector found something in the switch")
		}
		if at := strings.Index(p.out.String(), "panic"); at >= 0 {
			t.Errorf("the switch panicked: %.3000s", p.out.String()[at:])
		}
	})
	base := "http://" + value(env, "TANDEM_HTTP_LISTEN")
	eventually(t, "the switch is ready", func() error {
		if p.ended() {
			return fmt.Errorf("it ended: %s", p.out)
		}
		return get(base + "/readyz")
	})
	data, err := os.ReadFile(credentials)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &p.first); err != nil {
		t.Fatal(err)
	}
	p.first.HTTP = base
	p.first.SIP = strings.Split(value(env, "TANDEM_SIP_LISTEN"), ",")
	return p
}

// value is the last setting of a variable in an environment.
func value(env []string, name string) string {
	found := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			found = v
		}
	}
	return found
}

// again starts a switch with the state and the SIP listeners of one that has ended.
func (p *program) again(env ...string) *program {
	p.t.Helper()
	return serve(p.t, p.dir, append([]string{"TANDEM_SIP_LISTEN=" + strings.Join(p.first.SIP, ",")}, env...)...)
}

// sip is the address to send SIP to, host and port.
func (p *program) sip() string { return strings.TrimPrefix(p.first.SIP[0], "udp:") }

// client is the n-th client of the first run: 0 is alice, 1 is bob.
func (p *program) client(n int) seededClient { return p.first.Clients[n] }

// number is the demo number that does what.
func (p *program) number(what string) string {
	p.t.Helper()
	for _, n := range p.first.Numbers {
		if strings.Contains(n.Does, what) {
			return n.Number
		}
	}
	p.t.Fatalf("no demo number does %q: %+v", what, p.first.Numbers)
	return ""
}

func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// says waits until the log holds a text.
func (p *program) says(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the log says "+text, func() error {
		if !strings.Contains(p.out.String(), text) {
			return errors.New("it does not")
		}
		return nil
	})
}

// kill ends the process at once, as a crash would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// signal asks the process to end.
func (p *program) signal() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

// terminate asks the process to end and returns its exit code.
func (p *program) terminate() int {
	p.t.Helper()
	p.signal()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("the switch did not end:\n%s", p.out)
	}
	return p.cmd.ProcessState.ExitCode()
}

// wantEnd waits until the process has ended, with that exit code.
func (p *program) wantEnd(t *testing.T, code int) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatal("the switch did not end")
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
}

// eventually tries until ok returns nil.
func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ok(); err == nil {
			return
		}
	}
	t.Fatalf("waiting until %s: %v", what, err)
}

func get(url string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}
