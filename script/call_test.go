package script_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// A row is a script and what the caller sees of it within ten seconds.
func TestCapabilities(t *testing.T) {
	rows := []struct{ name, source, did, err string }{
		{"nothing", ``, "refuse 480", ""},
		{"answer", `call:answer()`, "answer, bye Normal clearing", ""},
		{"answer twice", `call:answer() call:answer()`, "answer, bye Normal clearing", ""},
		{"ring", `call:ring() call:pause(2) call:answer()`, "ring, answer, bye Normal clearing", ""},
		{"play", `call:answer() assert(call:play("a.wav", 2))`, "answer, bye Normal clearing", ""},
		{"play before the answer", `local ok, why = call:play("a.wav") assert(ok == nil and why)`, "refuse 480", ""},
		{"play of nothing", `call:answer() local ok, why = call:play("missing.wav") assert(not ok, "ok") assert(why == "no such sound", why)`, "answer, bye Normal clearing", ""},
		{"hangup", `call:answer() call:hangup("enough") error("never")`, "answer, bye enough", "the party hung up"},
		{"reject", `call:reject(486, "Busy Here")`, "refuse 486", "the party hung up"},
		{"reject by default", `call:reject()`, "refuse 603", "the party hung up"},
		{"reject too late", `call:answer() call:reject()`, "answer, bye Normal clearing", "x.lua:1: the call is already answered"},
		{"error before the answer", "\nerror('boom')", "refuse 500", "x.lua:2: boom"},
		{"error after the answer", "call:answer()\n\nlocal x = nil + 1", "answer, bye Normal clearing", "x.lua:3:"},
		{"syntax", "call:answer(\n", "refuse 500", "x.lua:"},
		{"error of a table", `error({})`, "refuse 500", "table"},
		{"colon", `call.answer()`, "refuse 500", "with a colon"},
		{"unknown method", `call:fly()`, "refuse 500", `a call has no "fly"`},
		{"set a fact", `call.from = "x"`, "refuse 500", "cannot be set"},
		{"bad pause", `call:pause(-1)`, "refuse 500", "a number of seconds"},
		{"NaN pause", `call:pause(0/0)`, "refuse 500", "a number of seconds"},
		{"bad reject", `call:reject(200)`, "refuse 500", "a SIP status"},
		{"header injection", `call:answer() call:hangup("a\r\nVia: x")`, "answer, bye Normal clearing", "control character"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, row.source, func(w *world) {
				w.calls(10 * time.Second)
				if got := strings.Join(w.caller.Did(), ", "); got != row.did {
					t.Errorf("got %q, want %q", got, row.did)
				}
				w.wantErr(row.err)
				notified := len(w.Notes.Codes()) > 0
				if want := row.err != "" && row.err != "the party hung up"; notified != want || notified && w.Notes.Codes()[0] != 5000 {
					t.Errorf("notified %v, want %v", w.Notes.Codes(), want)
				}
			})
		})
	}
}

func TestFacts(t *testing.T) {
	const source = `
assert(call.from == "alice", call.from)
assert(call.to == "bob")
assert(call.caller_name == "Alice")
assert(call.client == "alice")
assert(call.account == "AC00000000000000000000000000000001")
assert(call.direction == "inbound")
assert(call.status == "ringing", call.status)
assert(#call.id == 34 and call.id:sub(1, 2) == "CA")
assert(tostring(call) == "call " .. call.id)
assert(next(call.headers) == nil)
call:answer()
assert(call.status == "in-progress")`
	inBubble(t, source, func(w *world) {
		w.calls(time.Second)
		w.wantErr("")
	})
}

func TestHeaders(t *testing.T) {
	inBubble(t, `assert(call.headers["X-Account"] == "7") call.headers["X-Account"] = "8" assert(call.headers["X-Account"] == "7")`, func(w *world) {
		w.caller = calltest.NewLegFrom(call.Party{Headers: []call.Header{{Name: "X-Account", Value: "7"}}})
		w.calls(time.Second)
		w.wantErr("")
	})
}

