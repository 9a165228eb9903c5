package sipua_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media/offer"
	"tandem/switch/call"
)

// walk is a call in which both sides do anything at any time.
type walk struct {
	r     *rig
	p     *phone
	l     call.Leg
	rand  *rand.Rand
	ended atomic.Bool
	seq   int
	first request // of an inbound call
	heard string  // an answer of ours with a To tag
}

// Whatever a phone and a plan do, in whatever order, the leg ends once it is hung up, its stream closes, and nothing is left.
func TestNothingIsLeftOfAnyCall(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(r *rig) {
				w := &walk{r: r, p: r.phone(), rand: rand.New(rand.NewPCG(seed, 7)), seq: 1}
				if seed%2 == 0 {
					w.first = w.p.invite(fmt.Sprint("walk", seed))
					w.p.send(w.first.String())
					w.l = r.leg(0)
				} else {
					var m string
					w.l, m = w.p.place()
					w.called(m)
					w.respond(m)
				}
				go func() {
					for range w.l.Events() { // until the leg has ended
					}
					w.ended.Store(true)
				}()
				for range 40 {
					w.step()
				}
				w.l.Hangup(call.CauseNormal)
				for _, l := range r.legs { // an INVITE that came again very late is another call
					l.Hangup(call.CauseNormal)
				}
				synctest.Wait()
				if !w.ended.Load() {
					t.Error("the leg was hung up and has not ended")
				}
				time.Sleep(4 * time.Minute)
				if n := r.media.open(); n != 0 {
					t.Errorf("%d streams are open", n)
				}
				for name, n := range r.counters() {
					if n != 0 && (strings.HasPrefix(name, "tandem_sip_held") || strings.HasPrefix(name, "tandem_sip_panics")) {
						t.Errorf("%s is %v in the end", name, n)
					}
				}
			})
		})
	}
}

// called readies the requests of a phone that was called by m.
func (w *walk) called(m string) {
	w.first = w.p.invite(header(m, "Call-ID"))
	w.first.callID, w.first.from, w.first.to = header(m, "Call-ID"), header(m, "To")+";tag=bob", header(m, "From")
	w.heard = "SIP/2.0 200 OK\r\nTo: " + header(m, "From") + "\r\nContact: " + header(m, "Contact") + "\r\n\r\n"
}

// step does one thing.
func (w *walk) step() {
	ctx, inbound := w.r.t.Context(), w.l.Party().Inbound
	switch n := w.rand.IntN(20); {
	case n < 3:
		time.Sleep(time.Duration(w.rand.IntN(8000)) * time.Millisecond)
	case n < 9:
		w.read()
	case n == 9 && inbound:
		w.p.send(w.first.String())
	case n == 10 && inbound:
		go func() { _ = w.l.Ring(ctx) }()
	case n == 11 && inbound:
		go func() { _ = w.l.Progress(ctx, nil) }()
	case n == 12 && inbound:
		go func() { _ = w.l.Answer(ctx, nil) }()
	case n == 13 && w.rand.IntN(4) == 0:
		w.l.Hangup(call.CauseNormal)
	case n == 14 && inbound && w.rand.IntN(4) == 0:
		_ = w.l.Refuse(&call.Refusal{Code: 486})
	case n == 15:
		d := []offer.Direction{offer.SendOnly, offer.SendRecv, offer.Inactive}[w.rand.IntN(3)]
		go func() { _ = w.l.Reinvite(ctx, d) }()
	case n == 16:
		go func() { _ = w.l.Info(context.WithoutCancel(ctx), "text/plain", []byte("x")) }()
	default:
		w.ask()
	}
	synctest.Wait()
}

// ask sends a request of the phone's.
func (w *walk) ask() {
	if w.heard == "" || w.rand.IntN(6) == 0 {
		cancel := w.first
		cancel.method, cancel.body = "CANCEL", ""
		if w.rand.IntN(4) == 0 && w.l.Party().Inbound {
			w.p.send(cancel.String())
		}
		return
	}
	methods := []string{"INVITE", "INVITE", "UPDATE", "INFO", "OPTIONS", "ACK", "BYE"}
	method := methods[w.rand.IntN(len(methods))]
	if method == "BYE" && w.rand.IntN(3) > 0 {
		return
	}
	if method != "ACK" {
		w.seq++
	}
	q := w.first.within(w.heard, method, w.seq-w.rand.IntN(2))
	if method == "INVITE" || method == "UPDATE" {
		if w.rand.IntN(3) > 0 {
			q.body, q.kind = sdp([]string{"", "sendonly", "inactive"}[w.rand.IntN(3)]), "application/sdp"
		}
	}
	w.p.send(q.String())
	if w.rand.IntN(3) == 0 {
		w.p.send(q.String())
	}
}

// read takes what the switch has sent and mostly answers it.
func (w *walk) read() {
	for m := w.p.get(0); m != ""; m = w.p.get(0) {
		switch {
		case !strings.HasPrefix(m, "SIP/2.0 "):
			w.respond(m)
		case strings.Contains(header(m, "To"), ";tag="):
			if w.l.Party().Inbound {
				w.heard = m
			}
			final := !strings.HasPrefix(m, "SIP/2.0 1")
			if seq, method, _ := strings.Cut(header(m, "CSeq"), " "); final && method == "INVITE" && w.rand.IntN(4) > 0 {
				n := 0
				_, _ = fmt.Sscan(seq, &n)
				q := w.first.within(m, "ACK", n)
				if !strings.HasPrefix(m, "SIP/2.0 2") {
					_, q.branch, _ = strings.Cut(header(m, "Via"), "branch=")
					q.branch, _, _ = strings.Cut(q.branch, ";")
				}
				w.p.send(q.String())
			}
		}
	}
}

// respond answers a request of the switch's somehow.
func (w *walk) respond(m string) {
	method, _, _ := strings.Cut(m, " ")
	codes := []int{0, 100, 180, 183, 200, 200, 200, 200, 401, 408, 481, 486, 491, 503}
	code := codes[w.rand.IntN(len(codes))]
	if method == "ACK" || code == 0 {
		return
	}
	body := ""
	if method == "INVITE" && (code == 200 || code == 183) && w.rand.IntN(5) > 0 {
		body = sdp("")
	}
	tag := []string{"bob", "bob", "bob", "fork"}[w.rand.IntN(4)]
	var contact []string
	if w.rand.IntN(6) > 0 {
		contact = []string{w.p.contact()}
	}
	w.p.send(reply(m, code, tag, contact, body))
}
