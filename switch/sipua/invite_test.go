package sipua_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
	"tandem/switch/transport"
)

func TestCallComesInAndIsHungUp(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("in1")
		alice.send(q.String())
		trying := alice.want("SIP/2.0 100 Trying")
		l := r.leg(0)
		p := l.Party()
		if p.From.User != "alice" || p.From.Display != "Alice" || p.To.User != "100" || p.Account != "ACtest" || !p.Inbound {
			t.Errorf("got party %+v", p)
		}
		if r.media.open() != 0 {
			t.Error("a socket is open before anybody wanted media")
		}
		if err := l.Ring(r.t.Context()); err != nil {
			t.Fatal(err)
		}
		ringing := alice.want("SIP/2.0 180 Ringing")
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		ok := alice.want("SIP/2.0 200 OK")
		tag := tagOf(header(ok, "To"))
		if tag == "" || tagOf(header(ringing, "To")) != tag || tagOf(header(trying, "To")) != tag {
			t.Errorf("To tags differ:\n%s%s%s", trying, ringing, ok)
		}
		for _, name := range []string{"Via", "From", "Call-ID", "CSeq"} {
			if header(ok, name) == "" || name != "Via" && header(ok, name) != header(q.String(), name) {
				t.Errorf("%s of the answer is %q", name, header(ok, name))
			}
		}
		alice.send(q.within(ok, "ACK", 1).String())
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		a, early := r.media.last().agreement()
		if early || a.Remote.Port() != 4000 || len(a.Formats) != 2 || a.Formats[0].Name != "PCMA" {
			t.Errorf("got agreement %+v, early %v", a, early)
		}
		l.Hangup(call.CauseNormal)
		bye := alice.want("BYE sip:alice@")
		wantHeader(t, bye, "CSeq", "1 BYE")
		wantHeader(t, bye, "To", header(q.String(), "From"))
		wantHeader(t, bye, "From", header(ok, "To"))
		wantHeader(t, bye, "Reason", `Q.850;cause=16;text="Normal clearing"`)
		if e := r.ended(l); e.Cause != call.CauseNormal {
			t.Errorf("got cause %+v", e.Cause)
		}
		alice.send(reply(bye, 200, "", nil, ""))
		time.Sleep(time.Minute)
		alice.wantNone()
		if r.media.open() != 0 {
			t.Error("the stream is still open")
		}
	})
}

func TestPartyHangsUp(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("in2")
		bye := q.within(ok, "BYE", 2)
		bye.extra = []string{`Reason: SIP;cause=200;text="had enough"`, "X-Why: tired"}
		alice.send(bye.String())
		alice.want("SIP/2.0 200")
		e := r.ended(l)
		if e.Cause.By != call.ByParty || e.Cause.Text != "had enough" || len(e.Headers) != 1 {
			t.Errorf("got %+v", e)
		}
		alice.send(bye.String())
		alice.want("SIP/2.0 200") // again, from the transaction
		next := q.within(ok, "BYE", 3)
		alice.send(next.String())
		alice.want("SIP/2.0 481")
	})
}

// RFC 3261 §13.3.1.4: the 2xx goes out after T1, 2*T1 … T2, until 64*T1 have passed; then a BYE.
func TestAnswerGoesOutAgainUntilTheACK(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		alice.send(alice.invite("in3").String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		first := alice.want("SIP/2.0 200")
		start := time.Now()
		var at []time.Duration
		for time.Since(start) < 40*time.Second {
			time.Sleep(10 * time.Millisecond)
			m := alice.get(0)
			if strings.HasPrefix(m, "BYE") {
				at = append(at, -time.Since(start).Round(100*time.Millisecond))
				break
			}
			if m != "" {
				if m != first {
					t.Fatalf("the 2xx changed:\n%s\n%s", first, m)
				}
				at = append(at, time.Since(start).Round(100*time.Millisecond))
			}
		}
		want := []time.Duration{500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500, -32000}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if len(at) != len(want) {
			t.Fatalf("got %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Fatalf("got %v, want %v", at, want)
			}
		}
		if err := <-answered; err == nil {
			t.Error("Answer returned without an error")
		}
		if e := r.ended(l); e.Cause.By != call.ByFailure || e.Cause.Code != 408 {
			t.Errorf("got %+v", e.Cause)
		}
	})
}

