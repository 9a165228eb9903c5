package sipua_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"tandem/switch/call"
	"tandem/switch/sipua"
	"tandem/switch/sipua/siptest"
)

// Whole calls on real sockets where the network is not what it should be.

func TestCallOverIPv6(t *testing.T) {
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here:", err)
	} else {
		_ = l.Close()
	}
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			h := openHouseAt(t, "::1", func(*sipua.Config) {})
			alice, bob := h.phone(t, "alice", network), h.phone(t, "bob", network)
			alice.Register(300)
			bob.Register(300)
			out := alice.Invite("bob")
			in := bob.WantCall()
			for _, name := range []string{"Via", "Contact", "From"} {
				if v := in.INVITE().Header(name); !strings.Contains(v, "[::1]") {
					t.Errorf("got %s: %s", name, v)
				}
			}
			in.Ring()
			out.WantProvisional(180)
			in.Answer()
			out.WantFinal(200)
			defer out.Media().Tone(440)()
			defer in.Media().Tone(1000)()
			in.Media().WantTone(440, 200*time.Millisecond)
			out.Media().WantTone(1000, 200*time.Millisecond)
			out.Hold()
			out.Resume()
			in.Bye()
			out.WantBye()
			h.settled(t)
		})
	}
}

// A phone that is off does not hold up the others, and alone it is given up in timer_b, here half a second.
func TestDeadPhone(t *testing.T) {
	h := openHouseAt(t, "127.0.0.1", func(c *sipua.Config) { c.Timers.B = 500 * time.Millisecond })
	alice, desk, cell := h.phone(t, "alice", "udp"), h.phone(t, "bob", "udp"), h.phone(t, "bob", "udp")
	desk.Register(300)
	desk.Close()
	start := time.Now()
	alice.Invite("bob").WantFinal(408)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("the caller heard so after %v", d)
	}
	cell.Register(300)
	out := alice.Invite("bob")
	in := cell.WantCall()
	in.Answer()
	out.WantFinal(200)
	out.Bye()
	in.WantBye()
	h.settled(t)
}

// Where nobody listens for TCP, the call has its end at once.
func TestConnectionRefused(t *testing.T) {
	h := openHouse(t)
	h.phone(t, "alice", "udp").Register(300) // the layer serves from here on
	start := time.Now()
	l, err := h.ua.Invite(t.Context(), call.Outgoing{To: "sip:bob@127.0.0.1:9;transport=tcp"})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-l.Events():
		if e.Kind != call.Ended || e.Code != 503 || time.Since(start) > 3*time.Second {
			t.Errorf("after %v: got %+v", time.Since(start), e)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing happened")
	}
}

// A target that took no TCP is not asked again for some time.
func TestLongInvitesRememberWhoTakesNoTCP(t *testing.T) {
	h := openHouseAt(t, "127.0.0.1", func(c *sipua.Config) { c.Shards = 1 })
	h.phone(t, "alice", "udp").Register(300) // the layer serves from here on
	u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = u.Close() }()
	o := call.Outgoing{To: "sip:bob@" + u.LocalAddr().String(), Headers: []call.Header{{Name: "X-Long", Value: strings.Repeat("x", 1000)}}}
	for n := range 2 {
		if n == 1 {
			l, err := net.Listen("tcp4", u.LocalAddr().String())
			if err != nil {
				t.Skip("the port is taken for TCP:", err)
			}
			defer func() { _ = l.Close() }()
		}
		l, err := h.ua.Invite(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := u.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 65536)
		for { // those of the call before are sent again meanwhile
			got, err := u.Read(b)
			if err != nil {
				t.Fatalf("call %d did not come by UDP: %v", n, err)
			}
			if strings.Contains(string(b[:got]), l.ID()) {
				break
			}
		}
		l.Hangup(call.CauseNormal)
	}
}

// line is a TCP connection of a phone's, message by message.
type line struct {
	net.Conn
	r *bufio.Reader
}

func newLine(c net.Conn) *line { return &line{c, bufio.NewReader(c)} }

