package sipua_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/media/offer"
	"tandem/media/stream"
	"tandem/switch/call"
)

// reinvite is a re-INVITE of the caller's with a direction; "" without SDP.
func (q request) reinvite(m string, cseq int, direction string) request {
	re := q.within(m, "INVITE", cseq)
	if direction != "" {
		re.body, re.kind = sdp(direction), "application/sdp"
	}
	return re
}

func TestPartyHoldsAndResumes(t *testing.T) {
	for _, method := range []string{"INVITE", "UPDATE"} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(r *rig) {
				alice := r.phone()
				q, ok, l := alice.up("hold")
				for i, step := range []struct {
					says, hears string
					event       offer.Direction
				}{
					{"sendonly", "recvonly", offer.SendOnly},
					{"inactive", "inactive", offer.Inactive},
					{"sendrecv", "sendrecv", offer.SendRecv},
				} {
					re := q.reinvite(ok, 2+i, step.says)
					re.method = method
					alice.send(re.String())
					answer := alice.want("SIP/2.0 200")
					if !strings.Contains(bodyOf(answer), "a="+step.hears) && step.hears != "sendrecv" {
						t.Errorf("%s: got\n%s", step.says, bodyOf(answer))
					}
					if e := r.event(l, call.Held); e.Direction != step.event {
						t.Errorf("%s: got %v", step.says, e.Direction)
					}
					if method == "INVITE" {
						alice.send(q.within(answer, "ACK", 2+i).String())
					}
				}
				alice.send(q.reinvite(ok, 9, "sendrecv").String())
				alice.want("SIP/2.0 200")
				r.noEvent(l) // nothing has changed
			})
		})
	}
}

// Design §7.2: the re-INVITE of a phone that wants one codec comes right behind its ACK, or before it.
func TestReinviteOvertakesTheACK(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("fast")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		ok := alice.want("SIP/2.0 200")
		re := q.reinvite(ok, 2, "sendrecv")
		alice.send(re.String())
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		again := alice.want("SIP/2.0 200")
		wantHeader(t, again, "CSeq", "2 INVITE")
		alice.send(q.within(ok, "ACK", 1).String())
		alice.send(q.within(again, "ACK", 2).String())
		time.Sleep(time.Minute)
		alice.wantNone()
	})
}

func TestReinviteWithoutSDP(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, _ := alice.up("empty")
		re := q.reinvite(ok, 2, "")
		alice.send(re.String())
		answer := alice.want("SIP/2.0 200")
		if !strings.Contains(bodyOf(answer), "m=audio 30000") {
			t.Fatalf("no offer in\n%s", answer)
		}
		alice.send(q.reinvite(ok, 3, "sendrecv").String())
		alice.want("SIP/2.0 491") // our offer is open
		ack := q.within(answer, "ACK", 2)
		ack.body, ack.kind = strings.Replace(sdp(""), "4000", "4444", 1), "application/sdp"
		alice.send(ack.String())
		if a, _ := r.media.last().agreement(); a.Remote.Port() != 4444 {
			t.Errorf("got %+v", a)
		}
	})
}

func TestReinviteThatCannotBe(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("cannot")
		re := q.reinvite(ok, 2, "sendrecv")
		re.body = strings.NewReplacer("8 0 101", "18", "101 telephone-event", "18 G729").Replace(re.body)
		alice.send(re.String())
		alice.want("SIP/2.0 488")
		bad := q.reinvite(ok, 3, "sendrecv")
		bad.body = "nonsense"
		alice.send(bad.String())
		alice.want("SIP/2.0 400")
		if a, _ := r.media.last().agreement(); a.Formats[0].Name != "PCMA" {
			t.Errorf("got %+v", a)
		}
		r.noEvent(l)
		alice.send(q.reinvite(ok, 4, "sendrecv").String())
		alice.want("SIP/2.0 200")
	})
}

func TestSequenceNumbers(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("order")
		info := q.within(ok, "INFO", 5)
		alice.send(info.String())
		alice.want("SIP/2.0 200")
		alice.send(q.within(ok, "BYE", 4).String())
		alice.want("SIP/2.0 500")
		r.noEvent(l)
		other := q.within(ok, "BYE", 6)
		other.from = strings.Replace(other.from, "ftag-", "other-", 1)
		alice.send(other.String())
		alice.want("SIP/2.0 481")
		alice.send(q.within(ok, "BYE", 7).String())
		alice.want("SIP/2.0 200")
		r.ended(l)
	})
}

