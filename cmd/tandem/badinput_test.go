package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tandem/switch/sipua/siptest"
)

// well is an INVITE in order, of which each case spoils a part.
const well = "INVITE sip:9001@HOST SIP/2.0\r\nVia: SIP/2.0/UDP LOCAL;branch=z9hG4bKBRANCH;rport\r\nMax-Forwards: 70\r\n" +
	"From: <sip:alice@HOST>;tag=BRANCH\r\nTo: <sip:9001@HOST>\r\nCall-ID: BRANCH\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@LOCAL>\r\n" +
	"Content-Length: 0\r\n\r\n"

// TestMalformedSIP sends what no phone should send: a 400 or nothing comes back, and the next call works.
func TestMalformedSIP(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	for i, row := range []struct {
		name, old, new string
		code           int // 0: silence
	}{
		{"no Call-ID", "Call-ID: BRANCH\r\n", "", 0},
		{"no CSeq", "CSeq: 1 INVITE\r\n", "", 0},
		{"no version", " SIP/2.0\r\nVia", "\r\nVia", 400},
		{"another version", "SIP/2.0\r\nVia", "SIP/3.0\r\nVia", 505},
		{"two Call-IDs", "Call-ID: BRANCH\r\n", "Call-ID: BRANCH\r\nCall-ID: other\r\n", 400},
		{"CSeq of another method", "1 INVITE", "1 BYE", 400},
		{"CSeq too large", "1 INVITE", "99999999999 INVITE", 400},
		{"From without a URI", "<sip:alice@HOST>;", "alice;", 400},
		{"Max-Forwards that is no number", "Forwards: 70", "Forwards: many", 400},
		{"Content-Length beyond the datagram", "Length: 0", "Length: 500", 400},
		{"Content-Length that is no number", "Length: 0", "Length: -1", 400},
		{"a scheme nobody knows", "INVITE sip:9001@HOST", "INVITE gopher:9001@HOST", 416},
		{"an extension nobody has", "Contact:", "Require: teleport\r\nContact:", 420},
		{"a method nobody has", "", "", 501},
		{"control characters", "Contact:", "Subject: a\x00b\r\nContact:", 400},
		{"a line without a colon", "Contact:", "what is this\r\nContact:", 400},
		{"loops", "Forwards: 70", "Forwards: 0", 483},
	} {
		t.Run(row.name, func(t *testing.T) {
			phone := p.phone(t, p.client(0))
			raw := strings.Replace(well, row.old, row.new, 1)
			if row.code == 501 {
				raw = strings.NewReplacer("INVITE sip", "DANCE sip", "1 INVITE", "1 DANCE").Replace(well)
			}
			phone.Send(filled(raw, p, phone.Addr().String(), "bad"+strconv.Itoa(i)))
			if row.code == 0 {
				phone.Exchange("OPTIONS", "9001") // the switch has read what came before
				return
			}
			phone.Want("an answer", func(m *siptest.Message) bool { // some cannot be parsed: they repeat what was wrong
				return strings.HasPrefix(string(m.Raw), fmt.Sprintf("SIP/2.0 %d ", row.code))
			})
		})
	}
	phone := p.phone(t, p.client(0))
	for _, raw := range []string{
		"\x00\x01\x02\x03\x04\x05", "\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 abc\r\nVia: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		strings.Repeat("INVITE ", 5000), "INVITE sip:x SIP/2.0\r\n" + strings.Repeat("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", 1000) + "\r\n", strings.Repeat("\xff", 1400),
	} {
		phone.Send(raw)
	}
	phone.Exchange("OPTIONS", "9001")
	p.works(t)
}

func filled(raw string, p *program, local, branch string) string {
	return strings.NewReplacer("HOST", p.sip(), "LOCAL", local, "BRANCH", branch).Replace(raw)
}

