package siptest

import (
	"fmt"
	"strings"
)

// Register registers the phone for the given seconds and wants a 200, which it returns.
func (p *Phone) Register(seconds int, headers ...string) *Message {
	p.tb.Helper()
	m := p.TryRegister(seconds, headers...)
	if m.Code() != 200 {
		p.fail("REGISTER: got %d, want 200", m.Code())
	}
	return m
}

// Unregister removes the phone's binding.
func (p *Phone) Unregister() { p.tb.Helper(); p.Register(0) }

// TryRegister registers the phone and returns the final answer behind the challenge, whatever it is.
func (p *Phone) TryRegister(seconds int, headers ...string) *Message {
	p.tb.Helper()
	uri := "sip:" + p.o.Domain
	m := p.register(uri, append([]string{fmt.Sprintf("Expires: %d", seconds)}, headers...))
	if m.Code() != 401 || p.o.Password == "" {
		return m
	}
	auth := p.authorize(m, "REGISTER", uri)
	if auth == "" {
		p.fail("REGISTER: no challenge this phone can answer")
	}
	return p.register(uri, append([]string{fmt.Sprintf("Expires: %d", seconds), auth}, headers...))
}

// register sends one REGISTER and waits for its final answer.
func (p *Phone) register(uri string, headers []string) *Message {
	p.tb.Helper()
	branch := newBranch()
	p.mu.Lock()
	p.regSeq++
	aor := fmt.Sprintf("<sip:%s@%s>", p.o.Login, p.o.Domain)
	var b strings.Builder
	fmt.Fprintf(&b, "REGISTER %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d REGISTER\r\n",
		uri, p.via(branch), aor, p.regID, aor, p.regID, p.regSeq)
	p.finish(&b, headers, "")
	raw := []byte(b.String())
	err := p.send(raw)
	p.mu.Unlock()
	if err != nil {
		p.fail("REGISTER: %v", err)
	}
	return p.want("the answer to a REGISTER", func(m *Message) bool {
		return m.Code() >= 200 && m.branch() == branch
	}, func() { _ = p.send(raw) })
}

// Exchange sends a request outside any dialog, completed with Via, From, Call-ID and
// CSeq, and returns its final answer. OPTIONS is the usual one.
func (p *Phone) Exchange(method, target string, headers ...string) *Message {
	p.tb.Helper()
	branch := newBranch()
	uri := p.URI(target)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=%s\r\nTo: <%s>\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n",
		method, uri, p.via(branch), p.o.Login, p.o.Domain, branch[7:], uri, branch, method)
	p.finish(&b, headers, "")
	raw := []byte(b.String())
	p.Send(string(raw))
	return p.want("the answer to "+method, func(m *Message) bool {
		return m.Code() >= 200 && m.branch() == branch
	}, func() { _ = p.send(raw) })
}
