package rcml_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"tandem/rcml"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
)

// The cases of section 8.1 of the language reference, with Play in place of Say.

func TestI01FirstDocument(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Play>x.wav</Play>`)
		w.calls(10 * time.Second)
		w.wantDid("ring, answer, bye Normal clearing")
		w.wantAsked("POST /v")
		w.wantForm("From=alice", "To=bob", "CallStatus=ringing", "ApiVersion=2012-04-24", "Direction=inbound",
			"AccountSid=AC00000000000000000000000000000001", "CallerName=Alice", "ForwardedFrom=", "InstanceId=ID1", "ParentCallSid=")
		if id := w.last().Get("CallSid"); len(id) != 34 || id[:2] != "CA" {
			t.Errorf("got CallSid %q", id)
		}
		if at := w.last().Get("CallTimestamp"); at != "2000-01-01T00:00:00.000+00:00" {
			t.Errorf("got CallTimestamp %q", at)
		}
		w.wantPlayed("x.wav")
		w.wantStatus(call.StatusCompleted)
	})
}

func TestI03QueryStaysOnTheURL(t *testing.T) {
	for _, row := range []struct{ profile, asked, x string }{{"standard", "POST /v?x=1", ""}, {"restcomm8", "POST /v", "1"}} {
		t.Run(row.profile, func(t *testing.T) {
			inBubble(t, func(c *rcml.Config) { c.Profile = row.profile }, func(w *world) {
				w.handler.URL += "?x=1"
				w.pages["/v"] = doc(``)
				w.calls(time.Second)
				w.wantAsked(row.asked)
				w.wantForm("x=" + row.x)
			})
		})
	}
}

func TestI04ActionResolvesAgainstTheURLThatAnswered(t *testing.T) {
	for _, row := range []struct{ profile, want string }{{"standard", "POST /v, POST /b/next"}, {"restcomm8", "POST /v, POST /next"}} {
		t.Run(row.profile, func(t *testing.T) {
			inBubble(t, func(c *rcml.Config) { c.Profile = row.profile }, func(w *world) {
				w.pages["/v"] = func(ctx context.Context, r rcml.Request) (*rcml.Response, error) {
					resp, err := doc(`<Redirect>next</Redirect>`)(ctx, r)
					resp.URL = "http://app/b/moved"
					return resp, err
				}
				w.calls(time.Second)
				w.wantAsked(row.want)
			})
		})
	}
}

// A row is an answer to the first request, and what the caller and the account's owner get to know.
func TestFirstDocumentFails(t *testing.T) {
	rows := []struct {
		name  string
		page  page
		did   string
		codes string
	}{
		{"I05 redirects for ever", failing(11215), "ring, refuse 500", "11215"},
		{"I06 404", nil, "ring, refuse 404", "21402"},
		{"I07 500", answer(500, "", "x"), "ring, refuse 500", "11200"},
		{"I09 no answer", failing(11205), "ring, refuse 500", "11205"},
		{"I10 408", answer(408, "", ""), "ring, refuse 500", "11200"},
		{"304", answer(304, "", ""), "ring, refuse 500", "11200"},
		{"I11 not well-formed", typed("text/xml", "<Response><Play>x</Response>"), "ring, refuse 500", "12100"},
		{"I12 wrong root", typed("text/xml", "<Document><Play>x</Play></Document>"), "ring, refuse 500", "12100"},
		{"I17 JSON", typed("application/json", "{}"), "ring, refuse 500", "12300"},
		{"I24 entity bomb", typed("text/xml", bomb), "ring, refuse 500", "12100"},
		{"I25 too large", typed("text/xml", "<Response>"+strings.Repeat(" ", 70_000)+"</Response>"), "ring, refuse 500", "11750"},
		{"TLS", failing(11237), "ring, refuse 500", "11237"},
		{"error at the end executes nothing", typed("text/xml", "<Response><Play>x.wav</Play><"), "ring, refuse 500", "12100"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = row.page
				if row.page == nil {
					delete(w.pages, "/v")
				}
				w.handler.Status = rcml.StatusCallback{URL: "http://app/c"}
				w.calls(time.Second)
				w.wantDid(row.did)
				w.wantCodes(row.codes)
				w.wantPlayed()
				w.wantTold("ringing/0 failed/1")
			})
		})
	}
}

const bomb = `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Response><Play>&b;</Play></Response>`

func TestI08Fallback(t *testing.T) {
	for name, first := range map[string]page{
		"500": answer(500, "", ""), "syntax": typed("text/xml", "<R"), "dead": failing(11205), "type": typed("application/json", "{}"),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.handler.FallbackURL, w.handler.FallbackMethod = "http://app/f/b", "GET"
				w.pages["/v"] = first
				w.pages["/f/b"] = doc(`<Redirect>c</Redirect>`)
				w.calls(time.Second)
				w.wantAsked("POST /v, GET /f/b, POST /f/c")
				wantPairs(t, w.requests[1].Form, "ErrorUrl=http://app/v", "ErrorCode="+w.codes()[:5], "CallStatus=ringing")
			})
		})
	}
}

func TestFallbackFailsToo(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.handler.FallbackURL = "http://app/f"
		w.pages["/v"] = answer(500, "", "")
		w.calls(time.Second)
		w.wantDid("ring, refuse 404")
		w.wantCodes("11200 21402")
	})
}

func TestI13EmptyDocument(t *testing.T) {
	for name, p := range map[string]page{
		"Response": doc(""), "204": answer(204, "", ""), "empty body": answer(200, "text/xml", ""), "I14 untyped": answer(200, "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = p
				w.calls(time.Second)
				w.wantDid("ring, answer, bye Normal clearing")
				w.wantAsked("POST /v")
			})
		})
	}
}

func TestI15SoundAsDocument(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.handler.URL = "http://app/x.wav"
		w.pages["/x.wav"] = typed("audio/wav", "RIFF")
		w.calls(10 * time.Second)
		w.wantDid("ring, answer, bye Normal clearing")
		w.wantPlayed("x.wav")
	})
}

func TestI16TextAsDocument(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = typed("text/plain", " <Response><Play>x.wav</Play></Response>")
		w.calls(10 * time.Second)
		w.wantPlayed("x.wav")
	})
}

// Documents in odd clothes that play x.wav all the same.
func TestDocumentsThatAreRead(t *testing.T) {
	rows := []struct{ name, kind, body, codes string }{
		{"I19 unknown element", "text/xml", `<Response><Foo><Play>y.wav</Play></Foo><Play>x.wav</Play></Response>`, "12200"},
		{"I20 lower case", "text/xml", `<Response><play>y.wav</play><Play>x.wav</Play></Response>`, "12200"},
		{"I21 namespace", "text/xml", `<Response xmlns="http://example.com/x" xmlns:a="b"><a:Play>x.wav</a:Play></Response>`, ""},
		{"I22 blanks and mark", "text/xml", " \r\n\ufeff \n<?xml version=\"1.0\"?><Response><Play>x.wav</Play></Response>", ""},
		{"I23 UTF-16", "text/xml", utf16text("<?xml version=\"1.0\" encoding=\"UTF-16\"?><Response><!-- ü --><Play>x.wav</Play></Response>"), ""},
		{"UTF-16 by charset", "text/xml; charset=utf-16", utf16text("<Response><Play>x.wav</Play></Response>"), ""},
		{"ISO-8859-1 by charset", "text/xml; charset=ISO-8859-1", "<Response><!-- \xfc --><Play>x.wav</Play></Response>", ""},
		{"ISO-8859-1 declared", "application/xml", "<?xml version='1.0' encoding='ISO-8859-1'?><Response><!-- \xfc --><Play>x.wav</Play></Response>", ""},
		{"HTML type", "text/html; charset=UTF-8", `<Response><Play>x.wav</Play></Response>`, ""},
		{"xml suffix", "application/rcml+xml", `<Response><Play>x.wav</Play></Response>`, ""},
		{"P42 no type", "", `<Response><Play>x.wav</Play></Response>`, ""},
		{"CDATA and pieces", "text/xml", `<Response>text<Play> x<![CDATA[.w]]><!-- c -->av </Play></Response>`, ""},
		{"Say is not built", "text/xml", `<Response><Say>hello</Say><Play>x.wav</Play></Response>`, "12200"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = typed(row.kind, row.body)
				w.calls(10 * time.Second)
				w.wantPlayed("x.wav")
				w.wantCodes(row.codes)
			})
		})
	}
}

func utf16text(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestI12AndI19AsRestcommDoesIt(t *testing.T) {
	inBubble(t, func(c *rcml.Config) { c.Profile = "restcomm8" }, func(w *world) {
		w.pages["/v"] = typed("text/xml", `<Document><Foo><Play>x.wav</Play></Foo><Play>y.wav</Play></Document>`)
		w.calls(10 * time.Second)
		w.wantPlayed("x.wav", "y.wav")
	})
}

func TestI18BareAmpersand(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = doc(`<Redirect>/next?a=1&b=2&amp;c=3&#38;d=4</Redirect>`)
		w.calls(time.Second)
		w.wantAsked("POST /v, POST /next?a=1&b=2&c=3&d=4")
	})
}

