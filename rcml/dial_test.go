package rcml_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/rcml"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// answers lets a child ring for a while and answer.
func (w *world) answers(user string, after time.Duration) *calltest.Leg {
	w.t.Helper()
	l := w.child(user)
	l.Ringing()
	w.wait(after)
	l.Answered()
	synctest.Wait()
	return l
}

func TestD01CalleeHangsUp(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.tone = calltest.Prompt(time.Second)
		w.pages["/v"] = doc(`<Dial>carol</Dial>`)
		w.calls(0)
		carol := w.child("carol")
		carol.Ringing()
		w.wait(2 * time.Second)
		if !w.caller.Stream().Playing() {
			t.Error("the caller hears no ringing")
		}
		carol.Answered()
		synctest.Wait()
		if w.caller.Stream().Playing() || w.caller.Stream().Peer() != carol.Stream() {
			t.Error("the two are not bridged")
		}
		w.wait(3 * time.Second)
		carol.Hang()
		synctest.Wait()
		w.wantDid("ring, answer, bye Normal clearing")
		w.wantAsked("POST /v")
	})
}

// A row is a document with an action, what happens, and what the action hears.
func TestDialAction(t *testing.T) {
	rows := []struct {
		name, dial string
		happens    func(w *world)
		form       string
		did        string
	}{
		{"D02 callee hangs up", `<Dial action="/d">carol</Dial>`, func(w *world) {
			carol := w.answers("carol", 2*time.Second)
			w.wait(3 * time.Second)
			carol.Hang()
		}, "DialCallStatus=completed DialCallDuration=3 DialRingDuration=2 DialBridged=true CallStatus=in-progress DialSipCallId=", "bye Normal clearing"},
		{"D03 caller hangs up", `<Dial action="/d">carol</Dial>`, func(w *world) {
			carol := w.answers("carol", 2*time.Second)
			w.wait(3 * time.Second)
			w.caller.Hang()
			w.wait(0)
			carol.WantHangup(w.t)
		}, "DialCallStatus=completed DialCallDuration=3 DialBridged=true CallStatus=completed", ""},
		{"D05 no answer", `<Dial timeout="3" action="/d">carol</Dial>`, func(w *world) {
			w.child("carol").Ringing()
			w.wait(3 * time.Second)
			w.child("carol").WantDid(w.t, "cancel Request timeout")
		}, "DialCallStatus=no-answer DialCallDuration=0 DialRingDuration=3 DialBridged=false", "bye Normal clearing"},
		{
			"D06 busy", `<Dial action="/d">carol</Dial>`, func(w *world) { w.child("carol").Busy() },
			"DialCallStatus=busy DialCallDuration=0 CallStatus=in-progress", "bye Normal clearing",
		},
		{"D07 603", `<Dial action="/d">carol</Dial>`, func(w *world) { w.child("carol").Refused(603) }, "DialCallStatus=busy", "bye Normal clearing"},
		{"D07 404", `<Dial action="/d">carol</Dial>`, func(w *world) { w.child("carol").Refused(404) }, "DialCallStatus=failed", "bye Normal clearing"},
		{"D07 480", `<Dial action="/d">carol</Dial>`, func(w *world) { w.child("carol").Refused(480) }, "DialCallStatus=no-answer", "bye Normal clearing"},
		{"D07 503", `<Dial action="/d">carol</Dial>`, func(w *world) { w.child("carol").Refused(503) }, "DialCallStatus=failed", "bye Normal clearing"},
		{
			"D08 not registered", `<Dial action="/d"><Client>nobody</Client></Dial>`, func(*world) {},
			"DialCallStatus=failed DialCallSid= DialCallDuration=0 DialBridged=false OutboundCallSid=", "bye Normal clearing",
		},
		{"D10 caller gives up", `<Dial action="/d">carol</Dial>`, func(w *world) {
			w.child("carol").Ringing()
			w.caller.Hang()
			w.wait(0)
			w.child("carol").WantHangup(w.t)
		}, "DialCallStatus=canceled CallStatus=completed DialCallDuration=0", ""},
		{"D16 mixed", `<Dial action="/d" timeout="5"><Number>b</Number><Client>c</Client><Sip>sip:d@host</Sip></Dial>`, func(w *world) {
			w.child("b").Busy()
			w.child("c").Refused(404)
			w.child("d").Ringing()
			w.wait(5 * time.Second)
		}, "DialCallStatus=no-answer", "bye Normal clearing"},
		{"D20 time limit", `<Dial action="/d" timeLimit="5">carol</Dial>`, func(w *world) {
			w.answers("carol", 0)
			w.wait(5 * time.Second)
			w.child("carol").WantHangup(w.t)
		}, "DialCallStatus=completed DialCallDuration=5 CallStatus=in-progress", "bye Normal clearing"},
		{"D28 SIP facts", `<Dial action="/d"><Sip>sip:carol@host</Sip></Dial>`, func(w *world) {
			w.child("carol").Refused(486, call.Header{Name: "X-Why", Value: "lunch"})
		}, "DialSipResponseCode=486 DialSipHeader_X-Why=lunch", "bye Normal clearing"},
		{"D31 star", `<Dial action="/d" hangupOnStar="true">carol</Dial>`, func(w *world) {
			carol := w.answers("carol", 0)
			w.caller.Press("1*")
			w.wait(0)
			carol.WantHangup(w.t)
		}, "DialCallStatus=completed CallStatus=in-progress", "bye Normal clearing"},
		{"callerId unusable", `<Dial action="/d" callerId="a@b&lt;">carol</Dial>`, func(*world) {}, "DialCallStatus=failed DialCallSid=", "bye Normal clearing"},
		{
			"Conference is not built", `<Dial action="/d"><Conference>room</Conference><Number>b</Number></Dial>`, func(*world) {},
			"DialCallStatus=failed DialCallSid=", "bye Normal clearing",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.Dialer.Refuse = map[string]error{"nobody": &call.Refusal{Code: 480}}
				w.pages["/v"] = doc(row.dial + `<Play>x.wav</Play>`)
				w.pages["/d"] = doc(`<Hangup/>`)
				w.calls(0)
				row.happens(w)
				w.wait(time.Second)
				w.wantAsked("POST /v, POST /d")
				w.wantForm(strings.Fields(row.form)...)
				if id := w.last().Get("DialCallSid"); id != w.last().Get("OutboundCallSid") {
					t.Errorf("DialCallSid %q and OutboundCallSid %q differ", id, w.last().Get("OutboundCallSid"))
				}
				w.wantDid(strings.TrimSuffix("ring, answer, "+row.did, ", "))
				w.wantPlayed()
			})
		})
	}
}

