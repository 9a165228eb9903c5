package rcml_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/rcml"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

func TestConfig(t *testing.T) {
	if err := rcml.Default().Validate(); err != nil {
		t.Errorf("the default is wrong: %v", err)
	}
	err := rcml.Config{Profile: "asterisk", BaseURL: "ftp://x/"}.Validate()
	for _, key := range []string{"profile", "base_url", "max_redirects", "max_document_bytes", "parsed_cache_bytes"} {
		if err == nil || !strings.Contains(err.Error(), "rcml."+key+":") {
			t.Errorf("rcml.%s is not complained about: %v", key, err)
		}
	}
}

// Plans that are no documents report by the same callbacks.
func TestReport(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.Mux.Handler = call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			w.engine.Report(c, rcml.StatusCallback{URL: "http://app/c", Method: "GET"})
			return c.Answer(ctx)
		})
		w.calls(time.Second)
		w.wantTold("in-progress/0 completed/1")
	})
}

func TestProgressOfAPlacedCall(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		_, err := w.Place(w.t.Context(), call.Placement{
			Account: "AC1", Target: call.Target{
				Kind: call.TargetClient, Value: "carol",
				Progress: w.engine.Progress(rcml.StatusCallback{URL: "http://app/c", Events: "initiated,ringing,answered,completed"}),
			},
			OnAnswer: &rcml.Handler{Engine: w.engine, Document: []byte(`<Response><Pause length="2"/></Response>`)},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.answers("carol", time.Second)
		w.wait(3 * time.Second)
		w.wantTold("initiated/0 ringing/1 in-progress/2 completed/3")
		last := w.callbacks[3].Form
		wantPairs(t, last, "Direction=outbound-api", "ParentCallSid=", "CallDuration=2", "AccountSid=AC1")
	})
}

func TestNobodyIsToldWhereTheURLIsImpossible(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		for _, url := range []string{"", "ftp://x/", "relative", "http://bad host/"} {
			if w.engine.Progress(rcml.StatusCallback{URL: url}) != nil {
				t.Errorf("%q was taken", url)
			}
		}
	})
}

// A parameter must not be sent twice: no validator of signatures takes it.
func TestNoParameterStandsTwice(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.SIPParams = true }, func(w *world) {
		w.caller = calltest.NewLegFrom(call.Party{
			From: call.Identity{User: "alice"}, To: call.Identity{User: "bob"},
			Headers: []call.Header{{Name: "X-A", Value: "1"}, {Name: "X-a", Value: "2"}, {Name: "X-A", Value: "3"}},
		})
		w.pages["/v"], w.pages["/d"] = doc(`<Dial action="/d"><Sip>carol@host</Sip></Dial>`), doc(``)
		w.calls(0)
		w.answers("carol", 0).Hang()
		w.wait(time.Second)
		var names []string
		for _, kv := range w.last() {
			if slices.Contains(names, kv[0]) {
				t.Errorf("%s stands twice", kv[0])
			}
			names = append(names, kv[0])
		}
		w.wantForm("SipHeader_X-A=1, 2, 3", "SipCallId="+w.caller.ID())
	})
}

// The same document on many calls is read once, and its warnings are told each time.
func TestParsedDocumentsAreKept(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Foo/><Reject/>`)
		w.calls(0)
		second := calltest.NewLeg()
		w.Accept(second)
		w.wait(0)
		second.WantDid(t, "ring", "refuse 603")
		w.wantCodes("12200 12200")
	})
}
