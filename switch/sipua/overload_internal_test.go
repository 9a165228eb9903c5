package sipua

import (
	"fmt"
	"testing"

	"tandem/switch/transport"
)

// An inbox that is full takes only what belongs to something that is up.
func TestFullInboxDropsWhatIsNew(t *testing.T) {
	u := New(Default(), Deps{})
	s := u.shards[0]
	index := func(method, start, toTag string) transport.Message {
		m, err := transport.Index([]byte(fmt.Sprintf("%s\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>%s\r\n"+
			"Call-ID: x\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n", start, toTag, method)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	batch := []transport.Message{
		index("INVITE", "INVITE sip:b@b SIP/2.0", ""), index("INVITE", "INVITE sip:b@b SIP/2.0", ";tag=2"),
		index("INVITE", "SIP/2.0 200 OK", ";tag=2"), index("INVITE", "SIP/2.0 100 Trying", ""), index("CANCEL", "CANCEL sip:b@b SIP/2.0", ""),
	}
	s.inbox = make([]transport.Message, maxInbox)
	s.receive(batch)
	if got := len(s.inbox) - maxInbox; got != 4 {
		t.Errorf("took %d messages, want all but the new INVITE", got)
	}
}

func TestShardThatIsBehindTakesNoNewCalls(t *testing.T) {
	u := New(Default(), Deps{})
	s := u.shards[0]
	s.behind = busyInbox + 1
	for _, tt := range []struct {
		method, toTag string
		want          int
	}{{"INVITE", "", 503}, {"REGISTER", "", 503}, {"INVITE", "2", 0}, {"BYE", "2", 0}, {"OPTIONS", "", 0}} {
		m := transport.Message{Method: tt.method, ToTag: tt.toTag}
		a := s.overload(&m)
		switch {
		case a == nil && tt.want == 0:
		case a == nil || a.code != tt.want || len(a.headers) != 1 || a.headers[0].Name != "Retry-After":
			t.Errorf("%s %q: got %+v, want %d with Retry-After", tt.method, tt.toTag, a, tt.want)
		}
	}
	s.behind = busyInbox
	if a := s.overload(&transport.Message{Method: "INVITE"}); a != nil {
		t.Errorf("got %v", a)
	}
}
