package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstRunThatCannotBeTold starts with a credentials file that cannot be written; the next start makes up for it.
func TestFirstRunThatCannotBeTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []string{"TANDEM_SIP_LISTEN=udp:127.0.0.1:0", "TANDEM_HTTP_LISTEN=127.0.0.1:0", "TANDEM_RTP_ADDRESS=127.0.0.1"}
	out, err := tandemCommand(t.Context(), dir, env, "serve", "--data", filepath.Join(dir, "data"), "--credentials", "/nowhere/file").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "tandem: credentials: ") {
		t.Errorf("got %v and %s, want a failure that names the credentials", err, out)
	}
	p := serve(t, dir)
	if p.first.Account.AuthToken == "" || len(p.first.Clients) != 2 {
		t.Errorf("got %+v, want the credentials after all", p.first)
	}
	info, err := os.Stat(filepath.Join(dir, "credentials.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want a file of mode 0600", info.Mode(), err)
	}
	p.works(t)
}
