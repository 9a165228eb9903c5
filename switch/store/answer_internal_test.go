package store

import (
	"testing"
	"time"

	"tandem/switch/call"
)

func TestAnswerIsAddedToTheRecord(t *testing.T) {
	for _, tt := range []struct {
		name  string
		apart bool // the answer comes in a later batch than the beginning
		ends  bool // the call's end comes behind the answer, in the same batch
		rows  int  // that the answer's batch costs
	}{
		{"with the beginning", false, false, 1},
		{"after the beginning", true, false, 1},
		{"with beginning and end", false, true, 1},
		{"with the end", true, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := openForTest(t, nil)
			end := someCall(string(call.NewID()))
			begun := end
			begun.Status, begun.Answered, begun.Ended = call.StatusRinging, time.Time{}, time.Time{}
			end.Status = call.StatusCompleted
			rang, answered := end.Created.Add(time.Second), end.Created.Add(2*time.Second)
			end.Rang, end.Answered, end.Ended = rang, answered, answered.Add(time.Minute)
			var batch []task
			first, last := callRow(begun), callRow(end)
			if tt.apart {
				s.SaveCall(new(begun))
				if err := s.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else {
				batch = append(batch, task{row: &first})
			}
			batch = append(batch, task{row: &answerRow{end.ID, rang, answered}})
			if tt.ends {
				batch = append(batch, task{row: &last})
			}
			release := hold(t, s) // what follows is one batch
			for _, b := range batch {
				s.writer.save(b.row)
			}
			release()
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.writer.join(batch)
			rows := 0
			for _, b := range batch {
				if !b.joined {
					rows++
				}
			}
			if rows != tt.rows {
				t.Errorf("got %d rows written, want %d", rows, tt.rows)
			}
			got, ok, err := s.Call(t.Context(), end.ID)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			status := call.StatusInProgress
			if tt.ends {
				status = call.StatusCompleted
			}
			if got.Status != status || got.Answered.UnixMilli() != answered.UnixMilli() || got.Rang.UnixMilli() != rang.UnixMilli() || got.Ended.IsZero() == tt.ends {
				t.Errorf("got %+v, want %v, rung and answered", got, status)
			}
		})
	}
}

func TestAnswerOfACallThatHasEndedChangesNothing(t *testing.T) {
	s := openForTest(t, nil)
	r := someCall(string(call.NewID()))
	r.Status = call.StatusCanceled
	s.SaveCall(new(r))
	s.SaveAnswer(r.ID, time.Now(), time.Now().Add(time.Hour))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.Call(t.Context(), r.ID); err != nil || got.Status != call.StatusCanceled || got.Answered.UnixMilli() != r.Answered.UnixMilli() {
		t.Errorf("got %+v, %v; want the record as it ended", got, err)
	}
}