func TestI26CookiesStayWithTheirCall(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		var jars []http.CookieJar
		note := func(p page) page {
			return func(ctx context.Context, r rcml.Request) (*rcml.Response, error) {
				jars = append(jars, r.Jar)
				return p(ctx, r)
			}
		}
		w.pages["/v"], w.pages["/w"] = note(doc(`<Redirect>w</Redirect>`)), note(doc(``))
		w.calls(time.Second)
		w.Accept(calltest.NewLeg())
		w.wait(time.Second)
		if len(jars) != 4 || jars[0] == nil || jars[0] != jars[1] || jars[1] == jars[2] {
			t.Errorf("got jars %v", jars)
		}
	})
}

func TestI27CredentialsStayWithRelativeURLs(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.handler.URL = "http://u:p@app/v"
		w.pages["/v"] = func(_ context.Context, r rcml.Request) (*rcml.Response, error) {
			return &rcml.Response{
				Status: 200, Header: http.Header{"Content-Type": {"text/xml"}}, URL: "http://app/v",
				Body: []byte(`<Response><Redirect>w</Redirect></Response>`),
			}, nil
		}
		w.calls(time.Second)
		w.wantAsked("POST http://u:p@app/v, POST http://u:p@app/w")
		for _, n := range w.notes {
			if strings.Contains(n.RequestURL+n.Text, "u:p") {
				t.Errorf("a notification repeats the password: %+v", n)
			}
		}
	})
}

