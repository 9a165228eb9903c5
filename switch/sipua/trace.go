package sipua

import (
	"context"
	"log/slog"
	"strings"

	"tandem/switch/transport"
)

// trace writes a message to the log at debug level, with its secrets masked. It
// costs one comparison when nobody reads that level.
//
//nolint:contextcheck // a message belongs to no caller's context
func trace(log *slog.Logger, sent bool, f transport.Flow, raw []byte) {
	if !log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	log.LogAttrs(context.Background(), slog.LevelDebug, "sip message",
		slog.Bool("sent", sent), slog.String("flow", f.String()), slog.String("message", masked(raw)))
}

// transmit sends a message; every message of ours leaves by here.
func (s *shard) transmit(f transport.Flow, b []byte) error {
	trace(s.u.log, true, f, b)
	return f.Send(b)
}

const mask = "***"

// masked is a message without what would let a reader of the log act as
// somebody else or listen in: digests, SRTP keys, ICE passwords, keys pressed.
func masked(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw))
	hidden := false // the lines of a folded header go with it
	for line := range strings.Lines(string(raw)) {
		if hidden && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		var kept string
		kept, hidden = maskLine(line)
		b.WriteString(kept)
	}
	return b.String()
}

// maskLine masks one line of a message; hidden tells that the rest of a folded header is secret too.
func maskLine(line string) (kept string, hidden bool) {
	text := strings.TrimRight(line, "\r\n")
	end := line[len(text):]
	for _, s := range secrets {
		if len(text) < len(s.before) || !strings.EqualFold(text[:len(s.before)], s.before) {
			continue
		}
		shown := len(text)
		if i := indexFold(text[len(s.before):], s.from); i >= 0 {
			shown = len(s.before) + i + len(s.from)
		}
		if s.header {
			return text[:shown] + mask + end, true
		}
		if shown < len(text) || s.from == "" {
			return text[:shown] + mask + end, false
		}
	}
	return line, false
}

// secrets are the lines that hold one: how they begin, and behind which word the secret stands.
var secrets = []struct {
	before, from string
	header       bool
}{
	{"Authorization", ":", true},
	{"Proxy-Authorization", ":", true},
	{"a=crypto:", "inline:", false},
	{"a=key-mgmt:", " ", false},
	{"a=ice-pwd:", "", false},
	{"k=", "", false},
	{"Signal", "=", false}, // application/dtmf-relay: may be a PIN
}

// indexFold is strings.Index without regard to ASCII case.
func indexFold(s, word string) int {
	for i := 0; i+len(word) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