func TestTargetRefresh(t *testing.T) {
	bubble(t, func(r *rig) {
		alice, moved := r.phone(), r.phone()
		q, ok, l := alice.up("refresh")
		re := q.reinvite(ok, 2, "sendrecv")
		re.contact = "<sip:alice@" + moved.addr.String() + ">"
		alice.send(re.String())
		answer := alice.want("SIP/2.0 200")
		alice.send(q.within(answer, "ACK", 2).String())
		l.Hangup(call.CauseNormal)
		moved.want("BYE sip:alice@" + moved.addr.String())
		alice.wantNone()
	})
}

func TestWeHoldAndResume(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, _, _ := bob.taken()
		held := later(func() error { return l.Reinvite(r.t.Context(), offer.SendOnly) })
		re := bob.want("INVITE ")
		wantHeader(t, re, "CSeq", "2 INVITE")
		if !strings.Contains(bodyOf(re), "a=sendonly") {
			t.Errorf("got %s", bodyOf(re))
		}
		bob.send(reply(re, 200, "", []string{bob.contact()}, sdp("recvonly")))
		bob.want("ACK ")
		if err := <-held; err != nil {
			t.Fatal(err)
		}
		if a, _ := r.media.last().agreement(); a.Direction != offer.SendOnly {
			t.Errorf("got %v", a.Direction)
		}
		r.noEvent(l)
		resumed := later(func() error { return l.Reinvite(r.t.Context(), offer.SendRecv) })
		re = bob.want("INVITE ")
		bob.send(reply(re, 200, "", []string{bob.contact()}, sdp("")))
		bob.want("ACK ")
		if err := <-resumed; err != nil {
			t.Fatal(err)
		}
		if a, _ := r.media.last().agreement(); a.Direction != offer.SendRecv {
			t.Errorf("got %v", a.Direction)
		}
	})
}

func TestGlare(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("glare")
		held := later(func() error { return l.Reinvite(r.t.Context(), offer.SendOnly) })
		ours := alice.want("INVITE ")
		theirs := q.reinvite(ok, 2, "sendrecv")
		alice.send(theirs.String())
		no := alice.want("SIP/2.0 491")
		alice.send(theirs.String()) // the answer was lost
		if again := alice.want("SIP/2.0 "); again != no {
			t.Errorf("another answer the second time: %s", again)
		}
		theirs.method, theirs.body = "ACK", ""
		alice.send(theirs.String())
		alice.send(reply(ours, 491, "", nil, ""))
		alice.want("ACK ")
		start := time.Now()
		var again string
		for again == "" && time.Since(start) < 3*time.Second {
			time.Sleep(10 * time.Millisecond)
			again = alice.get(0)
		}
		// RFC 3261 §14.1: the caller made the Call-ID, so our pause is below two seconds.
		if pause := time.Since(start); !strings.HasPrefix(again, "INVITE ") || pause > 2050*time.Millisecond {
			t.Fatalf("after %v: got %q", pause, again)
		}
		wantHeader(t, again, "CSeq", "2 INVITE")
		alice.send(reply(again, 200, "", nil, sdp("recvonly")))
		alice.want("ACK ")
		if err := <-held; err != nil {
			t.Fatal(err)
		}
	})
}

func TestGlareOfACallWePlaced(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, _, _ := bob.taken()
		held := later(func() error { return l.Reinvite(r.t.Context(), offer.SendOnly) })
		bob.send(reply(bob.want("INVITE "), 491, "", nil, ""))
		bob.want("ACK ")
		start := time.Now()
		var again string
		for again == "" && time.Since(start) < 5*time.Second {
			time.Sleep(10 * time.Millisecond)
			again = bob.get(0)
		}
		if pause := time.Since(start); pause < 2100*time.Millisecond || pause > 4050*time.Millisecond {
			t.Errorf("came again after %v", pause)
		}
		bob.send(reply(again, 200, "", nil, sdp("recvonly")))
		bob.want("ACK ")
		if err := <-held; err != nil {
			t.Fatal(err)
		}
	})
}

