package rcml_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"tandem/rcml"
	"tandem/switch/call/calltest"
)

// The cases of section 8.4.

func TestS01Screening(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.tone = calltest.Prompt(time.Second)
		w.handler.URL = "http://app/apps/m.xml"
		w.pages["/apps/m.xml"] = doc(`<Dial><Client url="s">carol</Client></Dial>`)
		w.pages["/apps/s"] = doc(`<Play>/x.wav</Play>`)
		w.calls(0)
		carol := w.answers("carol", time.Second)
		w.wantAsked("POST /apps/m.xml, POST /apps/s")
		w.wantForm("CallStatus=in-progress", "Direction=outbound-dial", "To=carol", "ParentCallSid="+w.requests[0].Form.Get("CallSid"))
		if !carol.Stream().Playing() || !w.caller.Stream().Playing() || w.caller.Stream().Peer() != nil {
			t.Error("during screening, carol hears the document and the caller the ringing")
		}
		w.wait(2 * time.Second)
		if w.caller.Stream().Peer() != carol.Stream() {
			t.Error("not bridged after the screening")
		}
	})
}

func TestDeclinedScreenings(t *testing.T) {
	rows := []struct {
		name  string
		page  page
		codes string
		after time.Duration
	}{
		{"S03 404", answer(404, "", ""), "21402", 0},
		{"S04 Hangup", doc(`<Hangup/>`), "", 0},
		{"Reject", doc(`<Reject/>`), "12200", 0},
		{"S06 Dial", doc(`<Dial>d</Dial>`), "13201", 0},
		{"broken", typed("text/xml", "<"), "12100", 0},
		{"S09 too long", doc(`<Pause length="70"/>`), "", 60 * time.Second},
		{"a dead application", func(ctx context.Context, _ rcml.Request) (*rcml.Response, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}, "", 60 * time.Second},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = doc(`<Dial action="/d"><Number url="/s">carol</Number></Dial>`)
				w.pages["/s"], w.pages["/d"] = row.page, doc(`<Play>x.wav</Play>`)
				w.calls(0)
				carol := w.answers("carol", 0)
				if row.after > 0 {
					w.wait(row.after - 1)
					if carol.Over() {
						t.Error("dropped too early")
					}
				}
				w.wait(time.Second)
				carol.WantHangup(t)
				w.wantForm("DialCallStatus=no-answer", "DialBridged=false", "CallStatus=in-progress")
				w.wantCodes(row.codes)
				w.wantPlayed("x.wav")
			})
		})
	}
}

func TestS03AsRestcommDoesIt(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.Profile = "restcomm8" }, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Number url="/s">carol</Number></Dial><Play>x.wav</Play>`)
		w.calls(0)
		w.answers("carol", 0).WantHangup(t)
		w.wait(0)
		w.wantDid("ring, answer, bye Normal clearing")
	})
}

func TestS07SIPFacts(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Sip url="/s">carol@host</Sip></Dial>`)
		w.pages["/s"] = doc(``)
		w.calls(0)
		carol := w.answers("carol", 0)
		w.wantForm("SipCallId=" + carol.ID())
	})
}

func TestS08NextOfTheFork(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Number url="/s">carol</Number><Number>dora</Number></Dial>`)
		w.pages["/s"] = doc(`<Pause length="30"/>`)
		w.calls(0)
		dora := w.child("dora")
		carol := w.answers("carol", 0)
		carol.Hang()
		synctest.Wait()
		dora.Answered()
		synctest.Wait()
		if w.caller.Stream().Peer() != dora.Stream() {
			t.Error("caller and dora are not bridged")
		}
	})
}

func TestS10CallerLeavesDuringScreening(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"], w.pages["/d"] = doc(`<Dial action="/d"><Number url="/s">carol</Number></Dial>`), doc(``)
		w.pages["/s"] = doc(`<Pause length="30"/>`)
		w.calls(0)
		carol := w.answers("carol", 0)
		w.caller.Hang()
		w.wait(0)
		carol.WantHangup(t)
		w.wantForm("DialCallStatus=canceled", "CallStatus=completed")
	})
}

func TestLegCallbacks(t *testing.T) {
	happy := func(w *world) {
		carol := w.answers("carol", time.Second)
		w.wait(3 * time.Second)
		carol.Hang()
	}
	rows := []struct {
		name, profile, attrs string
		happens              func(w *world)
		told                 string
	}{
		{"C01", "standard", ``, happy, "initiated/0 ringing/1 in-progress/2 completed/3"},
		{"C01 rc8", "restcomm8", ``, happy, "initiated/0 ringing/1 answered/2 completed/3"},
		{"C02", "standard", ``, func(w *world) { w.child("carol").Refused(503) }, "initiated/0 failed/1"},
		{"C02 rc8", "restcomm8", ``, func(w *world) { w.child("carol").Refused(503) }, "initiated/0 completed/3"},
		{"C03", "standard", `statusCallbackEvent="initiated,answered"`, happy, "initiated/0 in-progress/2"},
		{"C04", "standard", `statusCallbackEvent="ringing completed"`, happy, "ringing/1 completed/3"},
		{"C04 rc8", "restcomm8", `statusCallbackEvent="ringing completed"`, happy, ""},
		{"P09 twilio", "twilio", ``, happy, "completed/3"},
		{"busy", "standard", ``, func(w *world) { w.child("carol").Busy() }, "initiated/0 busy/1"},
		{"unknown event", "standard", `statusCallbackEvent="foo, ringing"`, happy, "ringing/1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, func(c *rcml.Config) { c.Profile = row.profile }, func(w *world) {
				w.pages["/v"] = doc(`<Dial><Number statusCallback="c" statusCallbackMethod="GET" ` + row.attrs + `>carol</Number></Dial>`)
				w.calls(0)
				row.happens(w)
				w.wait(time.Second)
				w.wantTold(row.told)
				for _, cb := range w.callbacks {
					if cb.URL != "http://app/c" || cb.Method != http.MethodGet || cb.Jar == nil {
						t.Errorf("got %s %s, jar %v", cb.Method, cb.URL, cb.Jar)
					}
				}
			})
		})
	}
}

func TestC01CallbackParameters(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Number statusCallback="/c">carol</Number></Dial>`)
		w.calls(0)
		carol := w.answers("carol", time.Second)
		w.wait(3 * time.Second)
		carol.Hang()
		w.wait(0)
		first, last := w.callbacks[0].Form, w.callbacks[3].Form
		wantPairs(t, first, "ParentCallSid="+w.requests[0].Form.Get("CallSid"), "Direction=outbound-dial", "To=carol", "From=alice",
			"CallbackSource=call-progress-events", "Timestamp=Sat, 01 Jan 2000 00:00:00 +0000", "CallDuration=", "ApiVersion=2012-04-24")
		wantPairs(t, last, "CallDuration=3", "SipResponseCode=", "Timestamp=Sat, 01 Jan 2000 00:00:04 +0000")
		if w.callbacks[0].Call == w.requests[0].Form.Get("CallSid") || w.callbacks[0].Call != first.Get("CallSid") {
			t.Error("a leg's callbacks belong to the leg")
		}
	})
}

