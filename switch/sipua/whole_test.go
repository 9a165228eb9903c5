package sipua_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media/engine"
	"tandem/media/stream"
	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/registrar"
	"tandem/switch/sipua"
	"tandem/switch/sipua/siptest"
	"tandem/switch/transport"
)

// house is a whole switch on loopback but for plans and the store: who dials a login is connected to it.
type house struct {
	addr     map[string]string // by network
	ua       *sipua.UA
	calls    *call.Manager
	bindings *registrar.Registrar
	media    *engine.Engine
	clients  map[string]directory.Client
	mu       sync.Mutex
	records  []call.Summary
}

const password = "correct horse battery"

func openHouse(t *testing.T) *house {
	t.Helper()
	return openHouseAt(t, "127.0.0.1", func(*sipua.Config) {})
}

// openHouseAt opens a switch at one of our addresses, with what a test wants to be otherwise.
func openHouseAt(t *testing.T, host string, change func(*sipua.Config)) *house {
	t.Helper()
	addr := netip.MustParseAddr(host)
	log, metrics := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	h := &house{addr: map[string]string{}, clients: map[string]directory.Client{}}
	for _, login := range []string{"alice", "bob"} {
		c := directory.Client{Login: login, Account: "AChouse", Enabled: true}
		c.SetPassword("tandem", password)
		h.clients[login] = c
	}
	media := engine.Default()
	media.Ports, media.Address, media.Workers = "41000-41999", []netip.Addr{addr}, 1
	e, err := engine.New(media, log, metrics)
	if err != nil {
		t.Fatal(err)
	}
	h.media = e
	h.bindings = registrar.New(registrar.Default(), noStore{}, log, metrics)
	cfg := sipua.Default()
	change(&cfg)
	ua := sipua.New(cfg, sipua.Deps{
		Users: h, Registrar: h.bindings, Media: sipua.Engine(stream.New(e)),
		Accept: func(l call.Leg) { h.calls.Accept(l) }, Admit: func() *call.Refusal { return h.calls.Admit() },
		Log: log, Registerer: metrics,
	})
	h.ua = ua
	sip := transport.Default()
	sip.Listen = nil
	for _, n := range []transport.Network{transport.UDP, transport.TCP} {
		sip.Listen = append(sip.Listen, transport.Listen{Network: n, Addr: netip.AddrPortFrom(addr, 0)})
	}
	layer := transport.New(sip, ua.Shards(), ua, log, metrics)
	ua.Bind(layer)
	if err := layer.Open(); err != nil {
		t.Fatal(err)
	}
	for _, l := range layer.Addrs() {
		h.addr[l.Network.String()] = l.Addr.String()
	}
	h.calls = call.New(call.Default(), call.Deps{Inviter: ua, Dialer: h, Mux: h, Records: h, Log: log, Registerer: metrics})
	h.serve(t, e.Serve, h.bindings.Serve, ua.Serve, layer.Serve)
	return h
}

// serve runs all until the test ends, the first to be started last to stop.
func (h *house) serve(t *testing.T, all ...func(context.Context) error) {
	t.Helper()
	for _, f := range all {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = f(ctx)
		}()
		t.Cleanup(func() {
			cancel()
			<-done
		})
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = h.calls.Drain(ctx)
	})
}

func (h *house) phone(t *testing.T, login, network string) *siptest.Phone {
	t.Helper()
	return siptest.New(t, siptest.Options{Server: h.addr[network], Network: network, Login: login, Password: password, Agent: "phone of " + login})
}

func (h *house) Client(login string) (directory.Client, bool) {
	c, ok := h.clients[login]
	return c, ok
}

func (h *house) Resolve(_ context.Context, _ string, t call.Target) ([]call.Outgoing, error) {
	var list []call.Outgoing
	for _, b := range h.bindings.Contacts(t.Value) {
		list = append(list, call.Outgoing{To: b.Contact, Path: b.Path})
	}
	if list == nil {
		return nil, &call.Refusal{Code: 480}
	}
	return list, nil
}

func (h *house) Route(_ context.Context, c *call.Call) (call.Handler, error) {
	c.Claim(c.Party().Account, "")
	return call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
		res, err := c.Dial(ctx, call.Dial{
			Targets:    []call.Target{{Kind: call.TargetClient, Value: c.Party().To.User}},
			EarlyMedia: true, AnswerOnBridge: true, PassHold: true,
		})
		if err == nil && !res.Bridged {
			return &call.Refusal{Code: res.Code}
		}
		return err
	}), nil
}

func (h *house) Began(*call.Summary) {}

func (h *house) Answered(call.ID, time.Time, time.Time) {}
func (h *house) Ended(s *call.Summary) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, *s)
}

