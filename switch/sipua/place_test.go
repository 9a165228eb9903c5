package sipua_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
)

func TestCallGoesOut(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place(func(o *call.Outgoing) {
			o.Headers = []call.Header{
				{Name: "X-Fine", Value: "yes"}, {Name: "X-Bad", Value: "a\r\nX-Injected: b"}, {Name: "Via", Value: "SIP/2.0/UDP evil"}, {Name: "X-Null", Value: "\x00"},
			}
			o.MaxForwards = 12
			o.From.Display = `Hun"dred`
		})
		wantHeader(t, m, "Max-Forwards", "12")
		wantHeader(t, m, "X-Fine", "yes")
		wantHeader(t, m, "X-Bad", "")
		wantHeader(t, m, "X-Injected", "")
		wantHeader(t, m, "X-Null", "")
		if n := len(headers(m, "Via")); n != 1 {
			t.Errorf("got %d Via headers in\n%s", n, m)
		}
		if from := header(m, "From"); !strings.HasPrefix(from, `"Hun\"dred" <sip:100@127.0.0.1>;tag=`) {
			t.Errorf("got From %q", from)
		}
		bob.send(reply(m, 100, "", nil, ""))
		r.noEvent(l)
		bob.send(reply(m, 180, "bob", []string{bob.contact()}, ""))
		if e := r.event(l, call.Ringing); e.Code != 180 || e.Early {
			t.Errorf("got %+v", e)
		}
		ok := reply(m, 200, "bob", []string{bob.contact(), "X-Info: hello"}, sdp(""))
		bob.send(ok)
		ack := bob.want("ACK sip:bob@" + bob.addr.String())
		wantHeader(t, ack, "CSeq", "1 ACK")
		wantHeader(t, ack, "To", header(ok, "To"))
		if header(ack, "Via") == header(m, "Via") {
			t.Error("the ACK of a 2xx has the branch of its INVITE")
		}
		if e := r.event(l, call.Answered); len(e.Headers) != 1 || e.Headers[0].Value != "hello" {
			t.Errorf("got %+v", e)
		}
		if f := l.Formats(); len(f) == 0 || f[0].Name != "PCMA" {
			t.Errorf("got formats %+v", f)
		}
		bob.send(ok)
		if again := bob.want("ACK "); again != ack {
			t.Errorf("another ACK the second time:\n%s\n%s", ack, again)
		}
		l.Hangup(call.CauseNormal)
		bye := bob.want("BYE ")
		wantHeader(t, bye, "CSeq", "2 BYE")
		bob.send(reply(bye, 200, "", nil, ""))
		r.ended(l)
		time.Sleep(time.Minute)
		bob.wantNone()
		if r.media.open() != 0 {
			t.Error("the stream is still open")
		}
	})
}

func TestCalleeRefuses(t *testing.T) {
	for _, code := range []int{302, 404, 486, 500, 603} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			bubble(t, func(r *rig) {
				bob := r.phone()
				l, m := bob.place()
				no := reply(m, code, "bob", []string{`Reason: Q.850;cause=17;text="User busy"`, "X-Why: asleep"}, "")
				bob.send(no)
				ack := bob.want("ACK ")
				if header(ack, "Via") != header(m, "Via") || header(ack, "To") != header(no, "To") {
					t.Errorf("got %s", ack)
				}
				e := r.ended(l)
				if e.Code != code || e.Cause.By != call.ByParty || e.Cause.Text != "User busy" || len(e.Headers) != 1 {
					t.Errorf("got %+v", e)
				}
				bob.send(no)
				if again := bob.want("ACK "); again != ack {
					t.Errorf("got %s, want %s", again, ack)
				}
			})
		})
	}
}

func TestNobodyThere(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, first := bob.place()
		start := time.Now()
		n := 0
		for time.Since(start) < 11*time.Second {
			time.Sleep(100 * time.Millisecond)
			if m := bob.get(0); m != "" {
				if n++; m != first {
					t.Fatal("another INVITE")
				}
			}
		}
		if n != 4 { // timer A: 0.5, 1.5, 3.5, 7.5 s; timer B of the default: 10 s
			t.Errorf("got %d retransmissions, want 4", n)
		}
		if e := r.ended(l); e.Code != 408 || e.Cause.By != call.ByFailure {
			t.Errorf("got %+v", e)
		}
	})
}

func TestCancel(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		l.Hangup(call.CauseElsewhere)
		r.ended(l)
		bob.wantNone() // RFC 3261 §9.1: not before a provisional answer
		bob.send(reply(m, 180, "bob", nil, ""))
		cancel := bob.want("CANCEL ")
		for _, name := range []string{"Via", "To", "From", "Call-ID"} {
			wantHeader(t, cancel, name, header(m, name))
		}
		wantHeader(t, cancel, "CSeq", "1 CANCEL")
		wantHeader(t, cancel, "Reason", `SIP;cause=200;text="Call completed elsewhere"`)
		bob.send(reply(cancel, 200, "bob", nil, ""))
		bob.send(reply(m, 487, "bob", nil, ""))
		bob.want("ACK ")
		time.Sleep(time.Minute)
		bob.wantNone()
	})
}