func TestDial(t *testing.T) {
	const source = `
local r = call:dial{ to = "client:carol", timeout = 5, caller_id = "4711", hangup_key = "*" }
log.info("dialled", { status = r.status, bridged = r.bridged, duration = r.duration, ring = r.ring_duration, code = r.code, by = r.ended_by })
call:play("after.wav")`
	rows := []struct {
		name    string
		happens func(w *world, carol *calltest.Leg)
		want    string
	}{
		{"bridged", func(w *world, carol *calltest.Leg) {
			carol.Ringing()
			w.wait(2 * time.Second)
			carol.Answered()
			w.wait(3 * time.Second)
			carol.Hang()
		}, "bridged=true by=callee code=200 duration=3 ring=2 status=completed"},
		{"busy", func(_ *world, carol *calltest.Leg) { carol.Busy() }, "bridged=false by=nobody code=486 duration=0 ring=0 status=busy"},
		{"no answer", func(w *world, _ *calltest.Leg) { w.wait(5 * time.Second) }, "bridged=false by=nobody code=408 duration=0 ring=5 status=no-answer"},
		{
			"key", func(w *world, carol *calltest.Leg) { carol.Answered(); w.wait(time.Second); w.caller.Press("*") },
			"bridged=true by=key code=200 duration=1 ring=0 status=completed",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, source, func(w *world) {
				w.calls(0)
				carol := w.Inviter.Leg("carol")
				if carol == nil || carol.Outgoing().From.User != "4711" {
					t.Fatalf("carol was not dialled by 4711: %v", w.err())
				}
				row.happens(w, carol)
				w.wait(10 * time.Second)
				w.wantErr("")
				for fact := range strings.FieldsSeq(row.want) {
					if !strings.Contains(w.logged(), fact) {
						t.Errorf("%s is not in %s", fact, w.logged())
					}
				}
				if len(w.played) != 1 || w.played[0] != "file:after.wav" {
					t.Errorf("played %v", w.played)
				}
			})
		})
	}
}

func TestDialTargets(t *testing.T) {
	rows := []struct{ name, settings, to, err string }{
		{"number", `to = "+1555"`, "sip:+1555@example.net", ""},
		{"number as a number", `to = 555`, "sip:555@example.net", ""},
		{"client", `to = "client:dora"`, "sip:dora@example.net", ""},
		{"sip", `to = "sip:dora@host"`, "sip:dora@host", ""},
		{"address", `to = "dora@host"`, "sip:dora@host", ""},
		{"table", `to = {sip = "sip:dora@host", username = "u", password = "p", headers = {["X-A"] = "1"}}`, "sip:dora@host", ""},
		{"list", `targets = {"client:dora", {number = "5"}}`, "sip:dora@example.net", ""},
		{"none", ``, "", "1 to 10 targets"},
		{"empty", `to = ""`, "", "empty"},
		{"eleven", `targets = {1,2,3,4,5,6,7,8,9,10,11}`, "", "1 to 10 targets"},
		{"misspelt", `to = "1", timout = 3`, "", `no setting "timout"`},
		{"bad timeout", `to = "1", timeout = 0`, "", "more than 0"},
		{"bad header", `to = {number = "1", headers = {Via = "x"}}`, "", "cannot be set"},
		{"bad header value", `to = {number = "1", headers = {["X-A"] = "a\nb"}}`, "", "control character"},
		{"bad target", `to = "sip:a\r\nb"`, "", "control character"},
		{"two kinds", `to = {number = "1", client = "c"}`, "", "one of client, sip and number"},
		{"bad caller", `to = "1", caller_id = "a@b>"`, "", "cannot be a caller"},
		{"bad key", `to = "1", hangup_key = "x"`, "", "hangup_key"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, `call:dial{`+row.settings+`}`, func(w *world) {
				w.calls(0)
				if row.err != "" {
					w.wantErr(row.err)
					return
				}
				legs := w.Inviter.Legs()
				if len(legs) == 0 || legs[0].Outgoing().To != row.to {
					t.Fatalf("got %d legs and %q, want one to %s", len(legs), w.err(), row.to)
				}
				if row.name == "table" {
					o := legs[0].Outgoing()
					if o.Username != "u" || o.Password != "p" || o.Headers[0] != (call.Header{Name: "X-A", Value: "1"}) {
						t.Errorf("got %+v", o)
					}
				}
			})
		})
	}
}

