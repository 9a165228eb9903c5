package siptest

import (
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Message is one message a phone sent or received.
type Message struct {
	Raw  []byte
	At   time.Time
	Sent bool

	Request  *sip.Request  // nil for a response and for what does not parse
	Response *sip.Response // nil for a request and for what does not parse

	used bool // some Want has returned it
}

func newMessage(raw []byte, sent bool) *Message {
	m := &Message{Raw: raw, At: time.Now(), Sent: sent}
	parsed, err := sip.ParseMessage(raw)
	if err != nil {
		return m
	}
	switch p := parsed.(type) {
	case *sip.Request:
		m.Request = p
	case *sip.Response:
		m.Response = p
	}
	return m
}

// parsed is the message as sipgo sees it; nil if it could not.
func (m *Message) parsed() sip.Message {
	switch {
	case m.Request != nil:
		return m.Request
	case m.Response != nil:
		return m.Response
	}
	return nil
}

// Code is a response's status, 0 for a request.
func (m *Message) Code() int {
	if m.Response == nil {
		return 0
	}
	return m.Response.StatusCode
}

// Method is a request's method, or that of the request a response answers.
func (m *Message) Method() string {
	if m.Request != nil {
		return string(m.Request.Method)
	}
	if p := m.parsed(); p != nil && p.CSeq() != nil {
		return string(p.CSeq().MethodName)
	}
	return ""
}

// Header is the value of a header, "" if the message has none.
func (m *Message) Header(name string) string {
	if all := m.Headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Headers are all values of a header.
func (m *Message) Headers(name string) []string {
	p := m.parsed()
	if p == nil {
		return nil
	}
	var values []string
	for _, h := range p.GetHeaders(name) {
		values = append(values, h.Value())
	}
	return values
}

// Body is the message's body.
func (m *Message) Body() string {
	if p := m.parsed(); p != nil {
		return string(p.Body())
	}
	return ""
}

// CallID is the message's Call-ID.
func (m *Message) CallID() string {
	if p := m.parsed(); p != nil && p.CallID() != nil {
		return p.CallID().Value()
	}
	return ""
}

func (m *Message) branch() string {
	if p := m.parsed(); p != nil && p.Via() != nil {
		return p.Via().Params.GetOr("branch", "")
	}
	return ""
}

func (m *Message) cseq() uint32 {
	if p := m.parsed(); p != nil && p.CSeq() != nil {
		return p.CSeq().SeqNo
	}
	return 0
}

func (m *Message) toTag() string {
	if p := m.parsed(); p != nil && p.To() != nil {
		return p.To().Params.GetOr("tag", "")
	}
	return ""
}

// String is the message with the time and direction, for a failing test.
func (m *Message) String() string {
	arrow := "<--"
	if m.Sent {
		arrow = "-->"
	}
	return fmt.Sprintf("%s %s\n%s", m.At.Format("15:04:05.000"), arrow, strings.TrimRight(string(m.Raw), "\r\n"))
}
