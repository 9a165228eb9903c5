package transaction_test

import (
	"testing"

	"tandem/switch/transaction"
)

func TestServerKey(t *testing.T) {
	invite := transaction.Request{Method: "INVITE", Branch: "z9hG4bK1", SentBy: "192.0.2.1:5060", URI: "sip:a@b", CallID: "c", FromTag: "f", CSeq: 1}
	old := invite
	old.Branch = "1"
	change := func(r transaction.Request, f func(*transaction.Request)) transaction.Request {
		f(&r)
		return r
	}
	for _, tt := range []struct {
		name string
		a, b transaction.Request
		same bool
	}{
		{"itself", invite, invite, true},
		{"its ACK", invite, change(invite, func(r *transaction.Request) { r.Method = "ACK" }), true},
		{"its CANCEL", invite, change(invite, func(r *transaction.Request) { r.Method = "CANCEL" }), false},
		{"another branch", invite, change(invite, func(r *transaction.Request) { r.Branch += "x" }), false},
		{"another sent-by", invite, change(invite, func(r *transaction.Request) { r.SentBy = "192.0.2.2:5060" }), false},
		{"cookie: the rest does not count", invite, change(invite, func(r *transaction.Request) { r.CallID, r.CSeq = "d", 2 }), true},
		{
			"a bare cookie is no branch", change(invite, func(r *transaction.Request) { r.Branch = "z9hG4bK" }),
			change(invite, func(r *transaction.Request) { r.Branch, r.CallID = "z9hG4bK", "d" }), false,
		},
		{
			"fields do not run together", change(invite, func(r *transaction.Request) { r.SentBy, r.Branch = "a", "z9hG4bKb" }),
			change(invite, func(r *transaction.Request) { r.SentBy, r.Branch = "az9hG4bK", "b" }), false,
		},
		{"RFC 2543: itself", old, old, true},
		{"RFC 2543: its ACK", old, change(old, func(r *transaction.Request) { r.Method = "ACK" }), true},
		{"RFC 2543: another Call-ID", old, change(old, func(r *transaction.Request) { r.CallID = "d" }), false},
		{"RFC 2543: another From tag", old, change(old, func(r *transaction.Request) { r.FromTag = "g" }), false},
		{"RFC 2543: another CSeq", old, change(old, func(r *transaction.Request) { r.CSeq = 2 }), false},
		{"RFC 2543: another URI", old, change(old, func(r *transaction.Request) { r.URI = "sip:b@b" }), false},
	} {
		if got := transaction.ServerKey(tt.a) == transaction.ServerKey(tt.b); got != tt.same {
			t.Errorf("%s: same key %v, want %v", tt.name, got, tt.same)
		}
	}
}

func TestClientKey(t *testing.T) {
	k := transaction.ClientKey("z9hG4bK1", "INVITE")
	if k != transaction.ClientKey("z9hG4bK1", "INVITE") {
		t.Error("not the same twice")
	}
	if k == transaction.ClientKey("z9hG4bK1", "CANCEL") {
		t.Error("CANCEL has its INVITE's branch but is a transaction of its own")
	}
	if k == transaction.ClientKey("z9hG4bK2", "INVITE") {
		t.Error("another branch, same key")
	}
}

func TestMergeKey(t *testing.T) {
	k := transaction.MergeKey("INVITE", "c", "f", 1)
	if k != transaction.MergeKey("INVITE", "c", "f", 1) {
		t.Error("not the same twice")
	}
	if k == transaction.MergeKey("INVITE", "c", "f", 2) || k == transaction.MergeKey("INVITE", "c", "g", 1) {
		t.Error("another request, same key")
	}
}

func BenchmarkServerKey(b *testing.B) {
	r := transaction.Request{Method: "INVITE", Branch: "z9hG4bK776asdhds", SentBy: "192.0.2.1:5060"}
	b.ReportAllocs()
	for b.Loop() {
		transaction.ServerKey(r)
	}
}
