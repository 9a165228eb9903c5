package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestCallsBetweenSIPpPhones runs a caller's scenario against a callee's, both registered, and reads what the switch kept of it.
func TestCallsBetweenSIPpPhones(t *testing.T) {
	p := serve(t, t.TempDir())
	for _, c := range []struct{ name, caller, callee, status string }{
		{"a call through", "caller", "callee", "completed"},
		{"early media", "caller_early_media", "callee_early_media", "completed"},
		{"the caller gives up", "caller_cancels", "callee_is_cancelled", "canceled"},
		{"busy", "caller_hears_busy", "callee_busy", "busy"},
		{"no answer", "caller_cancels", "callee_is_cancelled", "canceled"},
		{"hold and resume", "caller_holds", "callee_is_held", "completed"},
		{"the INVITE is lost twice", "caller", "callee_deaf_at_first", "completed"},
		{"the ACK comes late", "caller_repeats", "callee", "completed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			calleePort := freePort(t)
			startSIPp(t, p, "register", calleePort, p.client(1), "").wait()
			callee := startSIPp(t, p, c.callee, calleePort, p.client(1), "")
			caller := startSIPp(t, p, c.caller, freePort(t), p.client(0), p.client(1).Login)
			caller.wait()
			callee.wait()
			hidesTopology(t, callee.messages(), caller.messages())
			wantRecords(t, p, c.status)
		})
	}
}

// hidesTopology checks that nothing the caller's phone says of itself reaches the callee's.
func hidesTopology(t *testing.T, callee, caller string) {
	t.Helper()
	id := ""
	for line := range strings.SplitSeq(caller, "\n") {
		if v, ok := strings.CutPrefix(line, "Call-ID: "); ok {
			id = strings.TrimSpace(v)
			break
		}
	}
	if id == "" {
		t.Fatal("no Call-ID in the caller's messages")
	}
	for _, secret := range []string{id, "sipp"} {
		for line := range strings.SplitSeq(callee, "\n") {
			if strings.Contains(line, secret) && !strings.HasPrefix(line, "Subject") && !strings.Contains(line, "---") {
				t.Errorf("the callee sees %q of the caller's in %q", secret, line)
			}
		}
	}
}

// wantRecords waits for the records of the last call: the caller's and the callee's, with that status.
func wantRecords(t *testing.T, p *program, status string) {
	t.Helper()
	eventually(t, "both records say "+status, func() error {
		var list struct {
			Calls []struct{ SID, Status, Direction string }
		}
		if code, text := p.api("GET", "/Calls.json?PageSize=1000", nil, &list); code != 200 {
			return fmt.Errorf("%d %s", code, text)
		}
		if len(list.Calls) < 2 {
			return fmt.Errorf("%d records", len(list.Calls))
		}
		for _, c := range list.Calls[len(list.Calls)-2:] {
			if c.Status != status {
				return fmt.Errorf("%s is %s", c.Direction, c.Status)
			}
		}
		return nil
	})
}
