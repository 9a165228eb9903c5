package webhook_test

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"

	"tandem/switch/webhook"
)

func addrPort(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }

func TestGuardRefuses(t *testing.T) {
	refused := []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "192.0.2.1",
		"198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
		"2001::1", "2001:db8::1", "100::1", "3fff::1",
	}
	allowed := []string{"93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"}
	for _, s := range refused {
		t.Run("not "+s, func(t *testing.T) { tryAddress(t, s, false) })
	}
	for _, s := range allowed {
		t.Run("yes "+s, func(t *testing.T) { tryAddress(t, s, true) })
	}
}

// tryAddress asks for the address by literal and by name.
func tryAddress(t *testing.T, s string, allowed bool) {
	t.Helper()
	bubble(t, func(w *world, c *webhook.Client) {
		addr := netip.MustParseAddr(s)
		w.names["name"] = []netip.Addr{addr}
		literal := netip.AddrPortFrom(addr, 80).String()
		for _, host := range []string{literal, "name"} {
			_, err := c.Do(w.t.Context(), webhook.Request{URL: "http://" + host + "/"})
			if got := !errors.Is(err, webhook.ErrRefused); got != allowed {
				t.Errorf("%s: got %v, allowed %v", host, err, allowed)
			}
		}
		if (len(w.dialled) > 0) != allowed {
			t.Errorf("dialled %v", w.dialled)
		}
	})
}

func TestGuardTakesWhatTheOperatorAllows(t *testing.T) {
	w := newWorld(t)
	w.at("here", netip.MustParseAddr("127.0.0.1"), nil)
	c := w.client(t, func(cfg *webhook.Config, _ *webhook.Deps) {
		cfg.AllowPrivate = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	if _, err := c.Do(w.t.Context(), webhook.Request{URL: "http://here/"}); errors.Is(err, webhook.ErrRefused) || len(w.dialled) != 1 {
		t.Errorf("got %v after dialling %v", err, w.dialled)
	}
	if _, err := c.Do(w.t.Context(), webhook.Request{URL: "http://10.0.0.1/"}); !errors.Is(err, webhook.ErrRefused) {
		t.Errorf("got %v, want a refusal", err)
	}
}

// A name with a public and a private address is dialled at the public one only.
func TestGuardLeavesOutPrivateAddressesOfAName(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		w.names["mixed"] = []netip.Addr{netip.MustParseAddr("10.0.0.1")}
		w.serve("mixed", func(http.ResponseWriter, *http.Request) {})
		if _, err := c.Do(w.t.Context(), webhook.Request{URL: "http://mixed/"}); err != nil {
			t.Error(err)
		}
		if len(w.dialled) != 1 || w.dialled[0].Addr() != publicAddr {
			t.Errorf("dialled %v", w.dialled)
		}
	})
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://10.0.0.1:3128")
	w := newWorld(t)
	w.serve("app", func(http.ResponseWriter, *http.Request) {})
	if _, err := w.client(t).Do(w.t.Context(), webhook.Request{URL: "http://app/"}); err != nil {
		t.Error(err)
	}
}
