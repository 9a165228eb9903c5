package registrar_test

import (
	"testing"

	"tandem/switch/registrar"
)

func TestKey(t *testing.T) {
	for _, row := range []struct {
		name, a, b string
		same       bool
	}{
		{"identical", "sip:a@h:5060", "sip:a@h:5060", true},
		{"host and scheme without case", "SIP:a@Host.Example", "sip:a@hOST.example", true},
		{"user with case", "sip:Alice@h", "sip:alice@h", false},
		{"needless escape", "sip:%61lice@h", "sip:alice@h", true},
		{"escaped separator, either case", "sip:a%3Bb@h", "sip:a%3bb@h", true},
		{"escaped separator is no separator", "sip:a%40b@h", "sip:a@b@h", false},
		{"default port named or not", "sip:a@h:5060", "sip:a@h", false}, // RFC 3261 §19.1.4
		{"other parameters", "sip:a@h;line=x1;ob", "sip:a@h;line=x2", true},
		{"transport", "sip:a@h;transport=TCP", "sip:a@h;transport=tcp", true},
		{"transport named or not", "sip:a@h;transport=udp", "sip:a@h", false},
		{"order of parameters", "sip:a@h;user=phone;transport=tcp", "sip:a@h;transport=tcp;user=phone", true},
		{"sips", "sips:a@h", "sip:a@h", false},
		{"no user", "sip:h", "sip:a@h", false},
		{"IPv6", "sip:a@[2001:DB8::1]:5070", "sip:a@[2001:db8::1]:5070", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, err := registrar.Key(row.a)
			if err != nil {
				t.Fatal(err)
			}
			b, err := registrar.Key(row.b)
			if err != nil && row.same {
				t.Fatal(err)
			}
			if (a == b) != row.same {
				t.Errorf("got %q and %q, want same: %v", a, b, row.same)
			}
		})
	}
}

func TestKeyRefuses(t *testing.T) {
	for _, uri := range []string{"", "*", "alice", "tel:+15551234", "mailto:a@b", "sip:", "sip:a@", "sip:a@h:99999", "sip:a@h?Route=%3Csip:x%3E"} {
		if key, err := registrar.Key(uri); err == nil {
			t.Errorf("%q: got %q, want an error", uri, key)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("sip:alice@192.0.2.1:5060;transport=tcp")
	f.Add("sip:%00%@[::1]:1;;=;x?")
	f.Fuzz(func(t *testing.T, uri string) {
		key, err := registrar.Key(uri)
		if err != nil {
			return
		}
		if again, err := registrar.Key(uri); err != nil || again != key {
			t.Errorf("%q: got %q, then %q, %v", uri, key, again, err)
		}
	})
}
