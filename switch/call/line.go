package call

import (
	"context"
	"log/slog"
)

// lines returns what writes a line about a call, and what tells whether lines
// of a level are wanted. A logger of its own would cost every call half a
// kilobyte, so the call's names are added to each line.
func lines(log *slog.Logger) (line func(slog.Level, string, *Call, []slog.Attr), enabled func(slog.Level) bool) {
	ctx := context.Background() // a line is written whatever became of who writes it
	enabled = func(level slog.Level) bool { return log.Enabled(ctx, level) }
	line = func(level slog.Level, msg string, c *Call, attrs []slog.Attr) {
		all := make([]slog.Attr, 0, 2+len(attrs))
		all = append(all, slog.String("call_id", string(c.id)), slog.String("sip_call_id", c.leg.ID()))
		log.LogAttrs(ctx, level, msg, append(all, attrs...)...) //nolint:sloglint // the messages are literals where lines begin
	}
	return line, enabled
}
