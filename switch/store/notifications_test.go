package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/switch/directory"
)

func TestNotificationsSelectsAndOrders(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 6 {
		n := directory.Notification{
			SID: fmt.Sprintf("NO%032x", i), Account: "ACa", Call: "CA1", Code: 11200 + i, Text: fmt.Sprintf("text %d", 9-i),
			RequestURL: "https://a.example/menu", Date: now.Add(time.Duration(i) * time.Minute),
		}
		switch i {
		case 2:
			n.Account = "ACb"
		case 3:
			n.Call, n.Warning = "", true
		case 4:
			n.RequestURL, n.Text = "https://a.example/100%_done", "over"
		}
		s.Notify(n)
	}
	flush(t, s)
	warning, code := true, 11201
	type query = directory.NotificationQuery
	for _, r := range []struct {
		name  string
		q     query
		want  []int
		total int
	}{
		{"all", query{}, []int{0, 1, 2, 3, 4, 5}, 6},
		{"one account", query{Accounts: []string{"ACb"}}, []int{2}, 1},
		{"one call", query{Accounts: []string{"ACa"}, Call: "CA1"}, []int{0, 1, 4, 5}, 4},
		{"warnings", query{Warning: &warning}, []int{3}, 1},
		{"code", query{Code: &code}, []int{1}, 1},
		{"URL", query{URL: "100%_"}, []int{4}, 1},
		{"wildcards match themselves", query{URL: "m_nu"}, nil, 0},
		{"text", query{Text: "ve"}, []int{4}, 1},
		{"from", query{From: now.Add(4 * time.Minute)}, []int{4, 5}, 2},
		{"to", query{To: now.Add(time.Minute)}, []int{0}, 1},
		{"newest first", query{Descending: true, Limit: 2}, []int{5, 4}, 6},
		{"page", query{Limit: 2, Offset: 4}, []int{4, 5}, 6},
		{"behind", query{Limit: 2, After: fmt.Sprintf("NO%032x", 1)}, []int{2, 3}, 6},
		{"by log, behind", query{Sort: directory.ByLog, Limit: 9, After: fmt.Sprintf("NO%032x", 0)}, []int{3}, 6},
		{"by log, descending", query{Sort: directory.ByLog, Descending: true, Limit: 2}, []int{3, 5}, 6},
		{"by code, descending", query{Sort: directory.ByCode, Descending: true, Limit: 1}, []int{5}, 6},
		{"by call", query{Sort: directory.ByCall, Limit: 2}, []int{3, 5}, 6},
		{"by text", query{Sort: directory.ByText, Limit: 2}, []int{4, 5}, 6},
	} {
		t.Run(r.name, func(t *testing.T) {
			page, err := s.Notifications(t.Context(), r.q)
			must(t, err)
			var got []int
			for _, n := range page.Notifications {
				got = append(got, n.Code-11200)
			}
			if !slices.Equal(got, r.want) || page.Total != r.total && r.q.After == "" {
				t.Errorf("got %v of %d, want %v of %d", got, page.Total, r.want, r.total)
			}
		})
	}
}
