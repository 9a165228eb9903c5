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

// dateFilter is a parameter that gives the first or the last day of a span.
type dateFilter struct {
	name     string
	from, to *time.Time // one of them: the start of the day, or of the day after it
}

// dates reads the date filters of a list; ">" and "<" may end their names, as Twilio's clients spell inequalities.
func (s *Server) dates(r *request, filters []dateFilter) error {
	for _, f := range filters {
		v := r.URL.Query().Get(f.name)
		if v == "" {
			continue
		}
		t, err := s.day(f.name, v)
		if err != nil {
			return err
		}
		if f.from != nil {
			*f.from = t
		} else {
			*f.to = t.AddDate(0, 0, 1)
		}
	}
	return nil
}
