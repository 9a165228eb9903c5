package siptest_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tandem/switch/sipua/siptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cable hands datagrams from one phone to the other, as a switch that adds nothing.
type cable struct {
	conn *net.UDPConn
	done sync.WaitGroup
	mu   sync.Mutex
	ends []netip.AddrPort
	drop int // datagrams to lose before the next one passes
}

func newCable(t *testing.T) *cable {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{conn: conn}
	c.done.Go(c.serve)
	t.Cleanup(func() { _ = conn.Close(); c.done.Wait() })
	return c
}

func (c *cable) serve() {
	b := make([]byte, 1<<16)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		c.mu.Lock()
		ends, lose := c.ends, c.drop > 0
		c.drop = max(c.drop-1, 0)
		c.mu.Unlock()
		for _, to := range ends {
			if to != from && !lose {
				_, _ = c.conn.WriteToUDPAddrPort(b[:n], to)
			}
		}
	}
}

func (c *cable) lose(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop = n
}

func (c *cable) addr() string { return c.conn.LocalAddr().String() }

// pair is two phones with a cable between them.
func pair(t *testing.T) (alice, bob *siptest.Phone, between *cable) {
	t.Helper()
	c := newCable(t)
	alice = siptest.New(t, siptest.Options{Server: c.addr(), Login: "alice"})
	bob = siptest.New(t, siptest.Options{Server: c.addr(), Login: "bob"})
	c.mu.Lock()
	c.ends = []netip.AddrPort{alice.Addr(), bob.Addr()}
	c.mu.Unlock()
	return alice, bob, c
}

func TestCallWithToneAndHold(t *testing.T) {
	alice, bob, _ := pair(t)
	out := alice.Invite("bob", "X-Color: blue")
	in := bob.WantCall()
	if got := in.INVITE().Header("X-Color"); got != "blue" {
		t.Errorf("X-Color: got %q, want blue", got)
	}
	in.Ring()
	out.WantProvisional(180)
	in.Answer()
	out.WantFinal(200)

	stop := out.Media().Tone(440)
	back := in.Media().Tone(700)
	in.Media().WantTone(440, 200*time.Millisecond)
	out.Media().WantTone(700, 200*time.Millisecond)
	stop()
	back()

	if sdp := out.Hold(); !strings.Contains(sdp, "a=recvonly") {
		t.Errorf("hold was answered with %q, want recvonly", sdp)
	}
	in.WantReinvite("sendonly")
	out.Resume()
	in.WantReinvite("sendrecv")
	out.SendDigit('5')
	if m := in.WantInfo(); !strings.Contains(m.Body(), "Signal=5") {
		t.Errorf("INFO: got %q", m.Body())
	}
	before := len(in.Media().Packets())
	out.Media().Key('#')
	for n, pressed := before+1, false; !pressed; n++ { // WantPackets ends the test if it never comes
		for _, p := range in.Media().WantPackets(n) {
			pressed = pressed || p.Type == 101 && p.Payload[0] == 11
		}
	}
	in.Bye(`Reason: Q.850;cause=16;text="done"`)
	out.WantBye()
	if got := out.Reason(); !strings.Contains(got, "done") {
		t.Errorf("Reason: got %q", got)
	}
}

func TestCancelAndRefuse(t *testing.T) {
	alice, bob, _ := pair(t)
	out := alice.Invite("bob")
	in := bob.WantCall()
	in.Ring()
	out.WantProvisional(180)
	if m := out.Cancel(); m.Code() != 200 {
		t.Errorf("CANCEL: got %d, want 200", m.Code())
	}
	in.WantCancel()
	out.WantFinal(487)

	again := alice.Invite("bob")
	bob.WantCall().Busy()
	again.WantFinal(486)
}

func TestLostMessagesAreRepeated(t *testing.T) {
	alice, bob, between := pair(t)
	between.lose(1)
	out := alice.Invite("bob")
	done := make(chan struct{})
	go func() { // the repeats come from whoever waits
		defer close(done)
		out.WantProvisional(180)
	}()
	in := bob.WantCall()
	in.Ring()
	<-done
	between.lose(1)
	in.Respond(200, "")
	in.WantACK()
	out.WantFinal(200)
	between.lose(1)
	out.Bye()
	in.WantBye()
}

func TestQuietPhoneDoesNothing(t *testing.T) {
	alice, bob, _ := pair(t)
	bob.Quiet(true)
	alice.Send(fmt.Sprintf("OPTIONS sip:bob@x SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKq\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: q\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", alice.Addr()))
	bob.Want("OPTIONS", func(m *siptest.Message) bool { return m.Method() == "OPTIONS" })
	alice.WantNone(50*time.Millisecond, func(*siptest.Message) bool { return true })
	bob.Quiet(false)
	if m := alice.Exchange("OPTIONS", "bob"); m.Code() != 200 {
		t.Errorf("OPTIONS: got %d, want 200", m.Code())
	}
}

func TestShareTellsFrequencies(t *testing.T) {
	alice, bob, _ := pair(t)
	out := alice.Invite("bob")
	in := bob.WantCall()
	in.Answer()
	out.WantFinal(200)
	defer out.Media().Tone(1000)()
	heard := siptest.Samples(in.Media().WantPackets(15))
	if got := siptest.Share(heard, 1000); got < 0.9 {
		t.Errorf("1000 Hz: got %.2f of the energy, want nearly all", got)
	}
	if got := siptest.Share(heard, 600); got > 0.1 {
		t.Errorf("600 Hz: got %.2f of the energy, want nearly none", got)
	}
	if got := siptest.Share(nil, 600); got != 0 {
		t.Errorf("silence: got %.2f, want 0", got)
	}
}

func TestLostCountsGaps(t *testing.T) {
	var packets []siptest.Packet
	for _, seq := range []uint16{65534, 65535, 2, 2, 3} {
		packets = append(packets, siptest.Packet{Sequence: seq})
	}
	if got := siptest.Lost(packets); got != 2 {
		t.Errorf("got %d lost, want 2 (0 and 1)", got)
	}
}