func TestDialActionAsRestcommDoesIt(t *testing.T) {
	rows := []struct {
		name, dial string
		happens    func(w *world)
		form       string
	}{
		{"D02", `<Dial action="/d">carol</Dial>`, func(w *world) { w.answers("carol", 0).Hang() }, "DialCallStatus=completed CallStatus=in-progress"},
		{"D05", `<Dial timeout="3" action="/d">carol</Dial>`, func(w *world) { w.wait(3 * time.Second) }, "DialCallStatus=canceled"},
		{"D08", `<Dial action="/d"><Client>nobody</Client></Dial>`, func(*world) {}, "DialCallStatus=failed DialCallSid=null"},
		{"D10", `<Dial action="/d">carol</Dial>`, func(w *world) { w.child("carol"); w.caller.Hang() }, "DialCallStatus=completed"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, func(c *rcml.Config) { c.Profile = "restcomm8" }, func(w *world) {
				w.Dialer.Refuse = map[string]error{"nobody": &call.Refusal{Code: 480}}
				w.pages["/v"], w.pages["/d"] = doc(row.dial), doc(`<Play>x.wav</Play>`)
				w.calls(0)
				row.happens(w)
				w.wait(time.Second)
				w.wantForm(strings.Fields(row.form)...)
				if row.name == "D02" {
					w.wantDid("ring, answer, bye Normal clearing")
					w.wantPlayed()
				}
			})
		})
	}
}

