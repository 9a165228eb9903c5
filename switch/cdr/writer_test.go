package cdr_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/call"
	"tandem/switch/cdr"
)

type kept []cdr.Record

func (k *kept) SaveCall(r *cdr.Record) { *k = append(*k, *r) }

func (k *kept) SaveAnswer(id call.ID, rang, answered time.Time) {
	*k = append(*k, cdr.Record{Summary: call.Summary{ID: id, Rang: rang, Answered: answered}})
}

func TestWriterKeepsAnAnswer(t *testing.T) {
	var store kept
	id, rang, answered := call.NewID(), time.Unix(1, 0), time.Unix(2, 0)
	cdr.NewWriter(&store).Answered(id, rang, answered)
	if len(store) != 1 || store[0].ID != id || store[0].Rang != rang || store[0].Answered != answered {
		t.Errorf("got %+v, want the answer of %s", store, id)
	}
}

func TestWriterKeepsBothEndsOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store kept
		w := cdr.NewWriter(&store)
		sum := call.Summary{ID: call.NewID(), Created: time.Now(), Status: call.StatusRinging}
		w.Began(&sum)
		time.Sleep(time.Minute)
		sum.Status, sum.Ended = call.StatusCanceled, time.Now()
		w.Ended(&sum)
		if len(store) != 2 || store[0].ID != sum.ID || !store[0].Ended.IsZero() {
			t.Fatalf("got %+v, want a record without an end first", store)
		}
		if got := store[1].Updated.Sub(store[0].Updated); got != time.Minute || store[1].Status != call.StatusCanceled {
			t.Errorf("got %v after %v, want canceled after a minute", store[1].Status, got)
		}
	})
}