func TestI28SIPHeaders(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.caller = calltest.NewLegFrom(call.Party{
			From: call.Identity{User: "alice"}, To: call.Identity{User: "bob"}, Diverted: "11223344",
			Headers: []call.Header{
				{Name: "X-Account", Value: "7"},
				{Name: "x-account", Value: "8"},
				{Name: "Subject", Value: "s"},
				{Name: "Diversion", Value: "<sip:11223344@x>;reason=unknown"},
			},
		})
		w.pages["/v"] = doc(``)
		w.calls(time.Second)
		w.wantForm("SipHeader_X-Account=7, 8", "SipHeader_Diversion=<sip:11223344@x>;reason=unknown",
			"ForwardedFrom=11223344", "SipHeader_Subject=", "CallerName=")
	})
}

func TestI29CancelWhileTheApplicationThinks(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		aborted := false
		w.pages["/v"] = func(ctx context.Context, _ rcml.Request) (*rcml.Response, error) {
			<-ctx.Done()
			aborted = true
			return nil, context.Cause(ctx)
		}
		w.handler.FallbackURL = "http://app/f"
		w.calls(time.Second)
		w.caller.Hang()
		synctest.Wait()
		if !aborted {
			t.Error("the request goes on")
		}
		w.wantAsked("POST /v")
		w.wantCodes("")
		w.wantStatus(call.StatusCanceled)
	})
}

func TestI30ImpossibleAction(t *testing.T) {
	for _, ref := range []string{"//bad host", "ftp://app/", "mailto:x", "file:///etc/passwd"} {
		t.Run(ref, func(t *testing.T) {
			inBubble(t, nil, func(w *world) {
				w.pages["/v"] = doc(`<Dial action="` + ref + `">carol</Dial>`)
				w.calls(time.Second)
				w.wantDid("ring, answer, bye Normal clearing")
				w.wantCodes("11100")
			})
		})
	}
}

func TestI31FailedActionHasNoFallback(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.handler.FallbackURL = "http://app/f"
		w.pages["/v"] = doc(`<Dial action="/a">carol</Dial>`)
		w.pages["/a"] = answer(500, "", "")
		w.calls(time.Second)
		w.child("carol").Busy()
		synctest.Wait()
		w.wantAsked("POST /v, POST /a")
		w.wantDid("ring, answer, bye Normal clearing")
		w.wantCodes("11200")
	})
}

func TestNotificationTellsTheWholeStory(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.pages["/v"] = answer(500, "text/plain", "the database is down")
		w.calls(time.Second)
		n := w.notes[0]
		if n.Code != 11200 || n.Warning || n.RequestURL != "http://app/v" || n.RequestMethod != "POST" || n.SID[:2] != "NO" ||
			!strings.Contains(n.RequestVariables, "From=alice") || n.ResponseBody != "the database is down" ||
			!strings.Contains(n.ResponseHeaders, "text/plain") || n.Call != w.last().Get("CallSid") {
			t.Errorf("got %+v", n)
		}
	})
}

func TestInlineDocument(t *testing.T) {
	inBubble(t, nil, func(w *world) {
		w.handler.Document = []byte(`<Response><Play>http://app/x.wav</Play><Redirect>/b</Redirect></Response>`)
		w.calls(10 * time.Second)
		w.wantPlayed("x.wav")
		w.wantCodes("11100")
		w.wantDid("ring, answer, bye Normal clearing")
	})
}
