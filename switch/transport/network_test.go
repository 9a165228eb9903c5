package transport_test

import (
	"net/netip"
	"strings"
	"testing"

	"tandem/switch/transport"
)

func TestParseListen(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"udp:127.0.0.1:5060", "udp:127.0.0.1:5060"},
		{"TCP:[::1]:5060", "tcp:[::1]:5060"},
		{"udp:[::ffff:192.0.2.1]:0", "udp:192.0.2.1:0"},
		{"udp:0.0.0.0:5060", "udp:0.0.0.0:5060"},
		{"5060", ""},
		{"udp:5060", ""},
		{"sctp:127.0.0.1:5060", ""},
		{"udp:localhost:5060", ""},
		{"udp:127.0.0.1:65536", ""},
	} {
		l, err := transport.ParseListen(tt.in)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s is taken as %v", tt.in, l)
			}
			continue
		}
		if err != nil || l.String() != tt.want {
			t.Errorf("%s: %v, %v, want %s", tt.in, l, err, tt.want)
		}
		text, _ := l.MarshalText()
		var again transport.Listen
		if err := again.UnmarshalText(text); err != nil || again != l {
			t.Errorf("%s: %s comes back as %v, %v", tt.in, text, again, err)
		}
	}
}

func TestNetwork(t *testing.T) {
	if n := transport.TCP; n.String() != "tcp" || n.Via() != "TCP" || !n.Reliable() || n.Secure() || n.Port() != 5060 {
		t.Error("TCP is not itself")
	}
	if n := transport.UDP; n.Reliable() {
		t.Error("UDP is reliable")
	}
	if n := transport.Network(0); n.String() != "" || n.Via() != "" || n.Reliable() || n.Secure() || n.Port() != 0 {
		t.Error("no network is one")
	}
	if _, err := transport.ParseNetwork("tls"); err == nil {
		t.Error("tls is a network")
	}
}

func TestZeroFlow(t *testing.T) {
	var f transport.Flow
	if !f.IsZero() || f.ID() != 0 || f.Network() != 0 || f.Local().IsValid() || f.Contact().IsValid() || f.Reliable() {
		t.Error("the zero flow leads somewhere")
	}
	if err := f.Send([]byte("x")); err == nil {
		t.Error("the zero flow sends")
	}
}

func TestConfigValidate(t *testing.T) {
	if err := transport.Default().Validate(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	l, _ := transport.ParseListen("udp:127.0.0.1:5060")
	for _, tt := range []struct {
		name string
		f    func(c *transport.Config)
		key  string
	}{
		{"no listener", func(c *transport.Config) { c.Listen = nil }, "sip.listen"},
		{"twice", func(c *transport.Config) { c.Listen = []transport.Listen{l, l} }, "sip.listen"},
		{"zero listener", func(c *transport.Config) { c.Listen = make([]transport.Listen, 1) }, "sip.listen"},
		{"advertise all", func(c *transport.Config) { c.Advertise = netip.IPv4Unspecified() }, "sip.advertise"},
		{"no time", func(c *transport.Config) { c.IdleTimeout = -1 }, "sip.idle_timeout"},
		{"no connections", func(c *transport.Config) { c.MaxConns = 0 }, "sip.max_conns"},
		{"short messages", func(c *transport.Config) { c.MaxMessage = 100 }, "sip.max_message"},
	} {
		c := transport.Default()
		tt.f(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.key+": ") {
			t.Errorf("%s: %v, want one that names %s", tt.name, err, tt.key)
		}
	}
}
