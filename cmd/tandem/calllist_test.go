package main

import (
	"fmt"
	"testing"
	"time"
)

// TestListOfCalls filters and pages what a few calls have left.
func TestListOfCalls(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	bob := p.registered(t, p.client(1))
	busy := p.dialPlan(t, app.document("/busy", `<Reject reason="busy"/>`))
	p.alice(t).Invite(busy).WantFinal(486)
	a := p.alice(t).Invite("bob")
	b := bob.WantCall()
	b.Answer()
	a.WantFinal(200)
	var parent, child []record
	eventually(t, "a call and its child are in progress", func() error {
		parent, child = p.calls("Status=in-progress&Direction=inbound"), p.calls("Status=in-progress&Direction=outbound-dial")
		if len(parent) != 1 || len(child) != 1 || child[0].Parent != parent[0].SID {
			return fmt.Errorf("%+v and %+v", parent, child)
		}
		return nil
	})
	b.Bye()
	a.WantBye()
	sid := p.callOut(t, "client:bob", app.url+"/busy")
	c := bob.WantCall()
	c.Answer()
	c.WantBye()
	p.wantStatus(t, sid, "completed")
	eventually(t, "all are recorded", func() error {
		if n := len(p.calls("Status=completed")); n != 3 {
			return fmt.Errorf("%d are completed", n)
		}
		return nil
	})
	for query, want := range map[string]int{
		"": 4, "Status=busy": 1, "Status=BUSY": 1, "Status=unknown": 0, "From=alice": 3, "To=bob": 3, "To=" + busy: 1, "Direction=inbound": 2,
		"Direction=outbound-api": 1, "Direction=outbound-dial": 1, "From=lice": 3, "From=%255550%25": 1,
		"StartTime=" + time.Now().UTC().Add(48*time.Hour).Format("2006-01-02"): 0, "StartTime=2020-01-01": 4,
		"Status=completed&From=alice": 2, "PageSize=3": 3, "PageSize=3&Page=1": 1, "ParentCallSid=" + parent[0].SID: 1,
	} {
		if got := p.calls(query); len(got) != want {
			t.Errorf("%s finds %d calls, want %d: %+v", query, len(got), want, got)
		}
	}
	seen := map[string]bool{}
	for path := "/Calls.json?PageSize=1"; path != ""; {
		page := p.must(t, 200, "GET", path, nil)
		for _, c := range page["calls"].([]any) {
			seen[c.(map[string]any)["sid"].(string)] = true
		}
		next := page["next_page_uri"].(string)
		path = ""
		if next != "null" {
			path = next[len("/restcomm/2012-04-24/Accounts/"+p.first.Account.SID):]
		}
	}
	if len(seen) != 4 {
		t.Errorf("the pages hold %d calls, want 4", len(seen))
	}
}