func TestCallerLeaves(t *testing.T) {
	for name, source := range map[string]string{
		"play":         `call:answer() call:play("a.wav", 0) call:var("after", true)`,
		"pause":        `call:pause(60) call:var("after", true)`,
		"echo":         `call:answer() call:echo() call:var("after", true)`,
		"dial":         `call:dial{to = "1"} call:var("after", true)`,
		"pcall":        `call:answer() while true do pcall(function() call:play("a.wav", 0) end) end`,
		"pcall in one": `call:answer() pcall(pcall, function() call:echo() end) log.info("after")`,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, source, func(w *world) {
				w.calls(time.Hour)
				if name != "pause" && name != "dial" && w.err() != "it still runs" {
					t.Fatalf("ended early: %s", w.err())
				}
				w.caller.Hang()
				synctest.Wait()
				if !w.caller.Over() || strings.Contains(w.logged(), "after") {
					t.Error("the script went on")
				}
			})
		})
	}
}

func TestEcho(t *testing.T) {
	inBubble(t, `call:answer() call:echo()`, func(w *world) {
		w.calls(time.Second)
		if s := w.caller.Stream(); s.Peer() != s {
			t.Error("no echo")
		}
	})
}

// What a script keeps, the plan that replaces it can read.
func TestVariablesOutliveTheScript(t *testing.T) {
	const source = `
if call:var("n") == nil then
  call:var("n", 41) call:var("s", "x") call:var("b", true)
  call:pause(60)
else
  assert(call:var("n") + 1 == 42 and call:var("s") == "x" and call:var("b") == true and call:var("none") == nil)
  call:var("s", nil)
  assert(call:var("s") == nil)
  log.info("both agree")
end`
	inBubble(t, source, func(w *world) {
		w.calls(time.Second)
		c, _ := w.Find(w.List()[0].ID)
		h := w.Mux.Handler
		if err := c.Replace(w.t.Context(), h, call.ReplaceOptions{}); err != nil {
			t.Fatal(err)
		}
		w.wait(time.Second)
		if !strings.Contains(w.logged(), "both agree") && !strings.Contains(w.logged(), "agree") {
			t.Errorf("got %s, %v", w.logged(), w.errs)
		}
	})
}

func TestVariablesAreBounded(t *testing.T) {
	for _, source := range []string{
		`for i = 1, 101 do call:var("v" .. i, i) end`, `call:var("v", ("x"):rep(9000))`, `call:var(("n"):rep(65), 1)`, `call:var("t", {})`,
	} {
		inBubble(t, source, func(w *world) {
			w.calls(time.Second)
			if w.err() == "" {
				t.Errorf("%s: no error", source)
			}
		})
	}
}

func TestFileIsReadAgainWhenItChanges(t *testing.T) {
	inBubble(t, `call:reject(486)`, func(w *world) {
		w.calls(0)
		w.write("x.lua", `call:reject(480, "changed")`)
		second := calltest.NewLeg()
		w.Accept(second)
		synctest.Wait()
		w.caller.WantDid(t, "refuse 486")
		second.WantDid(t, "refuse 480")
	})
}

func TestFilesOutsideTheFolder(t *testing.T) {
	inBubble(t, ``, func(w *world) {
		for _, name := range []string{"../x.lua", "/etc/passwd", "missing.lua", "", "a/../../x.lua", "."} {
			if err := w.engine.Check(name); err == nil {
				t.Errorf("%q was taken", name)
			}
		}
		if err := w.engine.Check(w.folder + "/x.lua"); err != nil {
			t.Error(err)
		}
	})
}
