package rest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
)

var blanks = regexp.MustCompile(`>\s+<`)

// golden compares a body with an example of the specification, blanks between elements and members apart.
func golden(t *testing.T, file string, body []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(blanks.ReplaceAllString(string(want), "><"))
	if strings.HasSuffix(file, ".json") {
		var b bytes.Buffer
		if err := json.Compact(&b, want); err != nil {
			t.Fatal(err)
		}
		text = b.String()
	}
	if got := string(body); got != text {
		t.Errorf("%s:\n got %s\nwant %s", file, got, text)
	}
}

func TestExamplesOfTheSpecification(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	at := func(minutes int) time.Time { return created.Add(time.Duration(minutes) * time.Minute) }
	a := directory.Account{
		SID: "AC3b1f6a0c9d7e4258b1a0c4e6f8d27390", Parent: w.a.SID, Email: "ops@example.net", FriendlyName: "Example operations",
		Status: directory.Active, Role: "Administrator", Token: "0b7d1c5e93a24f6881c2d4e6f8a0b1c3", Created: at(0), Updated: at(0),
	}
	app := directory.Application{
		SID: "AP5a0c2f7e8b914d36a1e2c3d4f5061728", Account: a.SID, FriendlyName: "Main menu", URL: "https://apps.example.net/menu", Kind: "voice",
		APIVersion: "2012-04-24", Created: at(10), Updated: at(10),
	}
	post := directory.Hook{Method: "POST", FallbackMethod: "POST"}
	client := directory.Client{
		SID: "CL2e4d6c8b0a1f43759e8d7c6b5a493827", Account: a.SID, Login: "alice", FriendlyName: "Alice, front desk", Enabled: true,
		HA1MD5: "4f0c9a7be15d23688a1b2c3d4e5f6071", Voice: post, APIVersion: "2012-04-24", Created: at(20), Updated: at(20),
	}
	number := directory.Number{
		SID: "PN91c8e7d6b5a4439281706f5e4d3c2b1a", Account: a.SID, FriendlyName: "(555) 014-2000", Phone: "+15550142000",
		Voice: post, SMS: post, USSD: post, Refer: directory.Hook{Method: "POST"},
		StatusCallback: "https://apps.example.net/progress", StatusCallbackMethod: "POST", Can: directory.Capabilities{Voice: true, SMS: true},
		APIVersion: "2012-04-24", Created: at(30), Updated: at(31),
	}
	number.Voice.Application = app.SID
	w.must(w.store.CreateAccount(ctx, a))
	w.must(w.store.CreateApplication(ctx, app))
	w.must(w.store.CreateClient(ctx, client))
	w.must(w.store.CreateNumber(ctx, number))
	start := time.Date(2026, 2, 5, 9, 12, 31, 402e6, time.UTC)
	rec := cdr.Record{Updated: start, Summary: call.Summary{
		ID: "CA8e21f0d35b7a4c19a6d2e4f70b93c1d8", Account: a.SID, Direction: call.OutboundAPI, From: "+15550142000", To: "alice", Created: start,
	}}
	w.store.SaveCall(new(rec))

	below := "/restcomm/2012-04-24/Accounts/" + a.SID
	calls := below + "/Calls/" + string(rec.ID)
	get := func(path string) []byte { return w.want(200, "GET", path, "").Body.Bytes() }
	golden(t, "account.json", get(below+".json"))
	golden(t, "account.xml", get(below))
	golden(t, "application.json", get(below+"/Applications/"+app.SID+".json"))
	golden(t, "application.xml", get(below+"/Applications/"+app.SID))
	golden(t, "client.json", get(below+"/Clients/"+client.SID+".json"))
	golden(t, "client.xml", get(below+"/Clients/"+client.SID))
	golden(t, "number.json", get(below+"/IncomingPhoneNumbers/"+number.SID+".json"))
	golden(t, "number.xml", get(below+"/IncomingPhoneNumbers/"+number.SID))
	golden(t, "call.json", get(calls+".json"))
	rec.Status, rec.Answered = call.StatusCompleted, start.Add(6600*time.Millisecond)
	rec.Ended = time.Date(2026, 2, 5, 9, 14, 2, 117e6, time.UTC)
	rec.Updated = rec.Ended
	w.store.SaveCall(new(rec))
	golden(t, "call.xml", get(calls))
	note := directory.Notification{
		SID: "NO8b7a6958473625140f1e2d3c4b5a6978", Account: a.SID, Call: string(rec.ID), Code: 11206, Text: "HTTP 503 from https://apps.example.net/menu",
		RequestURL: "https://apps.example.net/menu", RequestMethod: "POST", RequestVariables: "CallSid=" + string(rec.ID) + "&From=alice",
		Date: time.Date(2026, 2, 5, 9, 12, 46, 18e6, time.UTC),
	}
	w.store.Notify(note)
	golden(t, "notification.json", get(below+"/Notifications/"+note.SID+".json"))
	golden(t, "notification.xml", get(below+"/Notifications/"+note.SID))
}

func TestTextIsEscaped(t *testing.T) {
	w := newWorld(t)
	v := w.object("POST", r+"/Applications.json", form("FriendlyName", `<&"'>`, "RcmlUrl", "https://a.example/?a=1&b=2"))
	w.same("friendly_name", v["friendly_name"], `<&"'>`)
	w.want(200, "GET", r+"/Applications/"+v["sid"].(string), "", "&lt;&amp;&#34;&#39;&gt;", "a=1&amp;b=2")
	w.want(200, "GET", r+"/Applications/"+v["sid"].(string)+".json", "", `a=1&b=2`)
}