func TestCallerGivesUp(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("in4")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		_ = l.Ring(r.t.Context())
		ringing := alice.want("SIP/2.0 180")
		cancel := q
		cancel.method, cancel.body, cancel.contact = "CANCEL", "", ""
		cancel.extra = []string{`Reason: SIP;cause=200;text="Call completed elsewhere"`}
		alice.send(cancel.String())
		ok := alice.want("SIP/2.0 200")
		wantHeader(t, ok, "CSeq", "1 CANCEL")
		gone := alice.want("SIP/2.0 487")
		if tagOf(header(gone, "To")) != tagOf(header(ringing, "To")) || tagOf(header(ok, "To")) != tagOf(header(ringing, "To")) {
			t.Errorf("To tags differ:\n%s%s%s", ringing, ok, gone)
		}
		e := r.ended(l)
		if e.Code != 487 || e.Cause.By != call.ByParty || e.Cause.Text != "Call completed elsewhere" {
			t.Errorf("got %+v", e)
		}
		time.Sleep(500 * time.Millisecond)
		alice.want("SIP/2.0 487") // until the ACK
		ack := q
		ack.method, ack.to, ack.body = "ACK", header(gone, "To"), ""
		alice.send(ack.String())
		time.Sleep(40 * time.Second)
		alice.wantNone()
		if err := l.Answer(r.t.Context(), nil); !errors.Is(err, call.ErrEnded) {
			t.Errorf("Answer of a cancelled call: got %v", err)
		}
	})
}

func TestCancelCrossesTheAnswer(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("in5")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		ok := alice.want("SIP/2.0 200")
		cancel := q
		cancel.method, cancel.body = "CANCEL", ""
		alice.send(cancel.String())
		wantHeader(t, alice.want("SIP/2.0 200"), "CSeq", "1 CANCEL")
		alice.send(q.within(ok, "ACK", 1).String())
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		alice.send(q.within(ok, "BYE", 2).String())
		alice.want("SIP/2.0 200")
		r.ended(l)
	})
}

func TestHangupBeforeTheACK(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("in7")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		ok := alice.want("SIP/2.0 200")
		l.Hangup(call.CauseNormal)
		r.ended(l)
		if err := <-answered; !errors.Is(err, call.ErrEnded) {
			t.Errorf("Answer: got %v", err)
		}
		alice.wantNone() // RFC 3261 §15: no BYE before the ACK
		alice.send(q.within(ok, "ACK", 1).String())
		bye := alice.want("BYE ")
		alice.send(reply(bye, 200, "", nil, ""))
	})
}

func TestByesCross(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("in8")
		l.Hangup(call.CauseNormal)
		alice.want("BYE ")
		alice.send(q.within(ok, "BYE", 2).String())
		alice.want("SIP/2.0 200")
		r.ended(l)
	})
}

func TestEarlyMedia(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("in9")
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		pcmu := []offer.Format{{Name: "PCMU", ClockRate: 8000, Channels: 1}}
		if err := l.Progress(r.t.Context(), pcmu); err != nil {
			t.Fatal(err)
		}
		progress := alice.want("SIP/2.0 183")
		if !strings.Contains(bodyOf(progress), "m=audio 30000 RTP/AVP 0") {
			t.Errorf("got %s", progress)
		}
		if _, early := r.media.last().agreement(); !early {
			t.Error("the stream does not know that the media is early")
		}
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		ok := alice.want("SIP/2.0 200")
		if bodyOf(ok) != bodyOf(progress) {
			t.Errorf("the 200 says something else:\n%s\n%s", bodyOf(progress), bodyOf(ok))
		}
		if _, early := r.media.last().agreement(); early {
			t.Error("the stream does not know that the call is answered")
		}
		alice.send(q.within(ok, "ACK", 1).String())
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	})
}

func TestOfferComesLate(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		fails        bool
	}{
		{"answer in the ACK", sdp(""), false},
		{"no answer", "", true},
		{"nonsense", "hello", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				alice := r.phone()
				q := alice.invite("late")
				q.body = ""
				alice.send(q.String())
				alice.want("SIP/2.0 100")
				l := r.leg(0)
				if err := l.Progress(r.t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if m := alice.want("SIP/2.0 183"); bodyOf(m) != "" {
					t.Errorf("an offer in an unreliable answer:\n%s", m)
				}
				answered := later(func() error { return l.Answer(context.Background(), nil) })
				ok := alice.want("SIP/2.0 200")
				if !strings.Contains(bodyOf(ok), "m=audio 30000") {
					t.Errorf("no offer in\n%s", ok)
				}
				ack := q.within(ok, "ACK", 1)
				ack.body, ack.kind = tt.answer, "application/sdp"
				alice.send(ack.String())
				err := <-answered
				if (err != nil) != tt.fails {
					t.Errorf("Answer: got %v", err)
				}
				if tt.fails {
					alice.want("BYE ")
					if e := r.ended(l); e.Cause.Code != 488 {
						t.Errorf("got %+v", e)
					}
					return
				}
				if a, _ := r.media.last().agreement(); a.Remote.Port() != 4000 {
					t.Errorf("got %+v", a)
				}
			})
		})
	}
}

