package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/media"
	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
	"tandem/switch/store"
)

// record is the record of an answered call that ended.
func record(i int) cdr.Record {
	at := now.Add(time.Duration(i) * time.Minute)
	return cdr.Record{Updated: at.Add(time.Minute), Summary: call.Summary{
		ID: call.ID(fmt.Sprintf("CA%032x", i)), Account: "ACa", NumberSID: "PNn", Direction: call.OutboundAPI, Status: call.StatusCompleted,
		From: "alice", To: fmt.Sprintf("+1555%07d", i), CallerName: "Alice", ForwardedFrom: "carol", Client: "alice",
		Source: "udp:192.0.2.1:5060", UserAgent: "phone", SIPCallID: "x", Cause: call.Cause{By: call.ByParty, Text: "bye"}, Bridged: true,
		Created: at, Rang: at.Add(time.Second), Answered: at.Add(2 * time.Second), Ended: at.Add(time.Duration(5500) * time.Millisecond),
		Media: media.Stats{
			Received: 1, Sent: 2, ReceivedBytes: 3, SentBytes: 4, Lost: 5, Jitter: 6 * time.Microsecond,
			Dropped: [media.DropReasons]uint64{media.DropStranger: 7, media.DropSend: 8},
		},
	}}
}

// flush waits until what was queued is on disk.
func flush(tb testing.TB, s *store.Store) {
	tb.Helper()
	must(tb, s.Flush(tb.Context()))
}

func TestCallsAreWrittenTwiceAndReadOnce(t *testing.T) {
	s := open(t, t.TempDir())
	r := record(1)
	began := r
	began.Status, began.Answered, began.Ended, began.Media = call.StatusRinging, time.Time{}, time.Time{}, media.Stats{}
	s.SaveCall(new(began))
	flush(t, s)
	got, ok, err := s.Call(t.Context(), r.ID)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	same(t, "at the beginning", got, began)
	s.SaveCall(new(r))
	flush(t, s)
	got, _, err = s.Call(t.Context(), r.ID)
	must(t, err)
	same(t, "at the end", got, r)
	must(t, s.DeleteCall(t.Context(), string(r.ID)))
	if err := s.DeleteCall(t.Context(), string(r.ID)); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("second delete: %v", err)
	}
	if _, ok, err := s.Call(t.Context(), r.ID); ok || err != nil {
		t.Errorf("deleted call: %v, %v", ok, err)
	}
}

// numbersOf are the numbers that record made the SIDs of.
func numbersOf(t *testing.T, p cdr.Page) (list []int) {
	t.Helper()
	for _, r := range p.Records {
		var i int
		if _, err := fmt.Sscanf(string(r.ID), "CA%x", &i); err != nil {
			t.Fatal(err)
		}
		list = append(list, i)
	}
	return list
}

