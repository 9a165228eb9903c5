package route_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/directory"
	"tandem/switch/route"
)

func TestPlan(t *testing.T) {
	catchAll := func(t *table) {
		t.numbers.Put(directory.Number{SID: "PN9", Account: "AC1", Phone: "*", SIP: true, Voice: directory.Hook{URL: "http://x/all"}})
	}
	for _, tt := range []struct {
		name    string
		client  string
		account string
		dialled string
		change  func(*table)
		kind    string
		source  string
		owner   string
		number  string
		code    int
	}{
		{name: "client's own document", client: "carol", account: "AC1", dialled: "bob", kind: "rcml", source: "http://x/carol", owner: "AC1"},
		{name: "rule for the caller", client: "alice", account: "AC1", dialled: "bob", change: func(t *table) {
			t.callers["alice"] = directory.Route{Plan: "lua", Source: "alice"}
		}, kind: "lua", source: "alice"},
		{name: "colleague", client: "alice", account: "AC1", dialled: "bob", kind: "plain", owner: "AC1"},
		{name: "colleague before the catch-all", client: "alice", account: "AC1", dialled: "bob", change: catchAll, kind: "plain", owner: "AC1"},
		{name: "disabled colleague", client: "alice", account: "AC1", dialled: "dave", kind: "plain", owner: "AC1"},
		{name: "client of another account", client: "alice", account: "AC1", dialled: "eve", kind: "plain", owner: "AC1"},
		{name: "number", account: "AC1", client: "alice", dialled: "+15550142000", kind: "rcml", source: "http://x/1", owner: "AC1", number: "PN1"},
		{name: "number without plus", dialled: "15550142000", kind: "rcml", source: "http://x/1", owner: "AC1", number: "PN1"},
		{name: "national number", dialled: "5550142000", kind: "rcml", source: "http://x/1", owner: "AC1", number: "PN1"},
		{name: "longest pattern", dialled: "16508223344", kind: "rcml", source: "http://x/3", owner: "AC2", number: "PN3"},
		{name: "shorter pattern", dialled: "16508", kind: "rcml", source: "http://x/3", owner: "AC2", number: "PN3"},
		{name: "other pattern", dialled: "1617", kind: "rcml", source: "http://x/2", owner: "AC1", number: "PN2"},
		{name: "feature code", dialled: "*77", kind: "rcml", source: "http://x/8", owner: "AC1", number: "PN8"},
		{name: "application before URL and rule", dialled: "4000", kind: "rcml", source: "http://x/app", owner: "AC1", number: "PN4"},
		{name: "application that is a script", dialled: "4001", kind: "lua", source: "greeting", owner: "AC1", number: "PN5"},
		{name: "application that is gone", dialled: "4002", kind: "rcml", source: "http://x/6", owner: "AC1", number: "PN6"},
		{name: "number without document", dialled: "4003", owner: "AC1", number: "PN7", code: 404},
		{name: "catch-all", dialled: "anything", change: catchAll, kind: "rcml", source: "http://x/all", owner: "AC1", number: "PN9"},
		{name: "rule for the dialled", client: "alice", account: "AC1", dialled: "1000", kind: "echo"},
		{name: "default rule", client: "alice", account: "AC1", dialled: "2000", change: func(t *table) {
			t.rest = &directory.Route{Plan: "rcml", Source: "http://x/rest"}
		}, kind: "rcml", source: "http://x/rest"},
		{name: "default rule and a stranger", dialled: "2000", change: func(t *table) {
			t.rest = &directory.Route{Plan: "rcml", Source: "http://x/rest"}
		}, code: 404},
		{name: "plain rule of another account", client: "eve", account: "AC2", dialled: "bob", change: func(t *table) {
			t.rest = &directory.Route{Plan: "plain", Account: "AC1"}
			t.dialled["bob"] = *t.rest
		}, kind: "plain", owner: "AC2"},
		{name: "plain rule of the account", client: "alice", account: "AC1", dialled: "2000", change: func(t *table) {
			t.rest = &directory.Route{Plan: "plain", Account: "AC1"}
		}, kind: "plain", owner: "AC1"},
		{name: "document of another account's rule", client: "eve", account: "AC2", dialled: "2000", change: func(t *table) {
			t.rest = &directory.Route{Plan: "rcml", Source: "http://x/rest", Account: "AC1"}
		}, kind: "rcml", source: "http://x/rest", owner: "AC1"},
		{name: "nothing, for a client", client: "alice", account: "AC1", dialled: "2000", kind: "plain", owner: "AC1"},
		{name: "nothing, for a stranger", dialled: "bob", code: 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tab := town()
			if tt.change != nil {
				tt.change(tab)
			}
			p, err := route.NewMux(tab, nil, nil).Plan(call.Party{
				Client: tt.client, Account: tt.account, To: call.Identity{User: tt.dialled},
			})
			code := 0
			if r, ok := errors.AsType[*call.Refusal](err); ok {
				code = r.Code
			}
			if code != tt.code || p.Kind != tt.kind && tt.code == 0 || p.Source != tt.source || p.Account != tt.owner || p.NumberSID != tt.number {
				t.Errorf("got %+v, %v; want %q %q of %q number %q, code %d", p, err, tt.kind, tt.source, tt.owner, tt.number, tt.code)
			}
		})
	}
}

func TestRouteClaimsAndBuilds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab := town()
		tab.numbers.Put(directory.Number{
			SID: "PN1", Account: "AC1", Phone: "+15550142000",
			Voice: directory.Hook{URL: "http://x/1"}, StatusCallback: "http://x/cb",
		})
		var built route.Plan
		var steps []call.Step
		mux := route.NewMux(tab, map[string]route.Build{
			"rcml": func(p route.Plan) call.Handler {
				built = p
				return route.Echo
			},
			"lua": func(route.Plan) call.Handler { return nil },
		}, func(route.Plan) func(call.Progress) {
			return func(p call.Progress) { steps = append(steps, p.Step) }
		})
		records := &calltest.Records{}
		m := call.New(call.Default(), call.Deps{Mux: mux, Records: records})
		dial := func(user string) *calltest.Leg {
			leg := calltest.NewLegFrom(call.Party{To: call.Identity{User: user}})
			m.Accept(leg)
			synctest.Wait()
			return leg
		}
		leg := dial("+15550142000")
		leg.WantDid(t, "answer")
		if leg.Stream().Peer() != leg.Stream() {
			t.Error("got no echo, want one")
		}
		leg.Hang()
		synctest.Wait()
		if r := records.To(t, "+15550142000"); r.Account != "AC1" || r.NumberSID != "PN1" || built.StatusCallback != "http://x/cb" {
			t.Errorf("got %+v and plan %+v, want a call of the number's account", r, built)
		}
		if len(steps) != 2 || steps[0] != call.StepAnswered || steps[1] != call.StepCompleted {
			t.Errorf("got steps %v, want answered and completed", steps)
		}
		dial("4001").WantDid(t, "refuse 500") // the script cannot be built
		dial("4003").WantDid(t, "refuse 404")
		if r := records.To(t, "4003"); r.NumberSID != "PN7" {
			t.Errorf("got %q, want the record to name the number", r.NumberSID)
		}
		tab.accounts = map[string]directory.Account{"AC1": {SID: "AC1", Status: directory.Suspended}, "AC2": {SID: "AC2", Status: directory.Active}}
		dial("+15550142000").WantDid(t, "refuse 403") // whatever its document says
		echo := dial("1000")
		echo.WantDid(t, "answer")
		echo.Hang()
		synctest.Wait()
	})
}