func TestAnswerCrossesCancel(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		bob.send(reply(m, 180, "bob", nil, ""))
		r.event(l, call.Ringing)
		l.Hangup(call.CauseElsewhere)
		cancel := bob.want("CANCEL ")
		ok := reply(m, 200, "bob", []string{bob.contact()}, sdp(""))
		bob.send(ok)
		ack := bob.want("ACK ")
		bye := bob.want("BYE ")
		wantHeader(t, bye, "CSeq", "2 BYE")
		wantHeader(t, bye, "Reason", `SIP;cause=200;text="Call completed elsewhere"`)
		bob.send(reply(bye, 200, "", nil, ""))
		bob.send(reply(cancel, 481, "bob", nil, ""))
		bob.send(ok)
		if again := bob.want("ACK "); again != ack {
			t.Error("another ACK")
		}
		bob.wantNone()
		r.ended(l)
	})
}

// RFC 3261 §13.2.2.4: every 2xx is ACKed, and all but the first are ended.
func TestForkedCall(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		for _, tag := range []string{"one", "two", "three"} {
			bob.send(reply(m, 183, tag, []string{bob.contact()}, strings.Replace(sdp(""), "4000", map[string]string{"one": "4001", "two": "4002", "three": "4003"}[tag], 1)))
			if e := r.event(l, call.Ringing); !e.Early {
				t.Errorf("%s: got %+v", tag, e)
			}
		}
		if a, early := r.media.last().agreement(); !early || a.Remote.Port() != 4003 {
			t.Errorf("got %+v", a)
		}
		bob.send(reply(m, 200, "two", []string{bob.contact()}, strings.Replace(sdp(""), "4000", "4002", 1)))
		ack := bob.want("ACK ")
		if tagOf(header(ack, "To")) != "two" {
			t.Errorf("got %s", ack)
		}
		r.event(l, call.Answered)
		bob.send(reply(m, 200, "one", []string{bob.contact()}, sdp("")))
		if ack := bob.want("ACK "); tagOf(header(ack, "To")) != "one" {
			t.Errorf("got %s", ack)
		}
		bye := bob.want("BYE ")
		if tagOf(header(bye, "To")) != "one" {
			t.Errorf("got %s", bye)
		}
		bob.send(reply(bye, 200, "", nil, ""))
		if a, early := r.media.last().agreement(); early || a.Remote.Port() != 4002 {
			t.Errorf("got %+v", a)
		}
		r.noEvent(l)
	})
}

func TestManyProvisionals(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		for i := range 100 {
			bob.send(reply(m, 180, fmt.Sprint("t", i%40), nil, ""))
		}
		for range 100 {
			time.Sleep(time.Second)
			r.event(l, call.Ringing)
		}
		bob.send(reply(m, 200, "t1", []string{bob.contact()}, sdp("")))
		bob.want("ACK ")
		r.event(l, call.Answered)
	})
}

func TestCredentials(t *testing.T) {
	for _, tt := range []struct {
		name, header, value, want string
		code                      int
	}{
		{"MD5", "WWW-Authenticate", `Digest realm="there", nonce="n", algorithm=MD5, qop="auth"`, "Authorization", 401},
		{"SHA-256 first", "Proxy-Authenticate", `Digest realm="there", nonce="n", algorithm=SHA-256, qop="auth"`, "Proxy-Authorization", 407},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				bob := r.phone()
				l, m := bob.place(func(o *call.Outgoing) { o.Username, o.Password = "me", "secret" })
				challenge := reply(m, tt.code, "x", []string{tt.header + ": " + tt.value}, "")
				bob.send(challenge)
				bob.want("ACK ")
				again := bob.want("INVITE ")
				wantHeader(t, again, "CSeq", "2 INVITE")
				wantHeader(t, again, "Call-ID", header(m, "Call-ID"))
				wantHeader(t, again, "To", header(m, "To"))
				if !strings.Contains(header(again, tt.want), `username="me"`) || strings.Contains(again, "secret") {
					t.Errorf("got %s", again)
				}
				bob.send(reply(again, tt.code, "x", []string{tt.header + ": " + tt.value}, ""))
				bob.want("ACK ")
				if e := r.ended(l); e.Code != tt.code {
					t.Errorf("got %+v", e)
				}
			})
		})
	}
}

func TestAnswerThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"none", ""}, {"nonsense", "v=0\r\nfoo"}, {"refused", strings.Replace(sdp(""), "4000", "0", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				bob := r.phone()
				l, m := bob.place()
				bob.send(reply(m, 200, "bob", []string{bob.contact()}, tt.body))
				bob.want("ACK ")
				bob.want("BYE ")
				if e := r.ended(l); e.Cause.By != call.ByFailure || e.Cause.Code != 488 {
					t.Errorf("got %+v", e)
				}
			})
		})
	}
}

func TestAnswerWasInThe183(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		bob.send(reply(m, 183, "bob", []string{bob.contact()}, sdp("")))
		r.event(l, call.Ringing)
		bob.send(reply(m, 200, "bob", []string{bob.contact()}, ""))
		bob.want("ACK ")
		r.event(l, call.Answered)
	})
}

// Routes: a loose one is a header, a strict one takes the place of the Request-URI (RFC 3261 §12.2.1.1, §16.12.1.2).
// A phone behind a NAT names an address nobody here can reach.
// names resolves from a map.
func TestOnlyWhatWasAskedForIsOffered(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		_, m := bob.place(func(o *call.Outgoing) {
			o.Formats = []offer.Format{{Name: "opus", ClockRate: 48000, Channels: 2, PayloadType: 111, Fmtp: "useinbandfec=1"}}
		})
		if !strings.Contains(m, "m=audio 30000 RTP/AVP 111\r\n") || !strings.Contains(m, "a=rtpmap:111 opus/48000/2") {
			t.Errorf("got %s", m)
		}
	})
}