// want skips to the message that begins so.
func (l *line) want(t *testing.T, start string) string {
	t.Helper()
	if err := l.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		p := textproto.NewReader(l.r)
		first, err := p.ReadLine()
		if err != nil {
			t.Fatalf("waiting for %s: %v", start, err)
		}
		head, err := p.ReadMIMEHeader()
		if err != nil {
			t.Fatalf("waiting for %s: %v", start, err)
		}
		n := 0
		_, _ = fmt.Sscan(head.Get("Content-Length"), &n)
		if _, err := io.CopyN(io.Discard, l.r, int64(n)); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(first, start) {
			return head.Get("To")
		}
	}
}

// RFC 3261 §18.2.2: the answer to a request whose connection has gone opens a new one, to the port in its Via.
func TestAnswerOpensAConnection(t *testing.T) {
	h := openHouseAt(t, "127.0.0.1", func(c *sipua.Config) {
		c.Allow = []sipua.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Account: "AChouse"}}
	})
	bob := h.phone(t, "bob", "udp")
	bob.Register(300)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	first, err := net.Dial("tcp4", h.addr["tcp"])
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().String()
	offer := sdp("")
	_, _ = fmt.Fprintf(first, "INVITE sip:bob@%s SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKgone\r\nMax-Forwards: 70\r\nFrom: <sip:trunk@%s>;tag=t\r\n"+
		"To: <sip:bob@%s>\r\nCall-ID: gone\r\nCSeq: 1 INVITE\r\nContact: <sip:trunk@%s;transport=tcp>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		h.addr["tcp"], at, at, h.addr["tcp"], at, len(offer), offer)
	newLine(first).want(t, "SIP/2.0 100")
	in := bob.WantCall()
	_ = first.Close()
	time.Sleep(50 * time.Millisecond)
	in.Answer()
	second, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	to := newLine(second).want(t, "SIP/2.0 200")
	_, _ = fmt.Fprintf(second, "ACK sip:%s SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKack\r\nMax-Forwards: 70\r\nFrom: <sip:trunk@%s>;tag=t\r\nTo: %s\r\n"+
		"Call-ID: gone\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n", h.addr["tcp"], at, at, to)
	in.Bye()
	h.settled(t)
}

// A client that has come back over another connection gets the answer there.
func TestAnswerGoesToTheClientsNewConnection(t *testing.T) {
	h := openHouse(t)
	alice, bob := h.phone(t, "alice", "tcp"), h.phone(t, "bob", "udp")
	alice.Register(300)
	bob.Register(300)
	out := alice.Invite("bob")
	in := bob.WantCall()
	in.Ring()
	out.WantProvisional(180)
	alice.Close()
	again := h.phone(t, "alice", "tcp")
	again.Register(300)
	in.Answer()
	ok := again.Want("the 200 to the INVITE", func(m *siptest.Message) bool { return m.Code() == 200 && m.CallID() == out.ID() })
	again.Send(fmt.Sprintf("ACK sip:%s SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKack\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
		h.addr["tcp"], again.Addr(), ok.Header("From"), ok.Header("To"), out.ID(), strings.Replace(ok.Header("CSeq"), "INVITE", "ACK", 1)))
	in.Bye()
	h.settled(t)
}

// What the callee says in the end is what the caller hears, but for what concerns only one side.
func TestFinalAnswers(t *testing.T) {
	h := openHouse(t)
	alice, bob := h.phone(t, "alice", "udp"), h.phone(t, "bob", "udp")
	bob.Register(300)
	for _, tt := range []struct{ callee, caller int }{
		{486, 486},
		{480, 480},
		{603, 603},
		{600, 600},
		{606, 606},
		{404, 404},
		{408, 408},
		{487, 487},
		{503, 503},
		{500, 500},
		{488, 488},
		{401, 403},
		{407, 403},
		{415, 488},
		{420, 500},
		{481, 500},
		{501, 502},
		{302, 480},
		{699, 603},
	} {
		out := alice.Invite("bob")
		bob.WantCall().Refuse(tt.callee)
		if m := out.Final(); m.Code() != tt.caller {
			t.Errorf("the callee said %d: the caller heard %d, want %d", tt.callee, m.Code(), tt.caller)
		}
	}
	h.settled(t)
}
