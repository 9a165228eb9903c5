package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
)

// noted makes n notifications of an account, a minute apart, the odd ones warnings without a call.
func (w *world) noted(a directory.Account, n int) (sids []string) {
	w.t.Helper()
	w.store.SaveCall(new(cdr.Record{Summary: call.Summary{ID: "CA8e21f0d35b7a4c19a6d2e4f70b93c1d8", Account: a.SID, Created: created, Ended: created}}))
	for i := range n {
		note := directory.Notification{
			SID: directory.NewSID(directory.PrefixNotification), Account: a.SID, Call: "CA8e21f0d35b7a4c19a6d2e4f70b93c1d8", Code: 11206,
			Text: fmt.Sprintf("HTTP %d from a web server", 500+i), RequestURL: fmt.Sprintf("https://apps.example.net/menu/%d", i),
			RequestMethod: "POST", ResponseBody: "<html>", Date: created.Add(time.Duration(i) * time.Minute),
		}
		if i%2 == 1 {
			note.Warning, note.Code, note.Call = true, 12300, ""
		}
		w.store.Notify(note)
		sids = append(sids, note.SID)
	}
	return sids
}

func TestNotifications(t *testing.T) {
	w := newWorld(t)
	sids := w.noted(w.a, 5)
	list := func(path string) (got []any) {
		for _, n := range items(w.object("GET", r+path, ""), "notifications") {
			got = append(got, n["sid"])
		}
		return got
	}
	for path, want := range map[string][]int{
		"/Notifications.json": {0, 1, 2, 3, 4},
		"/Calls/CA8e21f0d35b7a4c19a6d2e4f70b93c1d8/Notifications.json":  {0, 2, 4},
		"/Calls.json/CA8e21f0d35b7a4c19a6d2e4f70b93c1d8/Notifications/": {0, 2, 4},
		"/Notifications.json?Log=1":                                     {1, 3},
		"/Notifications.json?ErrorCode=12300":                           {1, 3},
		"/Notifications.json?MessageText=502":                           {2},
		"/Notifications.json?RequestUrl=menu/4":                         {4},
		"/Notifications.json?Reverse=true":                              {4, 3, 2, 1, 0},
		"/Notifications.json?SortBy=MessageText:desc&PageSize=2":        {4, 3},
		"/Notifications.json?Page=1&PageSize=2":                         {2, 3},
		"/Notifications.json?StartTime=2026-02-02&EndTime=2026-02-02":   {0, 1, 2, 3, 4},
		"/Notifications.json?StartTime=2026-02-03":                      nil,
		"/Notifications.json?EndTime<=2026-02-01":                       nil,
		"/Notifications.json?PageSize=2&AfterSid=" + sids[2]:            {3, 4},
	} {
		var expected []any
		for _, i := range want {
			expected = append(expected, sids[i])
		}
		w.same(path, list(path), expected)
	}
	for _, query := range []string{"ErrorCode=x", "Log=2", "SortBy=Colour", "SortBy=Log:up", "StartTime=soon", "Page=9"} {
		w.want(400, "GET", r+"/Notifications.json?"+query, "")
	}
	one := r + "/Notifications/" + sids[0]
	w.want(200, "GET", one, "", "<Log>0</Log>", "<ResponseBody>&lt;html&gt;</ResponseBody>")
	if rec := w.request("GET", r+"/Notifications", ""); strings.Contains(rec.Body.String(), "html&gt;") {
		t.Error("the list has the answer of the web server")
	}
	w.want(405, "POST", one, "MessageText=x")
	w.want(405, "POST", r+"/Notifications", "MessageText=x")
	w.want(404, "GET", r+"/Calls/CA00000000000000000000000000000000/Notifications", "")
	w.want(204, "DELETE", one, "")
	w.want(404, "DELETE", one, "")
	w.want(404, "GET", one, "")
}

func TestNotificationsOfSubAccounts(t *testing.T) {
	w := newWorld(t)
	sids := w.noted(w.b, 2)
	w.want(403, "GET", r+"/Notifications/"+sids[0], "") // a descendant's
	w.same("of the subtree", w.object("GET", r+"/Notifications.json?SubAccounts=true", "")["total"], 2)
	w.want(200, "POST", strings.Replace(r, "{A}", "{B}", 1)+".json", "Status=closed")
	w.same("of a closed account", w.object("GET", strings.Replace(r, "{A}", "{B}", 1)+"/Notifications.json", "")["total"], 0)
}
