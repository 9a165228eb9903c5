package route_test

import (
	"errors"
	"strings"
	"testing"

	"tandem/switch/call"
	"tandem/switch/route"
)

func TestResolve(t *testing.T) {
	ours := func(host string, port uint16) bool {
		return (host == "tandem.example.net" || host == "2001:db8::1") && (port == 0 || port == 5060)
	}
	d := route.NewDialer(town(), town(), ours)
	client, sip, number := call.TargetClient, call.TargetSIP, call.TargetNumber
	for _, tt := range []struct {
		name  string
		kind  call.TargetKind
		value string
		to    []string
		local bool
		code  int
	}{
		{"client with two contacts", client, "bob", []string{"sip:bob@192.0.2.1:5070", "sip:bob@192.0.2.2;transport=tcp"}, false, 0},
		{"client that is not registered", client, "alice", nil, false, 480},
		{"disabled client", client, "dave", nil, false, 404},
		{"client of another account", client, "eve", nil, false, 404},
		{"nobody", client, "nobody", nil, false, 404},
		{"SIP URI", sip, "sip:x@example.org;transport=tcp", []string{"sip:x@example.org;transport=tcp"}, false, 0},
		{"SIPS URI", sip, "SIPS:x@example.org", []string{"SIPS:x@example.org"}, false, 0},
		{"URI of a client here", sip, "sip:bob@TANDEM.example.net:5060", []string{"sip:bob@192.0.2.1:5070", "sip:bob@192.0.2.2;transport=tcp"}, false, 0},
		{"URI of a number here", sip, "sip:1000@[2001:db8::1]:5060", []string{"1000"}, true, 0},
		{"URI of another account's client here", sip, "sip:eve@tandem.example.net", nil, false, 404},
		{"URI of another server on our address", sip, "sip:bob@tandem.example.net:5080", []string{"sip:bob@tandem.example.net:5080"}, false, 0},
		{"another server over IPv6", sip, "sip:1000@[2001:db8::1]:5080", []string{"sip:1000@[2001:db8::1]:5080"}, false, 0},
		{"our address without port", sip, "sip:1000@[2001:db8::1];transport=tcp", []string{"1000"}, true, 0},
		{"port that is none", sip, "sip:x@example.org:many", nil, false, 484},
		{"port out of range", sip, "sip:x@example.org:65536", nil, false, 484},
		{"something behind the bracket", sip, "sip:x@[2001:db8::1]x", nil, false, 484},
		{"no scheme", sip, "x@example.org", nil, false, 484},
		{"other scheme", sip, "tel:+15550142000", nil, false, 484},
		{"no host", sip, "sip:x@", nil, false, 484},
		{"broken IPv6", sip, "sip:x@[2001:db8::1", nil, false, 484},
		{"line break", sip, "sip:x@example.org\r\nVia: y", nil, false, 484},
		{"too long", sip, "sip:" + strings.Repeat("x", 255) + "@example.org", nil, false, 484},
		{"number here", number, "+1 (555) 014-2000", []string{"+15550142000"}, true, 0},
		{"rule here", number, "1000", []string{"1000"}, true, 0},
		{"rule that would dial it again", number, "1001", nil, false, 404},
		{"number elsewhere", number, "+442071838750", nil, false, 404},
		{"unknown kind", 0, "x", nil, false, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			outs, err := d.Resolve(t.Context(), "AC1", call.Target{Kind: tt.kind, Value: tt.value})
			code := 0
			if r, ok := errors.AsType[*call.Refusal](err); ok {
				code = r.Code
			}
			if code != tt.code || len(outs) != len(tt.to) {
				t.Fatalf("got %+v, %v; want %v, code %d", outs, err, tt.to, tt.code)
			}
			for i, o := range outs {
				if o.To != tt.to[i] || o.Local != tt.local {
					t.Errorf("got %q local %v, want %q local %v", o.To, o.Local, tt.to[i], tt.local)
				}
			}
		})
	}
}

func TestContactsKeepTheirPath(t *testing.T) {
	d := route.NewDialer(town(), town(), nil)
	outs, err := d.Resolve(t.Context(), "AC1", call.Target{Kind: call.TargetClient, Value: "bob"})
	if len(outs) == 2 && (outs[0].User != "bob" || outs[1].User != "bob") {
		t.Errorf("got %+v, want bob as who was dialled", outs)
	}
	if err != nil || outs[0].Path.Source != "udp:192.0.2.1:5070" || outs[1].Path.Flow != 7 {
		t.Errorf("got %+v, %v; want the paths they registered over", outs, err)
	}
}
