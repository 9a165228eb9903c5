package cdr

import (
	"time"

	"tandem/switch/call"
)

// Store takes records. It must not block: one that cannot keep up says so
// through call.Deps.Full, before new calls begin.
type Store interface {
	// SaveCall keeps r, which is never written again.
	SaveCall(r *Record)
	// SaveAnswer adds to the record of a call that is up when it rang and was answered.
	SaveAnswer(id call.ID, rang, answered time.Time)
}

// Writer makes records of summaries; it is a call.Records.
type Writer struct{ store Store }

// NewWriter returns a writer into the store.
func NewWriter(s Store) *Writer { return &Writer{store: s} }

// Began writes the record of a call that is up.
func (w *Writer) Began(s *call.Summary) { w.save(s) }

// Answered adds the answer to the record of a call that is up.
func (w *Writer) Answered(id call.ID, rang, answered time.Time) {
	w.store.SaveAnswer(id, rang, answered)
}

// Ended writes the last record of a call.
func (w *Writer) Ended(s *call.Summary) { w.save(s) }

func (w *Writer) save(s *call.Summary) { w.store.SaveCall(&Record{Summary: *s, Updated: time.Now()}) }
