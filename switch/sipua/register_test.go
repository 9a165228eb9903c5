package sipua_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/registrar"
	"tandem/switch/sipua"
	"tandem/switch/sipua/siptest"
	"tandem/switch/transport"
)

// These are on real sockets: what a phone and its registration see of the whole
// path, transports included.

// clients is sipua.Users in a map.
type clients map[string]directory.Client

func (c clients) Client(login string) (directory.Client, bool) {
	u, ok := c[login]
	return u, ok
}

// kept is a registrar.Store without a disk.
type kept struct{}

func (kept) SaveBinding(registrar.Binding)                         {}
func (kept) DeleteBinding(string, string)                          {}
func (kept) Bindings(context.Context) ([]registrar.Binding, error) { return nil, nil }

// office is a user agent with a registrar on 127.0.0.1, for phones.
type office struct {
	addrs     map[transport.Network]string
	registrar *registrar.Registrar
}

func openOffice(t *testing.T) *office {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	users := clients{}
	for _, login := range []string{"alice", "bob"} {
		c := directory.Client{Login: login, Enabled: true}
		c.SetPassword(sipua.Default().Realm, "secret-"+login)
		users[login] = c
	}
	o := &office{addrs: map[transport.Network]string{}, registrar: registrar.New(registrar.Default(), kept{}, log, nil)}
	ua := sipua.New(sipua.Default(), sipua.Deps{
		Users: users, Registrar: o.registrar, Media: &fakeMedia{}, Log: log,
		Accept: func(l call.Leg) { _ = l.Refuse(&call.Refusal{Code: 486}) },
	})
	cfg := transport.Default()
	any4 := netip.MustParseAddrPort("127.0.0.1:0")
	cfg.Listen = []transport.Listen{{Network: transport.UDP, Addr: any4}, {Network: transport.TCP, Addr: any4}}
	layer := transport.New(cfg, ua.Shards(), ua, log, nil)
	if err := layer.Open(); err != nil {
		t.Fatal(err)
	}
	ua.Bind(layer)
	for _, l := range layer.Addrs() {
		o.addrs[l.Network] = l.Addr.String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = o.registrar.Serve(ctx) })
	serving.Go(func() { _ = ua.Serve(ctx) })
	serving.Go(func() { _ = layer.Serve(ctx) })
	t.Cleanup(func() { cancel(); serving.Wait() })
	return o
}

func (o *office) phone(t *testing.T, n transport.Network, login, password string) *siptest.Phone {
	t.Helper()
	return siptest.New(t, siptest.Options{Server: o.addrs[n], Network: n.String(), Login: login, Password: password})
}

func TestRegisterOverEachNetwork(t *testing.T) {
	for _, n := range []transport.Network{transport.UDP, transport.TCP} {
		t.Run(n.String(), func(t *testing.T) {
			o := openOffice(t)
			p := o.phone(t, n, "alice", "secret-alice")
			m := p.Register(300)
			if got := m.Header("Contact"); !strings.Contains(got, p.Addr().String()) || !strings.HasSuffix(got, "expires=300") {
				t.Errorf("Contact: got %q, want ours for 300 s", got)
			}
			list := o.registrar.Contacts("alice")
			if len(list) != 1 || list[0].Path.Source != n.String()+":"+p.Addr().String() || (list[0].Path.Flow != 0) != (n == transport.TCP) {
				t.Errorf("got bindings %+v, want the way the phone came", list)
			}
			p.Register(600)
			if got := o.registrar.Count(); got != 1 {
				t.Errorf("got %d bindings after a refresh, want 1", got)
			}
			p.Unregister()
			if got := o.registrar.Count(); got != 0 {
				t.Errorf("got %d bindings after unregistering, want 0", got)
			}
		})
	}
}

func TestClosedConnectionEndsItsRegistration(t *testing.T) {
	o := openOffice(t)
	p := o.phone(t, transport.TCP, "alice", "secret-alice")
	p.Register(300)
	p.Close()
	for deadline := time.Now().Add(10 * time.Second); o.registrar.Count() > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the binding outlived its connection by 10 s")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestStrangersLearnNothing(t *testing.T) {
	o := openOffice(t)
	for _, row := range []struct{ login, password string }{{"alice", "guess"}, {"nobody", "guess"}} {
		p := o.phone(t, transport.UDP, row.login, row.password)
		if m := p.TryRegister(300); m.Code() != 401 || m.Header("Contact") != "" {
			t.Errorf("%s: got %s, want 401 again", row.login, m)
		}
		p.Invite("bob").WantFinal(407)
	}
}

func TestRefusalsOfRegister(t *testing.T) {
	o := openOffice(t)
	p := o.phone(t, transport.UDP, "alice", "secret-alice")
	if m := p.TryRegister(5); m.Code() != 423 || m.Header("Min-Expires") != "60" {
		t.Errorf("got %s, want 423 with Min-Expires 60", m)
	}
	if m := p.TryRegister(60, "Require: outbound"); m.Code() != 420 || m.Header("Unsupported") != "outbound" {
		t.Errorf("got %s, want 420", m)
	}
	p.Invite("bob").WantFinal(486) // and the next call works
}

func TestMalformedIsAnsweredAndTheNextCallWorks(t *testing.T) {
	o := openOffice(t)
	p := o.phone(t, transport.UDP, "alice", "secret-alice")
	p.Send("INVITE sip:bob@h SIP/2.0\r\nVia: SIP/2.0/UDP " + p.Addr().String() + ";branch=z9hG4bKbad\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nMax-Forwards: many\r\nContact: <sip:a@h>\r\nCall-ID: bad\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
	m := p.Want("a 400", func(m *siptest.Message) bool { return m.Code() == 400 })
	if !strings.Contains(string(m.Raw), "Malformed Max-Forwards") {
		t.Errorf("got %s, want it to name the header", m)
	}
	p.Invite("bob").WantFinal(486)
}