func TestReinviteIsRefused(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, _, _ := bob.taken()
		held := later(func() error { return l.Reinvite(r.t.Context(), offer.SendOnly) })
		bob.send(reply(bob.want("INVITE "), 488, "", nil, ""))
		bob.want("ACK ")
		var refusal *call.Refusal
		if err := <-held; !errors.As(err, &refusal) || refusal.Code != 488 {
			t.Errorf("got %v", err)
		}
		r.noEvent(l)
		gone := later(func() error { return l.Reinvite(r.t.Context(), offer.SendOnly) })
		bob.send(reply(bob.want("INVITE "), 481, "", nil, ""))
		bob.want("ACK ")
		bob.want("BYE ")
		if err := <-gone; !errors.As(err, &refusal) || refusal.Code != 481 {
			t.Errorf("got %v", err)
		}
		if e := r.ended(l); e.Cause.By != call.ByFailure || e.Cause.Code != 481 {
			t.Errorf("got %+v", e)
		}
	})
}

func TestKeysByINFO(t *testing.T) {
	for _, tt := range []struct {
		kind, body string
		want       byte
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5'},
		{"application/dtmf-relay", "Signal= #\r\n", '#'},
		{"application/dtmf-relay", "Duration=100\r\nsignal=10\r\n", '*'},
		{"application/dtmf-relay", "Signal=11", '#'},
		{"application/dtmf", "7", '7'},
		{"application/dtmf", "Signal=a\r\n", 'A'},
		{"Application/DTMF; x=y", "15", 'D'},
	} {
		bubble(t, func(r *rig) {
			alice := r.phone()
			q, ok, l := alice.up("info")
			info := q.within(ok, "INFO", 2)
			info.kind, info.body = tt.kind, tt.body
			alice.send(info.String())
			alice.want("SIP/2.0 200")
			if e := r.event(l, call.Digit); e.Digit != tt.want {
				t.Errorf("%q: got %q", tt.body, e.Digit)
			}
			alice.send(info.String())
			alice.want("SIP/2.0 200")
			r.noEvent(l) // the same key only once
		})
	}
}

func TestOtherINFO(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("info2")
		info := q.within(ok, "INFO", 2)
		info.kind, info.body = "text/plain", "hello"
		alice.send(info.String())
		alice.want("SIP/2.0 200")
		if e := r.event(l, call.Info); e.Type != "text/plain" || string(e.Body) != "hello" {
			t.Errorf("got %+v", e)
		}
		info = q.within(ok, "INFO", 3)
		info.kind, info.body = "application/dtmf", "Z"
		alice.send(info.String())
		alice.want("SIP/2.0 400")
		r.noEvent(l)
		sent := later(func() error { return l.Info(r.t.Context(), "text/plain", []byte("hi")) })
		m := alice.want("INFO ")
		if bodyOf(m) != "hi" {
			t.Errorf("got %s", m)
		}
		alice.send(reply(m, 200, "", nil, ""))
		if err := <-sent; err != nil {
			t.Error(err)
		}
	})
}

func TestKeysFromTheStream(t *testing.T) {
	bubble(t, func(r *rig) {
		_, _, l := r.phone().up("rfc4733")
		r.media.last().watch(stream.Event{Kind: stream.Digit, Digit: '9'})
		if e := r.event(l, call.Digit); e.Digit != '9' {
			t.Errorf("got %+v", e)
		}
	})
}

func TestOptions(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, _ := alice.up("options")
		in := q.within(ok, "OPTIONS", 2)
		out := alice.invite("outside")
		out.method, out.body = "OPTIONS", ""
		for _, o := range []request{in, out} {
			alice.send(o.String())
			m := alice.want("SIP/2.0 200")
			if !strings.Contains(header(m, "Allow"), "UPDATE") || header(m, "Accept") != "application/sdp" {
				t.Errorf("got %s", m)
			}
		}
	})
}

func TestStamps(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		alice.send(alice.invite("stamp").String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		l.Stamp([]call.Header{{Name: "X-RestComm-CallSid", Value: "CA1"}, {Name: "X-Evil", Value: "a\nb"}})
		_ = l.Ring(r.t.Context())
		m := alice.want("SIP/2.0 180")
		wantHeader(t, m, "X-RestComm-CallSid", "CA1")
		wantHeader(t, m, "X-Evil", "")
	})
}
