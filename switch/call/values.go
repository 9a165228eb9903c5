package call

import (
	"log/slog"
	"time"
)

type values map[any]any

// SetValue keeps a value with the call, for plans: it outlives a plan that is
// replaced. Keys are compared as those of context.WithValue; scripts use strings.
func (c *Call) SetValue(key, value any) {
	_ = c.ask(func(s *state) {
		if s.values == nil {
			s.values = values{}
		}
		s.values[key] = value
	})
}

// Value returns what SetValue kept, or nil; after the end of the call it is nil.
func (c *Call) Value(key any) (value any) {
	_ = c.ask(func(s *state) { value = s.values[key] })
	return value
}

// Notification is a warning or error that the account's owner can read over REST (rcml.md 6).
type Notification struct {
	At      time.Time
	Account string
	Call    ID
	Code    int    // rcml.md 6
	Text    string // what happened, in a sentence
	URL     string // the document or request it happened in; "" for none
}

// Notifier keeps notifications. It must not block.
type Notifier interface{ Notify(n Notification) }

// Notify stores a notification about this call and logs it. The URL names the document concerned, or is "".
func (c *Call) Notify(code int, text, url string) {
	c.log(slog.LevelWarn, "notification", slog.Int("code", code), slog.String("text", text), slog.String("url", url))
	if c.m.notifier != nil {
		c.m.notifier.Notify(Notification{
			At: time.Now(), Account: c.Account(), Call: c.id, Code: code, Text: text, URL: url,
		})
	}
}