// Without action, the next verb runs.
func TestDialGoesOn(t *testing.T) {
	rows := []struct {
		name, dial string
		happens    func(w *world)
		codes      string
	}{
		{"D04", `<Dial>carol</Dial>`, func(w *world) { w.answers("carol", 0).Hang() }, ""},
		{"D09", `<Dial><Client>nobody</Client></Dial>`, func(*world) {}, ""},
		{"D20", `<Dial timeLimit="5">carol</Dial>`, func(w *world) { w.answers("carol", 0); w.wait(5 * time.Second) }, ""},
		{"D39", `<Dial action="/d"></Dial>`, func(*world) {}, "13201"},
		{"D18 fork with nobody", `<Dial><Client>nobody</Client><Number>b</Number></Dial>`, func(w *world) { w.answers("b", 0).Hang() }, ""},
		{"D38 foreign verb", `<Dial><Sms>x</Sms><Number>b</Number></Dial>`, func(w *world) { w.child("b").Busy() }, "12200"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.Dialer.Refuse = map[string]error{"nobody": &call.Refusal{Code: 480}}
				w.pages["/v"] = doc(row.dial + `<Play>x.wav</Play>`)
				w.calls(0)
				row.happens(w)
				w.wait(5 * time.Second)
				w.wantPlayed("x.wav")
				w.wantDid("ring, answer, bye Normal clearing")
				w.wantCodes(row.codes)
				w.wantAsked("POST /v")
			})
		})
	}
}

func TestD11SecondDial(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial timeout="3">b</Dial><Dial timeout="3">c</Dial>`)
		w.calls(3 * time.Second)
		w.child("b").WantDid(t, "cancel Request timeout")
		c := w.answers("c", time.Second)
		if w.caller.Stream().Peer() != c.Stream() {
			t.Error("caller and c are not bridged")
		}
	})
}

func TestD12ActionWorksAgain(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"], w.pages["/d"] = doc(`<Dial action="/d">b</Dial>`), doc(`<Dial action="/e">c</Dial>`)
		w.pages["/e"] = doc(``)
		w.calls(0)
		w.child("b").Busy()
		w.child("c").Busy()
		w.wait(0)
		w.wantAsked("POST /v, POST /d, POST /e")
	})
}

func TestForks(t *testing.T) {
	const fork = `<Dial action="/d"><Number>b</Number><Client>c</Client><Sip>sip:d@host</Sip></Dial>`
	t.Run("D13 D14 first answer wins", func(t *testing.T) {
		inBubble(t, nil, func(w *world) {
			w.pages["/v"], w.pages["/d"] = doc(fork), doc(``)
			w.calls(0)
			b, d := w.child("b"), w.child("d")
			c := w.answers("c", time.Second)
			b.WantDid(t, "cancel Call completed elsewhere")
			d.WantDid(t, "cancel Call completed elsewhere")
			if w.caller.Stream().Peer() != c.Stream() {
				t.Error("caller and c are not bridged")
			}
		})
	})
	t.Run("D15 failures do not end it", func(t *testing.T) {
		inBubble(t, nil, func(w *world) {
			w.pages["/v"], w.pages["/d"] = doc(fork), doc(``)
			w.calls(0)
			w.child("b").Busy()
			w.child("c").Refused(603)
			if d := w.answers("d", 4*time.Second); w.caller.Stream().Peer() != d.Stream() {
				t.Error("caller and d are not bridged")
			}
		})
	})
}

func TestAnswerOnBridge(t *testing.T) {
	rows := []struct {
		name, body string
		happens    func(w *world)
		did        string
	}{
		{"A16", `<Dial answerOnBridge="true">carol</Dial>`, func(w *world) { w.answers("carol", 4*time.Second).Hang() }, "answer PCMU PCMA, bye Normal clearing"},
		{"A17", `<Dial answerOnBridge="true">carol</Dial>`, func(w *world) { w.child("carol").Busy() }, "refuse 486"},
		{"A18", `<Dial answerOnBridge="true" timeout="3">carol</Dial>`, func(w *world) { w.wait(3 * time.Second) }, "refuse 408"},
		{"A19", `<Dial answerOnBridge="true">carol</Dial><Play>x.wav</Play>`, func(w *world) { w.child("carol").Busy() }, "answer, bye Normal clearing"},
		{"nobody", `<Dial answerOnBridge="true"><Client>nobody</Client></Dial><Hangup/>`, func(*world) {}, "refuse 480"},
		{"Reject decides", `<Dial answerOnBridge="true">carol</Dial><Reject/>`, func(w *world) { w.child("carol").Busy() }, "refuse 603"},
		{"action decides", `<Dial answerOnBridge="true" action="/d">carol</Dial>`, func(w *world) { w.child("carol").Refused(404) }, "refuse 404"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.Dialer.Refuse = map[string]error{"nobody": &call.Refusal{Code: 480}}
				w.pages["/v"], w.pages["/d"] = doc(row.body), doc(``)
				w.calls(0)
				if len(w.Inviter.Legs()) > 0 {
					w.wantDid("ring")
				}
				row.happens(w)
				w.wait(5 * time.Second)
				w.wantDid("ring, " + row.did)
			})
		})
	}
}

func TestAnswerOnBridgeByConfiguration(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.AnswerOnBridge = true }, func(w *world) {
		w.pages["/v"], w.pages["/d"] = doc(`<Dial action="/d">carol</Dial>`), doc(`<Reject/>`)
		w.calls(0)
		w.child("carol").Busy()
		w.wait(0)
		w.wantForm("CallStatus=ringing", "DialCallStatus=busy")
		w.wantDid("ring, refuse 603")
	})
}

func TestD19EarlyMedia(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.AnswerOnBridge = true }, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Number statusCallback="/c">carol</Number></Dial>`)
		w.calls(0)
		w.child("carol").EarlyMedia()
		synctest.Wait()
		w.wantDid("ring, progress PCMU PCMA")
		w.child("carol").Answered()
		synctest.Wait()
		w.wantTold("initiated/0 ringing/1 in-progress/2")
	})
}