// settled waits until no call is up and every port is back.
func (h *house) settled(t *testing.T) {
	t.Helper()
	for range 200 {
		if h.calls.Len() == 0 && h.media.Ports.InUse() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d calls are up, %d ports in use", h.calls.Len(), h.media.Ports.InUse())
}

type noStore struct{}

func (noStore) SaveBinding(registrar.Binding)                         {}
func (noStore) DeleteBinding(_, _ string)                             {}
func (noStore) Bindings(context.Context) ([]registrar.Binding, error) { return nil, nil }

func TestTwoPhonesTalk(t *testing.T) {
	for _, way := range []struct{ alice, bob string }{{"udp", "udp"}, {"tcp", "udp"}, {"udp", "tcp"}} {
		t.Run(way.alice+" to "+way.bob, func(t *testing.T) {
			h := openHouse(t)
			alice, bob := h.phone(t, "alice", way.alice), h.phone(t, "bob", way.bob)
			alice.Register(300)
			bob.Register(300)
			out := alice.Invite("bob")
			in := bob.WantCall()
			in.Ring()
			out.WantProvisional(180)
			in.Answer()
			out.WantFinal(200)
			for _, secret := range []string{"phone of alice", out.ID(), alice.Addr().String()} {
				if m := in.INVITE().String(); strings.Contains(m, secret) {
					t.Errorf("%q of alice's reached bob:\n%s", secret, m)
				}
			}
			defer out.Media().Tone(440)()
			defer in.Media().Tone(1000)()
			in.Media().WantTone(440, 300*time.Millisecond)
			out.Media().WantTone(1000, 300*time.Millisecond)
			out.Hold()
			out.Resume()
			in.Media().WantTone(440, 200*time.Millisecond)
			out.Bye()
			in.WantBye()
			h.settled(t)
		})
	}
}

func TestCalleeIsBusyOrGivenUp(t *testing.T) {
	h := openHouse(t)
	alice, bob := h.phone(t, "alice", "udp"), h.phone(t, "bob", "udp")
	bob.Register(300)
	out := alice.Invite("bob")
	bob.WantCall().Refuse(486)
	out.WantFinal(486)
	out = alice.Invite("bob")
	in := bob.WantCall()
	in.Ring()
	out.WantProvisional(180)
	out.Cancel()
	out.WantFinal(487)
	in.WantCancel()
	alice.Invite("nobody").WantFinal(480)
	h.settled(t)
}

// Simultaneous ringing: the first answers, the others hear why they stop.
func TestAllContactsRing(t *testing.T) {
	h := openHouse(t)
	alice, desk, cell := h.phone(t, "alice", "udp"), h.phone(t, "bob", "udp"), h.phone(t, "bob", "tcp")
	desk.Register(300)
	cell.Register(300)
	out := alice.Invite("bob")
	one, two := desk.WantCall(), cell.WantCall()
	one.Ring()
	two.Ring()
	two.Answer()
	out.WantFinal(200)
	one.WantCancel()
	if !strings.Contains(one.Reason(), "Call completed elsewhere") {
		t.Errorf("got Reason %q", one.Reason())
	}
	two.Bye()
	out.WantBye()
	h.settled(t)
}

// A binding over a connection goes with it.
func TestConnectionOfACalleeIsGone(t *testing.T) {
	h := openHouse(t)
	alice, bob := h.phone(t, "alice", "udp"), h.phone(t, "bob", "tcp")
	bob.Register(300)
	bob.Close()
	for range 100 {
		if len(h.bindings.Contacts("bob")) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	alice.Invite("bob").WantFinal(480)
	h.settled(t)
}

// RFC 3261 §18.1.1: a long request goes by TCP, if the callee takes that and nobody said UDP.
func TestLongInvite(t *testing.T) {
	for _, tt := range []struct {
		name, param string
		tcp         bool
		want        string
	}{
		{"callee takes TCP", "", true, "tcp"},
		{"callee does not", "", false, "udp"},
		{"UDP is named", ";transport=udp", true, "udp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := openHouse(t)
			h.phone(t, "alice", "udp").Register(300) // the layer serves from here on
			u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = u.Close() }()
			came := make(chan string, 8)
			go func() {
				b := make([]byte, 65536)
				if n, err := u.Read(b); err == nil && n > 1300 {
					came <- "udp"
				}
			}()
			if tt.tcp {
				l, err := net.Listen("tcp4", u.LocalAddr().String())
				if err != nil {
					t.Skip("the port is taken for TCP:", err)
				}
				defer func() { _ = l.Close() }()
				go func() {
					c, err := l.Accept()
					if err != nil {
						return
					}
					defer func() { _ = c.Close() }()
					if n, err := c.Read(make([]byte, 65536)); err == nil && n > 1300 {
						came <- "tcp"
					}
				}()
			}
			l, err := h.ua.Invite(t.Context(), call.Outgoing{
				To: "sip:bob@" + u.LocalAddr().String() + tt.param, Headers: []call.Header{{Name: "X-Long", Value: strings.Repeat("x", 1000)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			select {
			case got := <-came:
				if got != tt.want {
					t.Errorf("it came by %s, want %s", got, tt.want)
				}
			case e := <-l.Events():
				t.Fatalf("got event %+v", e)
			case <-time.After(10 * time.Second):
				t.Fatal("it did not come")
			}
			l.Hangup(call.CauseNormal)
			if e := <-l.Events(); e.Kind != call.Ended {
				t.Errorf("got %+v", e)
			}
			h.settled(t)
		})
	}
}

// RFC 5626 in spirit: a client that lost its connection during a call hears the end of it over the new one.
func TestConnectionIsLostDuringACall(t *testing.T) {
	h := openHouse(t)
	alice, bob := h.phone(t, "alice", "tcp"), h.phone(t, "bob", "udp")
	alice.Register(300)
	bob.Register(300)
	out := alice.Invite("bob")
	in := bob.WantCall()
	in.Answer()
	out.WantFinal(200)
	alice.Close()
	again := h.phone(t, "alice", "tcp")
	again.Register(300)
	in.Bye()
	again.Want("the BYE of the call", func(m *siptest.Message) bool { return m.Method() == "BYE" && m.CallID() == out.ID() })
	h.settled(t)
}
