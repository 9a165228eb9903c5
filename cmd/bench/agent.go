package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// agent is one end: a client of the switch on a socket of its own.
type agent struct {
	client client
	server netip.AddrPort
	local  netip.AddrPort
	conn   *net.UDPConn
	raw    syscall.RawConn
	auth   *authorizer
	cseq   int
	buf    [8192]byte
}

const socketBuffer = 4 << 20

// newAgent opens the agent's socket on the address the switch is reached from.
func newAgent(c client, server netip.AddrPort) (*agent, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		return nil, fmt.Errorf("socket of %s: %w", c.Login, err)
	}
	if err := errors.Join(conn.SetReadBuffer(socketBuffer), conn.SetWriteBuffer(socketBuffer)); err != nil {
		return nil, fmt.Errorf("socket of %s: %w", c.Login, err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("socket of %s: %w", c.Login, err)
	}
	return &agent{client: c, server: server, conn: conn, raw: raw, local: conn.LocalAddr().(*net.UDPAddr).AddrPort()}, nil
}

// send passes a message to the kernel. What is lost is sent again; the figures show it.
func (a *agent) send(b []byte) { _, _ = a.conn.Write(b) }

// poll gives handle the messages that wait at the socket, up to a limit, and returns how many there were. It does not wait.
func (a *agent) poll(handle func(m message, now time.Time)) int {
	const most = 64
	for n := range most {
		size := 0
		err := a.raw.Read(func(fd uintptr) bool {
			size, _, _ = unix.Recvfrom(int(fd), a.buf[:], unix.MSG_DONTWAIT)
			return true
		})
		if err != nil || size <= 0 {
			return n // nothing there, or an ICMP error of the switch's end
		}
		if m, ok := parse(a.buf[:size]); ok {
			handle(m, time.Now())
		}
	}
	return most
}

func port(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }

// contact is where the switch reaches this agent.
func (a *agent) contact() string { return "<sip:" + a.client.Login + "@" + a.local.String() + ">" }

// aor is the client's address of record.
func (a *agent) aor() string { return "sip:" + a.client.Login + "@" + a.server.String() }

// request is the head of a request outside a dialog, up to and without Content-Length.
func (a *agent) request(method, uri, branch, callID, tag, to string, cseq int, authorization string) string {
	return method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP " + a.local.String() + ";branch=z9hG4bK" + branch + ";rport\r\nMax-Forwards: 70\r\nFrom: <" +
		a.aor() + ">;tag=" + tag + "\r\nTo: " + to + "\r\nCall-ID: " + callID + "\r\nCSeq: " + strconv.Itoa(cseq) + " " + method +
		"\r\nContact: " + a.contact() + "\r\n" + authorization
}

// withBody ends a message with its body, SDP or none.
func withBody(head, body string) string {
	if body != "" {
		head += "Content-Type: application/sdp\r\n"
	}
	return head + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// exchange sends one request and waits for its final answer, repeating it as RFC 3261 §17.1.2 says.
func (a *agent) exchange(ctx context.Context, request, callID string) (message, error) {
	buf := make([]byte, 8192)
	for wait := 500 * time.Millisecond; wait <= 8*time.Second; wait *= 2 {
		if _, err := a.conn.Write([]byte(request)); err != nil {
			return message{}, err
		}
		deadline := time.Now().Add(wait)
		for ctx.Err() == nil {
			if err := a.conn.SetReadDeadline(deadline); err != nil {
				return message{}, err
			}
			n, err := a.conn.Read(buf)
			if err != nil {
				break
			}
			if m, ok := parse(buf[:n]); ok && m.callID == callID && m.code >= 200 {
				return m, a.conn.SetReadDeadline(time.Time{})
			}
		}
	}
	return message{}, fmt.Errorf("%s gets no answer from %s", a.client.Login, a.server)
}

// register puts the agent's contact in place and keeps the challenge's nonce for what follows.
func (a *agent) register(ctx context.Context) error {
	callID := "register-" + a.client.Login + "-" + port(a.local)
	authorization := ""
	for range 2 {
		a.cseq++
		head := a.request("REGISTER", "sip:"+a.server.String(), callID+strconv.Itoa(a.cseq), callID, "r", "<"+a.aor()+">", a.cseq, authorization+"Expires: 3600\r\n")
		m, err := a.exchange(ctx, withBody(head, ""), callID)
		switch {
		case err != nil:
			return err
		case m.code == 200:
			return nil
		case m.code != 401 || authorization != "":
			return fmt.Errorf("register %s: answer %d", a.client.Login, m.code)
		}
		if a.auth, err = newAuthorizer(a.client, m.code, header(m.raw, "WWW-Authenticate")); err != nil {
			return err
		}
		if authorization, err = a.auth.line("REGISTER", "sip:"+a.server.String()); err != nil {
			return err
		}
	}
	return fmt.Errorf("register %s: challenged again", a.client.Login)
}

// challenge makes the switch challenge an INVITE, so that those that follow carry credentials at once.
func (a *agent) challenge(ctx context.Context, to string) error {
	callID := "challenge-" + port(a.local)
	m, err := a.exchange(ctx, withBody(a.request("INVITE", to, callID, callID, "c", "<"+to+">", 1, ""), sdp(a.local, false)), callID)
	if err != nil {
		return err
	}
	ack := "ACK " + to + " SIP/2.0\r\nVia: SIP/2.0/UDP " + a.local.String() + ";branch=z9hG4bK" + callID + ";rport\r\nMax-Forwards: 70\r\nFrom: <" + a.aor() +
		">;tag=c\r\nTo: " + header(m.raw, "To") + "\r\nCall-ID: " + callID + "\r\nCSeq: 1 ACK\r\n"
	if _, err := a.conn.Write([]byte(withBody(ack, ""))); err != nil {
		return err
	}
	if m.code != 407 && m.code != 401 {
		return fmt.Errorf("the switch answers %d to an INVITE without credentials, not 407", m.code)
	}
	value := header(m.raw, "Proxy-Authenticate")
	if value == "" {
		value = header(m.raw, "WWW-Authenticate")
	}
	a.auth, err = newAuthorizer(a.client, m.code, value)
	return err
}
