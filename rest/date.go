package rest

import "time"

// The formats of 1.7.
const (
	rfcDate = "Mon, 2 Jan 2006 15:04:05 -0700"
	isoDate = "2006-01-02T15:04:05.000Z07:00"
	day     = "2006-01-02"
)

// date is when something was created or updated.
func (s *Server) date(t time.Time) string {
	if s.cfg.ISODates {
		return s.iso(t)
	}
	if t.IsZero() {
		return ""
	}
	return t.In(s.zone).Format(rfcDate)
}

// iso is an instant of a call.
func (s *Server) iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.zone).Format(isoDate)
}

// day reads a date filter: the first ten characters count (1.10).
func (s *Server) day(name, value string) (time.Time, error) {
	text := value
	if len(text) > len(day) {
		text = text[:len(day)]
	}
	t, err := time.ParseInLocation(day, text, s.zone)
	if err != nil {
		return t, badRequest(0, "%s %q is not a date such as 2026-02-28", name, value)
	}
	return t, nil
}
