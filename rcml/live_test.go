package rcml_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tandem/rcml"
	"tandem/switch/call"
)

// The cases of live modification in section 8.7, as far as they are a document's concern.

func (w *world) call() *call.Call {
	w.t.Helper()
	for _, s := range w.List() {
		if s.To == "bob" {
			c, _ := w.Find(s.ID)
			return c
		}
	}
	w.t.Fatal("the call is over")
	return nil
}

func (w *world) redirected(move bool) {
	w.t.Helper()
	h := &rcml.Handler{Engine: w.engine, URL: "http://app/n"}
	if err := w.call().Replace(w.t.Context(), h, call.ReplaceOptions{MovePeer: move}); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

func TestL01NewDocumentForTheCaller(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"], w.pages["/n"], w.pages["/d"] = doc(`<Dial action="/d">carol</Dial>`), doc(`<Play>x.wav</Play>`), doc(``)
		w.calls(0)
		carol := w.answers("carol", 0)
		w.redirected(false)
		carol.WantHangup(t)
		w.wantAsked("POST /v, POST /n")
		w.wantForm("CallStatus=in-progress", "OutboundCallSid="+string(w.Records.To(t, "carol").ID))
	})
}

func TestL02NewDocumentForBoth(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"], w.pages["/n"] = doc(`<Dial action="/d">carol</Dial>`), doc(`<Play>x.wav</Play>`)
		w.calls(0)
		carol := w.answers("carol", 0)
		w.redirected(true)
		w.wantAsked("POST /v, POST /n, POST /n")
		if !carol.Stream().Playing() || !w.caller.Stream().Playing() {
			t.Error("both hear the new document")
		}
	})
}

// The last action request reports final states, also when the party's phone takes its time to answer the BYE.
func TestL03EndedOverREST(t *testing.T) {
	for _, slow := range []bool{false, true} {
		inBubble(t, nil, func(w *world) {
			w.caller.SlowEnd = slow
			w.pages["/v"], w.pages["/d"] = doc(`<Dial action="/d">carol</Dial>`), doc(`<Play>x.wav</Play>`)
			w.calls(0)
			carol := w.answers("carol", 0)
			if err := w.call().Hangup(w.t.Context(), call.CauseNormal); err != nil {
				t.Fatal(err)
			}
			w.wait(time.Second)
			if slow {
				w.wantAsked("POST /v")
				w.caller.Hang()
				synctest.Wait()
			}
			carol.WantHangup(t)
			w.wantAsked("POST /v, POST /d")
			w.wantForm("CallStatus=completed", "DialCallStatus=completed")
			w.wantPlayed()
		})
	}
}

func TestShutdownEndsDocuments(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"], w.pages["/d"] = doc(`<Dial action="/d">carol</Dial>`), doc(``)
		w.calls(0)
		w.answers("carol", 0)
		ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
		defer cancel()
		if err := w.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		w.caller.WantHangup(t)
	})
}

// Rows of the profile table that show in one document.
func TestProfiles(t *testing.T) {
	rows := []struct {
		row, profile, body string
		happens            func(w *world)
		did, asked         string
	}{
		{"P31", "twilio", `<Dial timeout="3">carol</Dial><Hangup/>`, func(w *world) { w.wait(7 * time.Second) }, "ring, answer", "POST /v"},
		{"P31", "standard", `<Dial timeout="3">carol</Dial><Hangup/>`, func(w *world) { w.wait(3 * time.Second) }, "ring, answer, bye Normal clearing", "POST /v"},
		{"P35", "restcomm8", `<Dial timeLimit="3">carol</Dial><Pause length="60"/>`, func(w *world) {
			w.answers("carol", 0)
			w.wait(3 * time.Second)
		}, "ring, answer, bye Normal clearing", "POST /v"},
		{"P35", "standard", `<Dial timeLimit="3">carol</Dial><Pause length="60"/>`, func(w *world) {
			w.answers("carol", 0)
			w.wait(3 * time.Second)
		}, "ring, answer", "POST /v"},
		{"P25", "restcomm8", `<Dial hangupOnStar="true">carol</Dial>`, func(w *world) {
			w.answers("carol", 0)
			w.caller.Press("*")
		}, "ring, answer", "POST /v"},
	}
	for _, row := range rows {
		t.Run(row.row+" "+row.profile, func(t *testing.T) {
			inBubble(t, func(c *rcml.Config) { c.Profile = row.profile }, func(w *world) {
				w.pages["/v"] = doc(row.body)
				w.calls(0)
				row.happens(w)
				w.wait(0)
				w.wantDid(row.did)
				w.wantAsked(row.asked)
			})
		})
	}
}

func TestP43EmptyRedirectRepeats(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.Profile = "twilio" }, func(w *world) {
		w.pages["/v"] = doc(`<Pause length="10"/><Redirect/>`)
		w.calls(25 * time.Second)
		w.wantAsked("POST /v, POST /v, POST /v")
		w.wantForm("Called=bob", "Caller=alice")
	})
}

func TestP27UnknownValues(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.Profile = "restcomm8" }, func(w *world) {
		w.pages["/v"] = doc(``)
		w.calls(0)
		w.wantForm("CallerName=Alice", "ForwardedFrom=null")
	})
}