// TestMalformedStreams sends rubbish over TCP: the connection ends, others do not notice.
func TestMalformedStreams(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	good := p.registered(t, p.client(1), overTCP)
	for _, raw := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // a TLS handshake
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		strings.Repeat("A", 1<<20),
		strings.Replace(well, "Content-Length: 0", "Content-Length: 999999999", 1),
		strings.Replace(well, "Content-Length: 0", "Content-Length: x", 1),
	} {
		conn, err := net.Dial("tcp", p.sip())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, filled(strings.Replace(raw, "/UDP", "/TCP", 1), p, conn.LocalAddr().String(), "tcp"))
		_, _ = io.Copy(io.Discard, conn) // until the switch hangs up
		_ = conn.Close()
	}
	a := p.phone(t, p.client(0), overTCP).Invite("bob")
	b := good.WantCall()
	b.Answer()
	a.WantFinal(200)
	wantTalk(a, b)
	a.Bye()
	b.WantBye()
}

// TestWrongPassword checks that a caller with a wrong password is not let in, is found in the log, and that the next call works.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	wrong := p.client(0)
	wrong.Password = "guess"
	p.phone(t, wrong).Invite(p.number("echo")).WantFinal(407)
	p.says(t, `wrong login or password of \"alice\"`)
	p.works(t)
	if n := len(p.calls("")); n != 1 {
		t.Errorf("%d calls are recorded, want the one that worked", n)
	}
}

// TestNoPortsLeft fills a range of two pairs: the caller who finds none hears 503, the log says what to do, and a call that ends makes room.
func TestNoPortsLeft(t *testing.T) {
	t.Parallel()
	first, _, _ := strings.Cut(rtpPorts(), "-")
	n, _ := strconv.Atoi(first)
	p := serve(t, t.TempDir(), fmt.Sprintf("TANDEM_RTP_PORTS=%d-%d", n, n+3))
	bob := p.registered(t, p.client(1))
	one, two := p.alice(t).Invite(p.number("echo")), p.alice(t).Invite(p.number("echo"))
	one.WantFinal(200)
	two.WantFinal(200)
	p.alice(t).Invite(p.number("echo")).WantFinal(503)
	p.says(t, "rtp.ports")
	one.Bye()
	eventually(t, "a pair is free", func() error {
		if n := p.metric("tandem_media_ports_in_use"); n != 2 {
			return fmt.Errorf("%v ports are in use", n)
		}
		return nil
	})
	p.alice(t).Invite("bob").WantFinal(503) // she gets the last pair, and there is none for him
	bob.WantNone(hearing, func(m *siptest.Message) bool { return m.Method() == "INVITE" })
	p.works(t)
	two.Bye()
	a := p.alice(t).Invite("bob")
	b := bob.WantCall()
	b.Answer()
	a.WantFinal(200)
	wantTalk(a, b)
	a.Bye()
	b.WantBye()
}

// TestBrokenConfiguration checks that check names every mistake with file, line and key, and that serve refuses the same.
func TestBrokenConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "tandem.toml")
	text := "data = \"d\"\n\n[sip]\nlisten = [\"udp:127.0.0.1:5060\"]\nports = 7\nnonce_lifetime = \"soon\"\n\n[rtp]\nports = \"30-20\"\n\n[log]\nlevel = \"LOUD\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "serve"} {
		out, err := runTandem(t, dir, []string{"TANDEM_HTTP_PORT=1"}, command, "--config", file)
		if err == nil {
			t.Errorf("%s takes it: %s", command, out)
		}
		for _, want := range []string{
			file + ":5: sip.ports: unknown key", file + ":6: sip.nonce_lifetime: ", file + ":12: log.level: ", "TANDEM_HTTP_PORT: no such setting",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q:\n%s", command, want, out)
			}
		}
	}
	fixed := strings.NewReplacer("ports = 7\n", "", "soon", "1m", "LOUD", "DEBUG").Replace(text)
	if err := os.WriteFile(file, []byte(fixed), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := runTandem(t, dir, nil, "check", "--config", file)
	if err == nil || !strings.Contains(out, file+":8: rtp.ports: ") {
		t.Errorf("check says %v:\n%s", err, out)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(fixed, "30-20", "20000-29999", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := runTandem(t, dir, nil, "check", "--config", file); err != nil || !strings.Contains(out, "is good") {
		t.Errorf("check says %v:\n%s", err, out)
	}
}