// A row is a document, and the INVITE it makes.
func TestInvites(t *testing.T) {
	rows := []struct{ name, dial, to, from, headers, codes string }{
		{"D22 callerId", `<Dial callerId="+15551112222">b</Dial>`, "sip:b@example.net", "+15551112222", "", ""},
		{"callerId of a client", `<Dial callerId="client:dora">b</Dial>`, "sip:b@example.net", "dora", "", ""},
		{"D23 caller's own", `<Dial>b</Dial>`, "sip:b@example.net", "alice Alice", "", ""},
		{
			"D24 headers", `<Dial><Sip>sip:b@host?X-Order=42&amp;Foo=bar%20baz&Subject=s</Sip></Dial>`, "sip:b@host", "alice Alice",
			"X-Order: 42, X-Foo: bar baz, Subject: s", "",
		},
		{
			"D25 reserved", `<Dial><Sip>sip:b@host?Via=x&amp;Content-Type=y&amp;a=1%0d%0aVia:z&amp;b%20c=1</Sip></Dial>`, "sip:b@host", "alice Alice", "",
			"19003 19003 19003 19003",
		},
		{"headers too long", `<Dial><Number>b?A=` + strings.Repeat("x", 1100) + `</Number></Dial>`, "sip:b@example.net", "alice Alice", "", "19003"},
		{"D27 transport", `<Dial><Sip>b@host;transport=tcp</Sip></Dial>`, "sip:b@host;transport=tcp", "alice Alice", "", ""},
		{"D29 client", `<Dial>client:bob</Dial>`, "sip:bob@example.net", "alice Alice", "", ""},
		{"D29 sip", `<Dial>bob@host</Dial>`, "sip:bob@host", "alice Alice", "", ""},
		{"D29 number", `<Dial> 555-12 (34) </Dial>`, "sip:5551234@example.net", "alice Alice", "", ""},
		{"Uri", `<Dial><Uri>sips:b@host</Uri></Dial>`, "sips:b@host", "alice Alice", "", ""},
		{
			"Client with Parameter", `<Dial><Client><Identity>dora</Identity><Parameter name="a" value="1"/></Client></Dial>`,
			"sip:dora@example.net", "alice Alice", "X-a: 1", "",
		},
		{
			"Sip with Headers", `<Dial><Sip><Uri priority="2">c@host</Uri><Uri priority="1">b@host</Uri><Headers><Header name="n" value="v"/></Headers></Sip></Dial>`,
			"sip:b@host", "alice Alice", "X-n: v", "",
		},
		{"Video", `<Dial><Client name="dora"><Video enable="true" mode="mcv" layout="linear"/></Client></Dial>`, "sip:dora@example.net", "alice Alice", "", "15001"},
		{"D21 invalid numbers", `<Dial timeout="abc" timeLimit="-1" method="PUT">b</Dial>`, "sip:b@example.net", "alice Alice", "", "13210 13212 13216"},
		{"not built", `<Dial record="true" referUrl="/r"><Number sendDigits="ww1">b</Number></Dial>`, "sip:b@example.net", "alice Alice", "", "19008 19008 19008"},
		{"boolean", `<Dial hangupOnStar="maybe">b</Dial>`, "sip:b@example.net", "alice Alice", "", "12200"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = doc(row.dial)
				w.calls(0)
				w.wantCodes(row.codes)
				legs := w.Inviter.Legs()
				if len(legs) != 1 {
					t.Fatalf("got %d legs, want 1", len(legs))
				}
				out := legs[0].Outgoing()
				var headers []string
				for _, h := range out.Headers {
					if !strings.HasPrefix(h.Name, "X-RestComm-") {
						headers = append(headers, h.Name+": "+h.Value)
					}
				}
				from := strings.TrimSpace(out.From.User + " " + out.From.Display)
				if out.To != row.to || from != row.from || strings.Join(headers, ", ") != row.headers {
					t.Errorf("got %s from %s with %q", out.To, from, headers)
				}
			})
		})
	}
}

