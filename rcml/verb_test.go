package rcml_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tandem/rcml"
	"tandem/switch/call"
)

// The cases of section 8.2: a document, how long it is watched, and what the caller sees.
func TestAnswering(t *testing.T) {
	rows := []struct {
		name, body string
		after      time.Duration
		did        string
		codes      string
		status     call.Status
	}{
		{"A01", `<Reject/>`, 0, "ring, refuse 603", "", call.StatusNoAnswer},
		{"A02", `<Reject reason="busy"/><Play>x.wav</Play>`, 0, "ring, refuse 486", "", call.StatusBusy},
		{"A03", `<Reject reason="foo"/>`, 0, "ring, refuse 603", "", call.StatusNoAnswer},
		{"A03 Parameter", `<Reject><Parameter name="a" value="b"/></Reject>`, 0, "ring, refuse 603", "", call.StatusNoAnswer},
		{"A05", `<Pause length="3"/><Reject/>`, 3 * time.Second, "ring, refuse 603", "", call.StatusNoAnswer},
		{"A08", `<Hangup/>`, 0, "ring, answer, bye Normal clearing", "", call.StatusCompleted},
		{"A09", `<Play>x.wav</Play><Hangup/><Play>y.wav</Play>`, 2 * time.Second, "ring, answer, bye Normal clearing", "", call.StatusCompleted},
		{"A10", `<Play>x.wav</Play><Reject/><Play>y.wav</Play>`, 2 * time.Second, "ring, answer, bye Normal clearing", "12200", call.StatusCompleted},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = doc(row.body)
				w.calls(row.after)
				w.wantDid(row.did)
				w.wantCodes(row.codes)
				w.wantStatus(row.status)
			})
		})
	}
}

func TestA04PauseDelaysTheAnswer(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Pause length="3"/><Play>x.wav</Play>`)
		w.calls(3*time.Second - 1)
		w.wantDid("ring")
		w.wait(1)
		w.wantDid("ring, answer")
	})
}

func TestPause(t *testing.T) {
	rows := []struct {
		length, codes string
		want          time.Duration
	}{
		{"", "", time.Second},
		{`length="3"`, "", 3 * time.Second},
		{`length="2.9"`, "", 2 * time.Second},
		{`length=" 2 "`, "", 2 * time.Second},
		{`length="abc"`, "13910", time.Second},
		{`length="0"`, "13910", time.Second},
		{`length="-4"`, "13910", time.Second},
		{`length="99999999999999999999"`, "13910", time.Second},
	}
	for _, row := range rows {
		t.Run(row.length, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = doc(`<Play>x.wav</Play><Pause ` + row.length + `/><Play>y.wav</Play>`)
				w.calls(2*time.Second + row.want - 1)
				w.wantPlayed("x.wav")
				w.wait(1)
				w.wantPlayed("x.wav", "y.wav")
				w.wantCodes(row.codes)
			})
		})
	}
}

func TestPauseEndsWithItsCaller(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Pause length="60"/><Reject/>`)
		w.calls(time.Second)
		w.caller.Hang()
		synctest.Wait()
		w.wantDid("ring")
		w.wantStatus(call.StatusCanceled)
	})
}

func TestRedirect(t *testing.T) {
	rows := []struct{ name, body, asked, codes, profile string }{
		{"A11", `<Redirect method="GET">b.xml</Redirect><Play>x.wav</Play>`, "POST /v, GET /b.xml", "", ""},
		{"A12", `<Redirect method="PUT">b.xml</Redirect>`, "POST /v, POST /b.xml", "13710", ""},
		{"A13 empty", `<Redirect/><Reject/>`, "POST /v", "", ""},
		{"absolute", `<Redirect> http://app/b.xml </Redirect>`, "POST /v, POST /b.xml", "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"], w.pages["/b.xml"] = doc(row.body), doc(`<Reject/>`)
				w.calls(0)
				w.wantAsked(row.asked)
				w.wantDid("ring, refuse 603")
				w.wantCodes(row.codes)
			})
		})
	}
}

func TestA11AsRestcommDoesIt(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.Profile = "restcomm8" }, func(w *world) {
		w.pages["/v"], w.pages["/b.xml"] = doc(`<Redirect>b.xml</Redirect>`), doc(`<Reject/>`)
		w.calls(0)
		w.wantDid("ring, answer, bye Normal clearing")
	})
}

