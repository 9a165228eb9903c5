package sipua_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"tandem/switch/call"
	"tandem/switch/sipua"
)

func TestRefuse(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("in6")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		if err := l.Refuse(&call.Refusal{Code: 486, Err: errors.New("busy"), Text: "on the phone"}); err != nil {
			t.Fatal(err)
		}
		busy := alice.want("SIP/2.0 486 Busy Here")
		wantHeader(t, busy, "Reason", `SIP;cause=486;text="on the phone"`)
		if e := r.ended(l); e.Code != 486 || e.Cause.By != call.BySwitch {
			t.Errorf("got %+v", e)
		}
		if r.media.open() != 0 || len(r.media.streams) != 0 {
			t.Error("a refused call had a socket")
		}
	})
}

func TestHangupOfAnUnansweredCall(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cause call.Cause
		want  string
	}{
		{"plan ended", call.CauseNormal, "SIP/2.0 480"},
		{"shutdown", call.CauseShutdown, "SIP/2.0 503"},
		{"timeout", call.CauseTimeout, "SIP/2.0 408"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				alice := r.phone()
				alice.send(alice.invite("hang").String())
				alice.want("SIP/2.0 100")
				r.leg(0).Hangup(tt.cause)
				alice.want(tt.want)
				r.ended(r.leg(0))
			})
		})
	}
}

func TestNoPortLeft(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		alice.send(alice.invite("full").String())
		alice.want("SIP/2.0 100")
		r.media.full = true
		err := r.leg(0).Answer(r.t.Context(), nil)
		var refusal *call.Refusal
		if !errors.As(err, &refusal) || refusal.Code != 503 || !errors.Is(err, errFull) {
			t.Fatalf("Answer: got %v", err)
		}
		_ = r.leg(0).Refuse(refusal)
		busy := alice.want("SIP/2.0 503")
		if header(busy, "Retry-After") == "" {
			t.Errorf("no Retry-After in\n%s", busy)
		}
		r.media.full = false
		alice.up("next")
	})
}

// TestNobodyIsRungForACallerWithoutMedia has one port left: the caller gets it, and the callee's phone stays silent.
func TestNobodyIsRungForACallerWithoutMedia(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		alice.send(alice.invite("full").String())
		alice.want("SIP/2.0 100")
		r.media.left = 1
		_, err := r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@127.0.0.1:9", From: call.Identity{User: "alice"}, Beside: r.leg(0)})
		var refusal *call.Refusal
		if !errors.As(err, &refusal) || refusal.Code != 503 || !errors.Is(err, errFull) {
			t.Fatalf("Invite: got %v", err)
		}
		_ = r.leg(0).Refuse(refusal)
		alice.want("SIP/2.0 503")
		synctest.Wait()
		if n := r.media.open(); n != 0 {
			t.Errorf("%d streams are left open", n)
		}
	})
}

func TestRefusedBeforeItIsACall(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(q *request)
		want   string
		header string
	}{
		{"unknown method", func(q *request) { q.method = "DANCE" }, "SIP/2.0 501", "Allow"},
		{"method not served", func(q *request) { q.method = "PUBLISH" }, "SIP/2.0 405", "Allow"},
		{"required extension", func(q *request) { q.extra = []string{"Require: teleport"} }, "SIP/2.0 420", "Unsupported"},
		{"no Contact", func(q *request) { q.contact = "" }, "SIP/2.0 400", ""},
		{"no SDP", func(q *request) { q.body = "v=1" }, "SIP/2.0 400", ""},
		{"another body", func(q *request) { q.kind = "text/plain" }, "SIP/2.0 415", "Accept"},
		{"no codec", func(q *request) { q.body = strings.Replace(sdp(""), "audio", "video", 1) }, "SIP/2.0 488", ""},
		{"stranger's dialog", func(q *request) { q.to += ";tag=unknown" }, "SIP/2.0 481", ""},
		{"BYE from nowhere", func(q *request) { q.method = "BYE"; q.body = "" }, "SIP/2.0 481", ""},
		{"CANCEL of nothing", func(q *request) { q.method = "CANCEL"; q.body = "" }, "SIP/2.0 481", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				alice := r.phone()
				q := alice.invite("bad")
				tt.change(&q)
				alice.send(q.String())
				first := alice.want(tt.want)
				if tt.header != "" && header(first, tt.header) == "" {
					t.Errorf("no %s in\n%s", tt.header, first)
				}
				alice.send(q.String())
				again := alice.want(tt.want)
				if header(first, "To") != header(again, "To") {
					t.Errorf("another tag the second time:\n%s\n%s", first, again)
				}
				if len(r.legs) != 0 {
					t.Error("it became a call")
				}
				alice.up("good")
			})
		})
	}
}

func TestOverload(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("before")
		r.admit = &call.Refusal{Code: 503, Retry: 7, Err: errors.New("full")}
		alice.send(alice.invite("over").String())
		wantHeader(t, alice.want("SIP/2.0 503"), "Retry-After", "7")
		re := q.within(ok, "INVITE", 2)
		re.body, re.kind = sdp(""), "application/sdp"
		alice.send(re.String())
		alice.want("SIP/2.0 200") // calls that are up go on
		_ = l
		if len(r.legs) != 1 {
			t.Error("it became a call")
		}
	})
}

func TestMergedRequest(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("merged")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		q.branch += "-other"
		alice.send(q.String())
		alice.want("SIP/2.0 482")
		if r.leg(0); len(r.legs) != 1 {
			t.Errorf("got %d calls", len(r.legs))
		}
	})
}

func TestCredentialsAreAskedFor(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		alice.send(alice.invite("who").String())
		m := alice.want("SIP/2.0 407")
		if header(m, "Proxy-Authenticate") == "" {
			t.Errorf("got %s", m)
		}
		synctest.Wait()
		if len(r.legs) != 0 {
			t.Error("it became a call")
		}
	}, func(c *sipua.Config, _ *sipua.Deps) { c.Allow = nil })
}

func TestMalformed(t *testing.T) {
	for _, tt := range []struct{ name, from, to string }{
		{"duplicate header", "Max-Forwards: 70\r\n", "Max-Forwards: 70\r\nMax-Forwards: 70\r\n"},
		{"two Call-IDs", "Max-Forwards: 70\r\n", "Call-ID: another\r\n"},
		{"Content-Length", "Content-Length: ", "Content-Length: 9"},
		{"Max-Forwards", "Max-Forwards: 70", "Max-Forwards: many"},
		{"method of CSeq", "CSeq: 1 INVITE", "CSeq: 1 BYE"},
		{"NUL", `"Alice"`, "\"A\x00lice\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				alice := r.phone()
				alice.send(strings.Replace(alice.invite("broken").String(), tt.from, tt.to, 1))
				alice.want("SIP/2.0 400")
				if len(r.legs) != 0 {
					t.Error("it became a call")
				}
				alice.up("whole")
			})
		})
	}
}

func TestHopsAreUsedUp(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		alice.send(strings.Replace(alice.invite("hops").String(), "Max-Forwards: 70", "Max-Forwards: 0", 1))
		alice.want("SIP/2.0 483")
	})
}