func TestC08ForkWithCallbacks(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		n := func(name string) string { return `<Number statusCallback="/c">` + name + `</Number>` }
		w.pages["/v"] = doc(`<Dial>` + n("b") + n("c") + n("d") + `</Dial>`)
		w.calls(0)
		for _, name := range []string{"b", "c", "d"} {
			w.child(name).Ringing()
		}
		w.answers("c", time.Second).Hang()
		w.wait(time.Second)
		count := map[string]int{}
		for _, cb := range w.callbacks {
			count[cb.Form.Get("CallStatus")]++
		}
		if count["initiated"] != 3 || count["ringing"] != 3 || count["in-progress"] != 1 || count["completed"] != 1 || count["canceled"] != 2 {
			t.Errorf("got %v", count)
		}
	})
}

func TestImpossibleCallbackIsAWarning(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Number statusCallback="ftp://x/">carol</Number></Dial>`)
		w.calls(0)
		w.child("carol")
		w.wantCodes("11100")
	})
}

func TestCallCallbacks(t *testing.T) {
	rows := []struct {
		name, events, body string
		hang               time.Duration
		told               string
	}{
		{"C10", "", `<Play>x.wav</Play>`, 0, "ringing/0 in-progress/1 completed/2"},
		{"C11", "", `<Reject reason="busy"/>`, 0, "ringing/0 busy/1"},
		{"only the end", "completed", `<Play>x.wav</Play>`, 0, "completed/2"},
		{"in-progress by its other name", "in-progress", `<Play>x.wav</Play>`, 0, "in-progress/1"},
		{"caller leaves", "", `<Pause length="9"/>`, time.Second, "ringing/0 canceled/1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.handler.Status = rcml.StatusCallback{URL: "http://app/c", Events: row.events}
				w.pages["/v"] = doc(row.body)
				w.calls(row.hang)
				if row.hang > 0 {
					w.caller.Hang()
				}
				w.wait(5 * time.Second)
				w.wantTold(row.told)
				last := w.callbacks[len(w.callbacks)-1].Form
				if row.name == "C10" {
					wantPairs(t, last, "CallDuration=2", "Duration=1", "CallerName=Alice")
				}
				if row.name == "C11" {
					wantPairs(t, last, "CallDuration=0", "Duration=0", "SipResponseCode=486")
				}
			})
		})
	}
}

// The last callback comes behind the action request of the verb that was interrupted, but not later than ten seconds.
func TestLastCallbackWaitsForTheAction(t *testing.T) {
	for _, row := range []struct {
		takes, told time.Duration
	}{{3 * time.Second, 3 * time.Second}, {20 * time.Second, 10 * time.Second}} {
		inBubble(t, nil, func(w *world) {
			w.handler.Status = rcml.StatusCallback{URL: "http://app/c", Events: "completed"}
			w.pages["/v"] = doc(`<Dial action="/d">carol</Dial>`)
			w.pages["/d"] = func(ctx context.Context, r rcml.Request) (*rcml.Response, error) {
				time.Sleep(row.takes)
				return doc(``)(ctx, r)
			}
			w.calls(0)
			w.answers("carol", 0)
			w.caller.Hang()
			w.wait(row.told - 1)
			w.wantTold("")
			w.wait(1)
			w.wantTold("completed/2")
			w.wait(20 * time.Second)
			w.wantTold("completed/2")
		})
	}
}
