package store_test

import (
	"bufio"
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

	"tandem/switch/call"
	"tandem/switch/store"
)

// execute runs SQL on a file from outside.
func execute(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), query)
	must(t, err)
}

// lockForTest holds an exclusive lock on the file, as another program would.
func lockForTest(t *testing.T, path string) {
	t.Helper()
	s := open(t, filepath.Dir(path))
	must(t, s.Close())
	db, err := sql.Open("sqlite3", "file:"+path)
	must(t, err)
	conn, err := db.Conn(t.Context())
	must(t, err)
	_, err = conn.ExecContext(t.Context(), "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(conn.Close(), db.Close())) })
}

// victim is the process that gets killed: it writes calls without end, and says
// on stdout how far it is known to be on disk.
func victim(path string) {
	s, err := store.Open(context.Background(), config(path), quiet(), nil)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		r := record(i)
		if i%10 == 0 {
			r.Status, r.Ended = call.StatusInProgress, time.Time{}
		}
		s.SaveCall(new(r))
		if i%100 == 99 {
			if err := s.SetSetting(context.Background(), "written", fmt.Sprint(i)); err != nil {
				os.Exit(1)
			}
			fmt.Println(i)
		}
	}
}

func TestKilledProcessLosesNothingCommitted(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "TANDEM_STORE_VICTIM="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	written := -1
	for written < 2000 && lines.Scan() {
		if _, err := fmt.Sscan(lines.Text(), &written); err != nil {
			t.Fatal(strings.TrimSpace(lines.Text()))
		}
	}
	must(t, cmd.Process.Kill())
	for lines.Scan() {
		_, _ = fmt.Sscan(lines.Text(), &written) // what it still said before it died
	}
	_ = cmd.Wait() // "signal: killed"

	s := open(t, dir)
	orphans, err := s.Orphans(t.Context())
	must(t, err)
	if orphans < (written+1)/10 {
		t.Errorf("%d orphans after %d calls", orphans, written+1)
	}
	for i := 0; i <= written; i++ {
		r, ok, err := s.Call(t.Context(), record(i).ID)
		if err != nil || !ok {
			t.Fatalf("call %d of %d is lost: %v", i, written, err)
		}
		if r.Ended.IsZero() || (i%10 == 0) != (r.Status == call.StatusFailed) {
			t.Fatalf("call %d: %+v", i, r)
		}
	}
}
