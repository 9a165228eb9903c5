package sipua_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/switch/call"
	"tandem/switch/sipua"
	"tandem/switch/transport"
)

func TestRoutes(t *testing.T) {
	bubble(t, func(r *rig) {
		bob, proxy := r.phone(), r.phone()
		at := proxy.addr.String()
		for _, tt := range []struct {
			name    string
			records []string
			uri     string
			routes  []string
		}{
			{"loose", []string{"<sip:p2.example;lr>", "<sip:" + at + ";lr>"}, "sip:bob@10.9.9.9", []string{"<sip:" + at + ";lr>", "<sip:p2.example;lr>"}},
			{"one line", []string{"<sip:p2.example;lr>, <sip:" + at + ";lr>"}, "sip:bob@10.9.9.9", []string{"<sip:" + at + ";lr>", "<sip:p2.example;lr>"}},
			{"strict", []string{"<sip:p2.example;lr>", "<sip:" + at + ">"}, "sip:" + at, []string{"<sip:p2.example;lr>", "<sip:bob@10.9.9.9>"}},
		} {
			l, m := bob.place()
			extra := []string{"Contact: <sip:bob@10.9.9.9>"}
			for _, rr := range tt.records {
				extra = append(extra, "Record-Route: "+rr)
			}
			bob.send(reply(m, 200, "bob", extra, sdp("")))
			ack := proxy.want("ACK " + tt.uri + " SIP/2.0")
			if got := fmt.Sprint(headers(ack, "Route")); got != fmt.Sprint(tt.routes) {
				t.Errorf("%s: got routes %s, want %s", tt.name, got, tt.routes)
			}
			r.event(l, call.Answered)
			l.Hangup(call.CauseNormal)
			bye := proxy.want("BYE " + tt.uri + " SIP/2.0")
			proxy.send(reply(bye, 200, "", nil, ""))
			r.ended(l)
		}
	})
}

func TestRoutesOfACallThatComesIn(t *testing.T) {
	bubble(t, func(r *rig) {
		proxy := r.phone()
		q := proxy.invite("routed")
		q.contact = "<sip:alice@192.0.2.7>"
		q.extra = []string{"Record-Route: <sip:" + proxy.addr.String() + ";lr>", "Record-Route: <sip:far.example;lr>"}
		proxy.send(q.String())
		proxy.want("SIP/2.0 100")
		l := r.leg(0)
		answered := later(func() error { return l.Answer(context.Background(), nil) })
		ok := proxy.want("SIP/2.0 200")
		if got := headers(ok, "Record-Route"); len(got) != 2 || got[1] != "<sip:far.example;lr>" {
			t.Errorf("got Record-Route %q", got)
		}
		proxy.send(q.within(ok, "ACK", 1).String())
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		l.Hangup(call.CauseNormal)
		bye := proxy.want("BYE sip:alice@192.0.2.7 SIP/2.0")
		if got := headers(bye, "Route"); len(got) != 2 || got[1] != "<sip:far.example;lr>" {
			t.Errorf("got Route %q", got)
		}
	})
}

func TestContactBehindNAT(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place()
		bob.send(reply(m, 200, "bob", []string{"Contact: <sip:bob@0.0.0.0:5060>"}, sdp("")))
		bob.want("ACK sip:bob@0.0.0.0:5060")
		r.event(l, call.Answered)
	})
}

func TestViaSaysWhereItCameFrom(t *testing.T) {
	bubble(t, func(r *rig) {
		alice := r.phone()
		q := alice.invite("via")
		q.via = "192.168.1.7:5062"
		alice.send(q.String())
		m := alice.want("SIP/2.0 100")
		want := fmt.Sprintf("SIP/2.0/UDP 192.168.1.7:5062;branch=%s;rport=%d;received=127.0.0.1", q.branch, alice.addr.Port())
		wantHeader(t, m, "Via", want)
	})
}

func TestRegisteredContact(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		l, m := bob.place(func(o *call.Outgoing) {
			o.To = "sip:bob@192.168.77.1:5062"
			o.Path = call.Path{Source: "udp:" + bob.addr.String(), Local: "udp:" + r.local.String()}
		})
		if !strings.HasPrefix(m, "INVITE sip:bob@192.168.77.1:5062 ") {
			t.Errorf("got %s", m)
		}
		bob.send(reply(m, 200, "bob", []string{"Contact: <sip:bob@192.168.77.1:5062>"}, sdp("")))
		bob.want("ACK ")
		r.event(l, call.Answered)
		l.Hangup(call.CauseNormal)
		bob.want("BYE sip:bob@192.168.77.1:5062 ")
	})
}

