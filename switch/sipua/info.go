package sipua

import (
	"context"
	"fmt"
	"strings"

	"tandem/switch/call"
	"tandem/switch/transaction"
	"tandem/switch/transport"
)

// info answers an INFO: a key becomes a Digit event, anything else an Info event.
func (l *Leg) info(m *transport.Message, key transaction.Key) {
	kind, _, _ := strings.Cut(l.s.f[headerContentType], ";")
	kind = strings.ToLower(trim(kind))
	content := body(m)
	if digit, is := digitOf(kind, content); is {
		if digit == 0 {
			l.deny(m, key, bad("No Such Key", fmt.Errorf("INFO with %q", content)))
			return
		}
		l.s.respond(m, key, l.tag, &answer{code: 200})
		l.emit(call.Event{Kind: call.Digit, Digit: digit})
		return
	}
	l.s.respond(m, key, l.tag, &answer{code: 200})
	if len(content) > 0 {
		l.emit(call.Event{Kind: call.Info, Type: kind, Body: content})
	}
}

// digitOf reads the key of a body that carries one; 0 for a body that should and does not.
func digitOf(kind string, content []byte) (digit byte, is bool) {
	switch kind {
	case "application/dtmf-relay":
		for line := range strings.Lines(text(content)) {
			name, value, ok := strings.Cut(line, "=")
			if ok && strings.EqualFold(trim(name), "Signal") {
				return keyOf(trim(value)), true
			}
		}
		return 0, true
	case "application/dtmf":
		v := trim(text(content))
		if name, value, ok := strings.Cut(v, "="); ok && strings.EqualFold(trim(name), "Signal") {
			v, _, _ = strings.Cut(trim(value), "\n")
			v = trim(v)
		}
		return keyOf(v), true
	}
	return 0, false
}

// keyOf is the key that a signal names; some devices send the numbers of RFC 4733 §3.2.
func keyOf(v string) byte {
	switch {
	case v == "10":
		return '*'
	case v == "11":
		return '#'
	case len(v) == 2 && v >= "12" && v <= "15":
		return 'A' + v[1] - '2'
	case len(v) != 1:
		return 0
	}
	c := v[0]
	if c >= 'a' && c <= 'd' {
		c -= 'a' - 'A'
	}
	if c >= '0' && c <= '9' || c == '*' || c == '#' || c >= 'A' && c <= 'D' {
		return c
	}
	return 0
}

// Info sends an INFO and waits for its answer. The error is a *call.Refusal with the code of a refusal.
func (l *Leg) Info(ctx context.Context, contentType string, content []byte) error {
	if !safeText(contentType) {
		return fmt.Errorf("content type %q does not fit into a header", clean(contentType))
	}
	return l.wait(ctx, func(done func(error)) {
		if l.state != up {
			done(errNotUp)
			return
		}
		l.sendInfo(contentType, content, "", done)
	})
}

func (l *Leg) sendInfo(contentType string, content []byte, auth string, done func(error)) {
	s, d := l.s, &l.dlg
	l.mend()
	d.localSeq++
	branch := s.newBranch()
	b := l.appendRequest(s.buf[:0], d, "INFO", branch, d.localSeq)
	b = append(b, auth...)
	b = appendBody(b, contentType, content)
	s.buf = b
	s.request(d.flow, "INFO", branch, b, func(code int, m *transport.Message) {
		if line, ok := l.challenged("INFO", auth, code, m); ok && l.state == up {
			l.sendInfo(contentType, content, line, done)
			return
		}
		done(l.infoAnswered(code))
	})
}

func (l *Leg) infoAnswered(code int) error {
	switch {
	case code < 300:
		return nil
	case code == 408 || code == 481: // RFC 3261 §12.2.1.2
		l.hangup(call.Cause{By: call.ByFailure, Code: code, Text: statusText(code)})
	}
	return &call.Refusal{Code: code, Err: fmt.Errorf("the party refused an INFO: %d", code)}
}
