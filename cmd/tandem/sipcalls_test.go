package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answersToINVITE finds every 200 to the second INVITE, the one with credentials.
var answersToINVITE = regexp.MustCompile(`SIP/2\.0 200 OK\r\n(?:[^\r\n]+\r\n)*CSeq: 2 INVITE`)

// TestCallsBetweenSIPpPhones runs a caller's scenario against a callee's, both registered, and reads what the switch kept of it.
func TestCallsBetweenSIPpPhones(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	calleePort := freePort(t) // one port: a binding of an earlier case would be rung as well
	for _, c := range []struct {
		name, caller, callee, status string
		repeated                     func(caller, callee string) int // how often the switch said what was slow to be answered
	}{
		{name: "a call through", caller: "caller", callee: "callee", status: "completed"},
		{name: "early media", caller: "caller_early_media", callee: "callee_early_media", status: "completed"},
		{name: "the caller gives up", caller: "caller_cancels", callee: "callee_is_cancelled", status: "canceled"},
		{name: "busy", caller: "caller_hears_busy", callee: "callee_busy", status: "busy"},
		{name: "no answer", caller: "caller_cancels", callee: "callee_is_cancelled", status: "canceled"},
		{name: "hold and resume", caller: "caller_holds", callee: "callee_is_held", status: "completed"},
		{name: "the INVITE is lost twice", caller: "caller", callee: "callee_deaf_at_first", status: "completed", repeated: func(_, callee string) int {
			return strings.Count(callee, "\nINVITE sip:")
		}},
		{name: "the ACK comes late", caller: "caller_repeats", callee: "callee", status: "completed", repeated: func(caller, _ string) int {
			return len(answersToINVITE.FindAllString(caller, -1))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			startSIPp(t, p, "register", calleePort, p.client(1), "").wait()
			callee := startSIPp(t, p, c.callee, calleePort, p.client(1), "")
			caller := startSIPp(t, p, c.caller, freePort(t), p.client(0), p.client(1).Login)
			caller.wait()
			callee.wait()
			hidesTopology(t, callee.messages(), caller.messages())
			wantRecords(t, p, c.status)
			if c.repeated != nil {
				if n := c.repeated(caller.messages(), callee.messages()); n < 3 {
					t.Errorf("the switch sent it %d times within 1.7 s, want at least 3", n)
				}
			}
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
	wantLastRecords(t, p, 2, status)
}

// wantLast waits for the record of the last call that has but one leg.
func wantLast(t *testing.T, p *program, status string) {
	t.Helper()
	wantLastRecords(t, p, 1, status)
}

func wantLastRecords(t *testing.T, p *program, n int, status string) {
	t.Helper()
	eventually(t, "the last records say "+status, func() error {
		list := p.calls("PageSize=1000")
		if len(list) < n {
			return fmt.Errorf("%d records", len(list))
		}
		for _, c := range list[len(list)-n:] {
			if c.Status != status {
				return fmt.Errorf("%s is %s", c.Direction, c.Status)
			}
		}
		return nil
	})
}

// wantRecorded waits for a record that fits.
func wantRecorded(t *testing.T, p *program, fits func(record) bool) {
	t.Helper()
	eventually(t, "the record is there", func() error {
		list := p.calls("PageSize=1000")
		if slices.ContainsFunc(list, fits) {
			return nil
		}
		return fmt.Errorf("none of %+v fits", list)
	})
}