// RFC 3261 §8.2.2.2.
func TestInviteComesAgain(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("again")
		alice.send(q.String())
		trying := alice.want("SIP/2.0 100")
		alice.send(q.String())
		if again := alice.want("SIP/2.0 100"); again != trying {
			t.Errorf("got %q, want %q", again, trying)
		}
		_ = r.leg(0).Ring(r.t.Context())
		ringing := alice.want("SIP/2.0 180")
		alice.send(q.String())
		if again := alice.want("SIP/2.0 180"); again != ringing {
			t.Errorf("got %q, want %q", again, ringing)
		}
		if len(r.legs) != 1 {
			t.Errorf("got %d calls", len(r.legs))
		}
	})
}

func TestShutdownEndsLegs(t *testing.T) {
	bubble(t, func(r *rig) {
		_, _, in := r.phone().up("down")
		out, _, _ := r.phone().taken()
		ringing, _ := r.phone().place()
		r.stop()
		for _, l := range []call.Leg{in, out, ringing} {
			if e := r.ended(l); e.Cause != call.CauseShutdown {
				t.Errorf("got %+v", e)
			}
			if err := l.Info(r.t.Context(), "text/plain", nil); !errors.Is(err, call.ErrEnded) {
				t.Errorf("Info: got %v", err)
			}
		}
		if _, err := r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@127.0.0.1"}); !errors.Is(err, call.ErrEnded) {
			t.Errorf("Invite: got %v", err)
		}
		if r.media.open() != 0 {
			t.Error("a stream is still open")
		}
	})
}

// Design §2: what a dialog sends back to back is handled in that order.
func TestOrderIsKept(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("order")
		const keys = "0123456789*#ABCD"
		flow, err := r.layer.Connect(transport.UDP, r.local, alice.addr)
		if err != nil {
			t.Fatal(err)
		}
		for i, key := range keys {
			info := q.within(ok, "INFO", 2+i)
			info.kind, info.body = "application/dtmf", string(key)
			m, err := transport.Index([]byte(info.String()))
			if err != nil {
				t.Fatal(err)
			}
			m.Flow = flow
			r.ua.Receive(transport.ShardOf(m.CallID, r.ua.Shards()), []transport.Message{m})
		}
		var got []byte
		for range keys {
			time.Sleep(50 * time.Millisecond) // the channel is shorter than that
			got = append(got, r.event(l, call.Digit).Digit)
		}
		if string(got) != keys {
			t.Errorf("got %q, want %q", got, keys)
		}
	})
}

// Design §2: an answer goes back as it is, however long.
func TestLongAnswer(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("long")
		for range 40 {
			q.extra = append(q.extra, "Record-Route: <sip:"+strings.Repeat("p", 40)+".example;lr>")
		}
		alice.send(q.String())
		alice.want("SIP/2.0 100")
		l := r.leg(0)
		go func() { _ = l.Answer(context.Background(), nil) }()
		if ok := alice.want("SIP/2.0 200"); len(ok) < 2500 {
			t.Errorf("got %d bytes", len(ok))
		}
	})
}

// Design §2: what can be read is answered, however broken.
func TestCallsAreCounted(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q, ok, l := alice.up("count")
		alice.send(q.String())
		alice.send(q.within(ok, "BYE", 2).String())
		alice.want("SIP/2.0 200")
		r.ended(l)
		want := map[string]float64{
			`tandem_sip_requests_total{direction="inbound",method="INVITE"}`:               2 - 1,
			`tandem_sip_requests_total{direction="inbound",method="ACK"}`:                  1,
			`tandem_sip_requests_total{direction="inbound",method="BYE"}`:                  1,
			`tandem_sip_responses_total{class="1xx",direction="outbound",method="INVITE"}`: 1,
			`tandem_sip_responses_total{class="2xx",direction="outbound",method="INVITE"}`: 1,
			`tandem_sip_responses_total{class="2xx",direction="outbound",method="BYE"}`:    1,
			`tandem_sip_retransmissions_total{direction="inbound"}`:                        1,
		}
		got := r.counters()
		for name, v := range want {
			if got[name] != v {
				t.Errorf("%s: got %v, want %v", name, got[name], v)
			}
		}
		time.Sleep(time.Minute)
		alice.send(alice.invite("tick").String()) // gauges are published with the next message
		alice.want("SIP/2.0 100")
		synctest.Wait()
		held := 0.0
		for name, v := range r.counters() {
			if strings.HasPrefix(name, "tandem_sip_held{") && !strings.Contains(name, "timer") {
				held += v
			}
		}
		if held != 2 { // the INVITE's transaction and its dialog
			t.Errorf("%v transactions and dialogs are held, want 2", held)
		}
	})
}