func TestD26Credentials(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial><Sip username="u" password="p">sip:b@host</Sip></Dial>`)
		w.calls(0)
		if out := w.child("b").Outgoing(); out.Username != "u" || out.Password != "p" {
			t.Errorf("got %q %q", out.Username, out.Password)
		}
	})
}

func TestD33TenTargetsAreEnough(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Dial>` + strings.Repeat(`<Number>5</Number>`, 11) + `</Dial>`)
		w.calls(0)
		w.wantCodes("19001")
		if n := len(w.Inviter.Legs()); n != 10 {
			t.Errorf("got %d legs, want 10", n)
		}
	})
}

func TestD36CustomHeaders(t *testing.T) {
	for _, pass := range []bool{false, true} {
		inBubble(t, func(c *rcml.Config) { c.PassHeaders = pass }, func(w *world) {
			w.caller = calltest.NewLegFrom(call.Party{
				From: call.Identity{User: "alice"}, To: call.Identity{User: "bob"},
				Headers: []call.Header{{Name: "X-Custom", Value: "1"}, {Name: "Diversion", Value: "<sip:x@y>"}},
			})
			w.pages["/v"] = doc(`<Dial>b</Dial>`)
			w.calls(0)
			got := false
			for _, h := range w.child("b").Outgoing().Headers {
				got = got || h.Name == "X-Custom"
			}
			if got != pass {
				t.Errorf("passed %v, want %v", got, pass)
			}
		})
	}
}

func TestSequentialDial(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"], w.pages["/d"] = doc(`<Dial sequential="true" timeout="3" action="/d"><Number>b</Number><Number>c</Number><Number>d</Number></Dial>`), doc(``)
		w.calls(time.Second)
		if w.Inviter.Leg("c") != nil {
			t.Error("c rings beside b")
		}
		w.wait(2 * time.Second)
		w.child("b").WantDid(t, "cancel Request timeout")
		w.answers("c", time.Second).Hang()
		w.wait(0)
		w.wantForm("DialCallStatus=completed")
		if w.Inviter.Leg("d") != nil {
			t.Error("d was dialled after c had answered")
		}
	})
}

func TestRingTones(t *testing.T) {
	rows := []struct{ name, attrs, played, codes string }{
		{"sound of the document's own", `ringbackTone="x.wav"`, "x.wav", ""},
		{"that cannot be had", `ringbackTone="z.wav"`, "", "13420"},
		{"a country", `ringTone="DE"`, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.tone = &media.Prompt{Rate: 8000, Samples: make([]int16, 8000)}
				w.pages["/v"] = doc(`<Dial ` + row.attrs + `>b</Dial>`)
				w.calls(time.Second)
				w.wantPlayed(strings.Fields(row.played)...)
				w.wantCodes(row.codes)
				if !w.caller.Stream().Playing() {
					t.Error("the caller hears nothing")
				}
			})
		})
	}
}