func TestCallsSelectsAndOrders(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 10 {
		r := record(i)
		switch i {
		case 3:
			r.Account, r.Status, r.From = "ACb", call.StatusBusy, "100%_x"
		case 4:
			r.Status, r.Ended, r.Direction = call.StatusRinging, time.Time{}, call.Inbound
		case 5, 6:
			r.To, r.Created, r.Parent = "same", now, record(1).ID
		}
		s.SaveCall(new(r))
	}
	flush(t, s)
	sid := func(i int) string { return string(record(i).ID) }
	for _, r := range []struct {
		name  string
		q     cdr.Query
		want  []int
		total int
	}{
		{"all", cdr.Query{}, []int{0, 5, 6, 1, 2, 3, 4, 7, 8, 9}, 10},
		{"newest first", cdr.Query{Descending: true}, []int{9, 8, 7, 4, 3, 2, 1, 0, 5, 6}, 10},
		{"one account", cdr.Query{Accounts: []string{"ACb"}}, []int{3}, 1},
		{"two accounts", cdr.Query{Accounts: []string{"ACa", "ACb"}}, []int{0, 5, 6, 1, 2, 3, 4, 7, 8, 9}, 10},
		{"suffix", cdr.Query{To: "0000007"}, []int{7}, 1},
		{"wildcard", cdr.Query{To: "555%08"}, []int{8}, 1},
		{"wildcard behind", cdr.Query{To: "sam%"}, []int{5, 6}, 2},
		{"underscore is no wildcard", cdr.Query{From: "_x"}, []int{3}, 1},
		{"underscore matches itself alone", cdr.Query{To: "000000_"}, nil, 0},
		{"status", cdr.Query{Status: "busy"}, []int{3}, 1},
		{"unknown status", cdr.Query{Status: "dancing"}, nil, 0},
		{"direction", cdr.Query{Direction: "inbound"}, []int{4}, 1},
		{"parent", cdr.Query{Parent: sid(1)}, []int{5, 6}, 2},
		{"live", cdr.Query{Live: true}, []int{4}, 1},
		{"started from", cdr.Query{StartFrom: now.Add(8 * time.Minute)}, []int{8, 9}, 2},
		{"started to", cdr.Query{StartTo: now.Add(time.Minute)}, []int{0, 5, 6}, 3},
		{"ended from", cdr.Query{EndFrom: now.Add(9 * time.Minute)}, []int{9}, 1},
		{"ended to", cdr.Query{EndTo: now.Add(time.Minute)}, []int{0}, 1},
		{"page", cdr.Query{Limit: 3, Offset: 3}, []int{1, 2, 3}, 10},
		{"behind", cdr.Query{Limit: 2, Offset: 2, After: sid(2)}, []int{3, 4}, 10},
		{"behind one of a tie", cdr.Query{Limit: 2, After: sid(5)}, []int{6, 1}, 10},
		{"behind, newest first", cdr.Query{Limit: 3, After: sid(1), Descending: true}, []int{0, 5, 6}, 10},
		{"behind one that is not there", cdr.Query{Limit: 2, Offset: 2, After: "CAx"}, []int{6, 1}, 10},
		{"behind one that is not selected", cdr.Query{Limit: 2, After: sid(9), Accounts: []string{"ACb"}}, []int{3}, 1},
		{"by to", cdr.Query{Sort: cdr.ByTo, Limit: 2, Offset: 7}, []int{9, 5, 6}[:2], 10},
		{"by to, descending, behind", cdr.Query{Sort: cdr.ByTo, Descending: true, Limit: 2, After: sid(6)}, []int{9, 8}, 10},
		{"by direction", cdr.Query{Sort: cdr.ByDirection, Limit: 3}, []int{4, 9, 8}, 10},
		{"by duration", cdr.Query{Sort: cdr.ByDuration, Limit: 2}, []int{4, 9}, 10},
		{"by status", cdr.Query{Sort: cdr.ByStatus, Limit: 1}, []int{3}, 10},
		{"by from, behind", cdr.Query{Sort: cdr.ByFrom, Limit: 1, After: sid(3)}, []int{9}, 10},
	} {
		t.Run(r.name, func(t *testing.T) {
			page, err := s.Calls(t.Context(), r.q)
			must(t, err)
			if got := numbersOf(t, page); !slices.Equal(got, r.want) || page.Total != r.total && r.q.After == "" {
				t.Errorf("got %v of %d, want %v of %d", got, page.Total, r.want, r.total)
			}
		})
	}
}

func TestOrphansSayThatTheSwitchDied(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	up, ended := record(1), record(2)
	up.Status, up.Ended = call.StatusInProgress, time.Time{}
	s.SaveCall(new(up))
	s.SaveCall(new(ended))
	s = reopen(t, s, dir)
	n, err := s.Orphans(t.Context())
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	got, _, err := s.Call(t.Context(), up.ID)
	must(t, err)
	if got.Status != call.StatusFailed || got.Cause.By != call.ByFailure || got.Cause.Text == "" || !got.Ended.Equal(up.Updated) ||
		got.Duration() != up.Updated.Sub(up.Answered) {
		t.Errorf("orphan: %+v", got)
	}
	got, _, err = s.Call(t.Context(), ended.ID)
	must(t, err)
	same(t, "ended call", got, ended)
	if n, _ := s.Orphans(t.Context()); n != 0 {
		t.Errorf("second time: %d orphans", n)
	}
}