func TestA14RedirectsForEver(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Redirect>v</Redirect>`)
		w.calls(time.Second)
		w.wantCodes("11215")
		w.wantDid("ring, refuse 500")
		if n := len(w.requests); n != 51 {
			t.Errorf("got %d requests, want 51", n)
		}
	})
}

func TestRedirectsWithAVerbBetweenGoOn(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Pause/><Redirect>v</Redirect>`)
		w.calls(100 * time.Second)
		w.wantCodes("")
		if n := len(w.requests); n != 101 {
			t.Errorf("got %d requests, want 101", n)
		}
	})
}

func TestPlay(t *testing.T) {
	rows := []struct {
		name, body string
		lasts      time.Duration
		codes      string
	}{
		{"once", `<Play>x.wav</Play>`, 2 * time.Second, ""},
		{"three times", `<Play loop="3">x.wav</Play>`, 6 * time.Second, ""},
		{"loop invalid", `<Play loop="-1">x.wav</Play>`, 2 * time.Second, "13410"},
		{"empty", `<Play/>`, 0, ""},
		{"missing", `<Play>z.wav</Play>`, 0, "13420"},
		{"digits are not built", `<Play digits="12">x.wav</Play>`, 2 * time.Second, "19008"},
		{"nested", `<Play>x.wav<Say>no</Say></Play>`, 2 * time.Second, "12200"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = doc(row.body + `<Play>y.wav</Play>`)
				w.calls(row.lasts + time.Second - 1)
				w.wantDid("ring, answer")
				w.wait(1)
				w.wantDid("ring, answer, bye Normal clearing")
				w.wantCodes(row.codes)
			})
		})
	}
}

func TestPlayForEverEndsWithItsCaller(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Play loop="0">x.wav</Play><Play>y.wav</Play>`)
		w.calls(time.Hour)
		w.caller.Press("1#*")
		w.wait(time.Hour)
		w.wantDid("ring, answer")
		w.caller.Hang()
		synctest.Wait()
		w.wantPlayed("x.wav")
	})
}

func TestPlayOfAnImpossibleURLEndsTheCall(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Play>ftp://app/x</Play><Play>y.wav</Play>`)
		w.calls(0)
		w.wantDid("ring, answer, bye Normal clearing")
		w.wantCodes("11100")
	})
}

func TestMissingSoundAsRestcommTreatsIt(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.Profile = "restcomm8" }, func(w *world) {
		w.pages["/v"] = doc(`<Play>z.wav</Play><Play>y.wav</Play>`)
		w.calls(0)
		w.wantDid("ring, answer, bye Normal clearing")
		w.wantPlayed()
	})
}

// L05 and L07: a new plan ends what runs, also a request.
func TestLiveModification(t *testing.T) {
	for name, first := range map[string]page{
		"L05 while it plays": doc(`<Play loop="0">x.wav</Play>`),
		"L07 while the application thinks": func(ctx context.Context, _ rcml.Request) (*rcml.Response, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"], w.pages["/n"] = first, doc(`<Play>y.wav</Play>`)
				w.calls(time.Second)
				c, ok := w.Find(w.List()[0].ID)
				if !ok {
					t.Fatal("no call")
				}
				err := c.Replace(w.t.Context(), &rcml.Handler{Engine: w.engine, URL: "http://app/n", Method: "GET"}, call.ReplaceOptions{})
				if err != nil {
					t.Fatal(err)
				}
				w.wait(time.Second)
				w.wantAsked("POST /v, GET /n")
				w.wantDid("ring, answer, bye Normal clearing")
				w.wantCodes("")
			})
		})
	}
}

// I32: the document of a call over REST is asked for when the far side has answered.
func TestI32PlacedCall(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Play>x.wav</Play>`)
		_, err := w.Place(w.t.Context(), call.Placement{
			Account: "AC1", From: "100", Target: call.Target{Kind: call.TargetClient, Value: "carol"}, OnAnswer: w.handler,
		})
		if err != nil {
			t.Fatal(err)
		}
		carol := w.child("carol")
		carol.Ringing()
		w.wait(time.Second)
		w.wantAsked("")
		carol.Answered()
		w.wait(10 * time.Second)
		w.wantAsked("POST /v")
		w.wantForm("Direction=outbound-api", "CallStatus=in-progress", "AccountSid=AC1", "To=carol")
		w.wantPlayed("x.wav")
		carol.WantHangup(t)
	})
}