func TestCannotBePlaced(t *testing.T) {
	bubble(t, func(r *rig) {
		for _, tt := range []struct {
			name string
			o    call.Outgoing
			code int
		}{
			{"no URI", call.Outgoing{To: "bob"}, 416},
			{"tel", call.Outgoing{To: "tel:+4930"}, 416},
			{"port out of range", call.Outgoing{To: "sip:bob@127.0.0.1:70000"}, 416},
			{"two hosts", call.Outgoing{To: "sip:bob@127.0.0.1@example.com"}, 416},
			{"no host", call.Outgoing{To: "sip:bob@"}, 416},
			{"line end", call.Outgoing{To: "sip:bob@127.0.0.1\r\nX: y"}, 416},
			{"flow has gone", call.Outgoing{To: "sip:bob@127.0.0.1", Path: call.Path{Flow: 4711}}, 480},
			{"hops used up", call.Outgoing{To: "sip:bob@127.0.0.1", MaxForwards: -1}, 483},
			{"name without resolver", call.Outgoing{To: "sip:bob@example.com"}, 404},
			{"sips", call.Outgoing{To: "sips:bob@127.0.0.1"}, 503},
		} {
			_, err := r.ua.Invite(r.t.Context(), tt.o)
			var refusal *call.Refusal
			if !errors.As(err, &refusal) || refusal.Code != tt.code {
				t.Errorf("%s: got %v, want %d", tt.name, err, tt.code)
			}
		}
		r.media.full = true
		if _, err := r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@127.0.0.1"}); !errors.Is(err, errFull) {
			t.Errorf("got %v", err)
		}
		if r.media.open() != 0 {
			t.Error("a stream is still open")
		}
	})
}

// RFC 3261 §19.1.5: headers of a URI are no part of the Request-URI.
func TestHeadersOfATargetAreLeftOut(t *testing.T) {
	bubble(t, func(r *rig) {
		bob := r.phone()
		_, m := bob.place(func(o *call.Outgoing) { o.To += ";user=phone?X-Evil=yes" })
		if want := "INVITE sip:bob@" + bob.addr.String() + ";user=phone SIP/2.0\r\n"; !strings.HasPrefix(m, want) || strings.Contains(m, "Evil") {
			t.Errorf("got %s", m)
		}
	})
}

type names map[string][]transport.Target

func (n names) Resolve(ctx context.Context, host string, _ int, _ *transport.Network, _ bool) ([]transport.Target, error) {
	if host == "slow.example" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if t, ok := n[host]; ok {
		return t, nil
	}
	return nil, errors.New("no such host")
}

func TestNextTarget(t *testing.T) {
	for _, tt := range []struct {
		name  string
		first func(p *phone, m string)
	}{
		{"503", func(p *phone, m string) {
			p.send(reply(m, 503, "x", nil, ""))
			p.want("ACK ")
		}},
		{"silence", func(*phone, string) { time.Sleep(10*time.Second + 20*time.Millisecond) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := names{}
			bubble(t, func(r *rig) {
				one, two := r.phone(), r.phone()
				found["bob.example"] = []transport.Target{{Network: transport.UDP, Addr: one.addr}, {Network: transport.UDP, Addr: two.addr}}
				l, err := r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@bob.example"})
				if err != nil {
					t.Fatal(err)
				}
				m := one.want("INVITE sip:bob@bob.example ")
				tt.first(one, m)
				again := two.want("INVITE sip:bob@bob.example ")
				if header(again, "Via") == header(m, "Via") || header(again, "Call-ID") != header(m, "Call-ID") {
					t.Errorf("got %s", again)
				}
				two.send(reply(again, 200, "bob", []string{two.contact()}, sdp("")))
				two.want("ACK ")
				r.event(l, call.Answered)
				if tt.name == "silence" { // a late answer of the first, whose transaction has ended, makes no second call
					for one.get(0) != "" { // retransmissions
					}
					one.send(reply(m, 200, "late", []string{one.contact()}, sdp("")))
					one.want("ACK ")
					one.want("BYE ")
				}
				r.noEvent(l)
			}, func(_ *sipua.Config, d *sipua.Deps) { d.Resolver = found })
		})
	}
}

func TestNameThatCannotBeFound(t *testing.T) {
	bubble(t, func(r *rig) {
		l, err := r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@nowhere.example"})
		if err != nil {
			t.Fatal(err)
		}
		if e := r.ended(l); e.Code != 404 || e.Cause.By != call.ByFailure {
			t.Errorf("got %+v", e)
		}
		r.media.full = true
		l, err = r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@known.example"})
		if err != nil {
			t.Fatal(err)
		}
		if e := r.ended(l); e.Code != 503 {
			t.Errorf("got %+v", e)
		}
		l, err = r.ua.Invite(r.t.Context(), call.Outgoing{To: "sip:bob@slow.example"})
		if err != nil {
			t.Fatal(err)
		}
		l.Hangup(call.CauseNormal)
		r.ended(l)
		if r.media.open() != 0 {
			t.Error("a stream is still open")
		}
	}, func(_ *sipua.Config, d *sipua.Deps) {
		d.Resolver = names{"known.example": {{Network: transport.UDP, Addr: netip.MustParseAddrPort("127.0.0.1:9")}}}
	})
}

func TestBesideSharesTheShard(t *testing.T) {
	bubble(t, func(r *rig) {
		alice, bob := r.phone(), r.phone()
		for i := range 8 {
			_, _, a := alice.up(fmt.Sprint("beside", i))
			b, m := bob.place(func(o *call.Outgoing) { o.Beside = a })
			if transport.ShardOf(a.ID(), r.ua.Shards()) != transport.ShardOf(b.ID(), r.ua.Shards()) {
				t.Errorf("%s and %s belong to two shards", a.ID(), b.ID())
			}
			if strings.Contains(m, "alice") || strings.Contains(m, "beside") || strings.Contains(m, alice.addr.String()) {
				t.Errorf("something of alice's reached bob:\n%s", m)
			}
		}
	})
}
