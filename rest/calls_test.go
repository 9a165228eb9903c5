package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/rest"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/cdr"
	"tandem/switch/route"
)

func TestCreateCall(t *testing.T) {
	w := newWorld(t)
	t.Run("70 client", func(t *testing.T) {
		v := w.object("POST", r+"/Calls.json", someCall)
		w.same("status", v["status"], "queued")
		w.same("direction", v["direction"], "outbound-api")
		w.same("to", v["to"], "alice")
		w.same("from", v["from"], "+15550142000")
		if !regexp.MustCompile(`^CA[0-9a-f]{32}$`).MatchString(v["sid"].(string)) || !strings.HasSuffix(v["uri"].(string), ".json") {
			t.Errorf("got %v", v)
		}
		w.same("plan", w.plans[0], route.Plan{Kind: "rcml", Source: "https://a.example/v", Method: "POST", FallbackMethod: "POST", Account: w.a.SID})
	})
	for _, row := range []struct {
		name, form string
		status     int
		text       string
	}{
		{"71 no From", "To=client:alice&Url=https://a.example/v", 400, "From can not be null."},
		{"71 no To", "From=1&Url=https://a.example/v", 400, "To can not be null."},
		{"71 no Url", "From=1&To=client:alice", 400, "Url can not be null."},
		{"72 timeout", someCall + "&Timeout=abc", 400, "21208"},
		{"timeout too long", someCall + "&Timeout=601", 400, "21208"},
		{"72 event", someCall + "&StatusCallbackEvent=dancing", 400, "dancing"},
		{"bad url", "From=1&To=client:alice&Url=mailto:x", 400, "21205"},
		{"bad method", someCall + "&Method=PATCH", 400, "21209"},
		{"bad callback", someCall + "&StatusCallback=x", 400, "21502"},
		{"bad application", "From=1&To=client:alice&ApplicationSid=AP0", 400, "21218"},
		{"line break in To", form("From", "1", "To", "sip:a@b\r\nX: y", "Url", "https://a.example/v"), 400, "21211"},
		{"line break in From", form("From", "1\r\nX: y", "To", "client:alice", "Url", "https://a.example/v"), 400, "21212"},
		{"nobody", form("From", "1", "To", "client:", "Url", "https://a.example/v"), 400, "21211"},
	} {
		t.Run(row.name, func(t *testing.T) { w.want(row.status, "POST", r+"/Calls.json", row.form, row.text) })
	}
	to := func(to string) *calltest.Leg {
		_, leg := w.place(form("From", "1", "To", to, "Url", "https://a.example/v", "Timeout", "5"))
		return leg
	}
	t.Run("73 address", func(t *testing.T) {
		w.same("URI", to("sip:alice@127.0.0.1:5060").Outgoing().To, "sip:alice@127.0.0.1:5060")
		w.same("URI", to("alice@127.0.0.1").Outgoing().To, "sip:alice@127.0.0.1")
		w.want(200, "POST", r+"/Calls.json", form("From", "1", "To", "sip:alice@127.0.0.1:5060", "Url", "https://a.example/v"), `"to":"alice"`)
	})
	t.Run("74 headers", func(t *testing.T) {
		w.same("headers", to("client:alice?X-Order=17&X-Tier=gold&Via=x&X-Bad=a%0d%0ab").Outgoing().Headers[:2],
			[]call.Header{{Name: "X-Order", Value: "17"}, {Name: "X-Tier", Value: "gold"}})
	})
	t.Run("number in E.164", func(t *testing.T) {
		w.same("number", to("(555) 014-2999").Outgoing().To, "sip:+15550142999@example.net")
		w.same("not a number", to("42").Outgoing().To, "sip:42@example.net")
	})
	t.Run("application", func(t *testing.T) {
		app := w.object("POST", r+"/Applications.json", "FriendlyName=M&RcmlUrl=lua:menu")["sid"].(string)
		w.want(200, "POST", r+"/Calls.json", "From=1&To=client:alice&ApplicationSid="+app)
		last := w.plans[len(w.plans)-1]
		w.same("plan", []string{last.Kind, last.Source}, []string{"lua", "menu"})
		empty := w.object("POST", r+"/Applications.json", "FriendlyName=M")["sid"].(string)
		w.want(400, "POST", r+"/Calls.json", "From=1&To=client:alice&ApplicationSid="+empty, "21218")
	})
	t.Run("97 to 100 status callback", func(t *testing.T) {
		for events, want := range map[string][]string{
			"":                                       {"completed"},
			"&StatusCallbackEvent=initiated,ringing": {"initiated", "ringing"},
			"&StatusCallbackEvent=initiated+Ringing": {"initiated", "ringing"},
			"&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing": {"initiated", "ringing"},
		} {
			w.want(200, "POST", r+"/Calls.json", someCall+"&StatusCallbackMethod=get&StatusCallback=https://a.example/s"+events)
			w.same(events, w.reports[len(w.reports)-1], rest.StatusCallback{URL: "https://a.example/s", Method: "GET", Events: want})
		}
	})
}

func TestCallsThatCannotBePlaced(t *testing.T) {
	w := newWorld(t)
	w.dialer.Refuse = map[string]error{
		"ghost": &call.Refusal{Code: 404, Err: errors.New("no such client")}, "away": &call.Refusal{Code: 480}, "broken": &call.Refusal{Code: 500},
	}
	for to, want := range map[string]string{"ghost": "not-found", "away": "not-found", "broken": "failed"} {
		v := w.object("POST", r+"/Calls.json", form("From", "1", "To", "client:"+to, "Url", "https://a.example/v", "StatusCallback", "https://a.example/s"))
		w.same("answer", v["status"], "queued")
		got := w.object("GET", r+"/Calls/"+v["sid"].(string)+".json", "")
		w.same(to, []any{got["status"], got["duration"], got["to"]}, []any{want, 0, to})
	}
	w.same("callbacks", len(w.steps), 3)
	w.must(w.manager.Drain(t.Context()))
	rec := w.want(503, "POST", r+"/Calls.json", someCall, "4001")
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestOutcomes(t *testing.T) {
	w := newWorld(t)
	for name, row := range map[string]struct {
		end  func(*calltest.Leg)
		want string
	}{
		"77 busy":      {func(l *calltest.Leg) { l.Busy() }, "busy"},
		"77 not found": {func(l *calltest.Leg) { l.Refused(404) }, "not-found"},
		"failed":       {func(l *calltest.Leg) { l.Refused(500) }, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			sid, leg := w.place(someCall)
			row.end(leg)
			w.eventually(row.want, func() bool { return w.status(sid) == row.want })
			v := w.object("GET", r+"/Calls/"+sid+".json", "")
			w.same("duration", v["duration"], 0)
			w.want(410, "POST", r+"/Calls/"+sid, "Status=completed", "Call is already completed.")
		})
	}
	t.Run("75 no answer", func(t *testing.T) {
		sid, leg := w.place(someCall + "&Timeout=1")
		leg.Ringing()
		w.eventually("no-answer", func() bool { return w.status(sid) == "no-answer" })
	})
	t.Run("76 completed", func(t *testing.T) {
		sid, leg := w.answered()
		leg.Hang()
		w.eventually("completed", func() bool { return w.status(sid) == "completed" })
		v := w.object("GET", r+"/Calls/"+sid+".json", "")
		w.same("price", v["price"], "0.00")
		if v["end_time"] == nil {
			t.Errorf("got %v", v)
		}
		w.want(204, "DELETE", r+"/Calls/"+sid, "")
		w.want(404, "GET", r+"/Calls/"+sid, "")
	})
}

func TestModifyCall(t *testing.T) {
	w := newWorld(t)
	sid, leg := w.answered()
	one := r + "/Calls/" + sid + ".json"
	t.Run("83 to 85 wrong", func(t *testing.T) {
		w.want(400, "POST", one, "Status=banana", "banana")
		w.want(409, "POST", one, "", "Url, Status and Mute")
		w.want(406, "POST", r+"/Calls/CA00000000000000000000000000000000.json", "Status=completed", "20404")
		w.want(404, "GET", r+"/Calls/CA00000000000000000000000000000000.json", "")
		w.want(400, "POST", one, "Mute=maybe", "Mute")
		w.want(400, "POST", one, "Url=nonsense", "21205")
	})
	t.Run("85 mute", func(t *testing.T) {
		w.want(200, "POST", one, "Mute=true")
		w.eventually("muted", leg.Stream().Muted)
		w.want(200, "POST", one, "Mute=false")
		w.eventually("not muted", func() bool { return !leg.Stream().Muted() })
	})
	t.Run("78 and 86 redirect", func(t *testing.T) {
		for _, method := range []string{"POST", "PUT"} {
			before := len(w.plans)
			v := w.object(method, r+"/Calls.json/"+sid, "Url=https://a.example/other&Method=GET")
			w.same("sid", v["sid"], sid)
			w.same("plans", len(w.plans), before+1)
			w.same("plan", w.plans[before].Source+" "+w.plans[before].Method, "https://a.example/other GET")
		}
		w.same("still up", w.status(sid), "in-progress")
	})
	t.Run("status callback", func(t *testing.T) {
		w.want(200, "POST", one, "StatusCallback=https://a.example/s")
		w.same("reports", len(w.reports), 1)
	})
	t.Run("82 canceled does nothing", func(t *testing.T) {
		w.want(200, "POST", one, "Status=canceled")
		w.same("still up", w.status(sid), "in-progress")
	})
	t.Run("95 live XML", func(t *testing.T) {
		w.want(200, "GET", r+"/Calls/"+sid, "", "<ParentCallSid/>", "<EndTime/>", "<Duration/>")
	})
	t.Run("96 long SID", func(t *testing.T) {
		w.same("sid", w.object("GET", r+"/Calls/ID1f0e2d3c4b5a49687766554433221100-"+sid+".json", "")["sid"], sid)
	})
	t.Run("another's call", func(t *testing.T) {
		w.as(w.b, func() { w.want(403, "POST", "/restcomm/2012-04-24/Accounts/{B}/Calls/"+sid, "Status=completed") })
		w.want(409, "DELETE", one, "", "1103")
	})
	t.Run("81 completed", func(t *testing.T) {
		v := w.object("POST", one, "Status=Completed")
		w.same("as it was", v["status"], "in-progress")
		leg.WantHangup(t)
		w.eventually("completed", func() bool { return w.status(sid) == "completed" })
		w.want(410, "POST", one, "Status=completed", "Call is already completed.", "1100")
	})
	t.Run("82 canceled while ringing", func(t *testing.T) {
		sid, leg := w.place(someCall)
		leg.Ringing()
		w.want(409, "POST", r+"/Calls/"+sid, "Mute=true", "1103")
		w.want(409, "POST", r+"/Calls/"+sid, "Url=https://a.example/x", "1103")
		w.want(200, "POST", r+"/Calls/"+sid, "Status=canceled")
		w.eventually("canceled", func() bool { return w.status(sid) == "canceled" })
	})
}

// bridge connects an inbound call with a dialled one and returns both legs.
func (w *world) bridge() (caller, callee *calltest.Leg, sid string) {
	w.mux.Handler = call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
		_, err := c.Dial(ctx, call.Dial{Targets: []call.Target{{Kind: call.TargetClient, Value: "bob"}}, AnswerOnBridge: true})
		return err
	})
	caller = calltest.NewLegFrom(call.Party{Inbound: true, Account: w.a.SID, From: call.Identity{User: "alice"}, To: call.Identity{User: "bob"}})
	before := len(w.inviter.Legs())
	w.manager.Accept(caller)
	w.eventually("bob is called", func() bool { return len(w.inviter.Legs()) > before })
	callee = w.inviter.Legs()[before]
	callee.Answered()
	w.eventually("they talk", func() bool { return caller.Stream().Peer() != nil })
	for _, c := range items(w.object("GET", r+"/Calls.json?Direction=inbound&Reverse=true", ""), "calls") {
		return caller, callee, c["sid"].(string)
	}
	w.t.Fatal("the inbound call is not listed")
	return nil, nil, ""
}

func TestRedirectOfABridge(t *testing.T) {
	for _, row := range []struct {
		name, form string
		plans      int
		peerEnds   bool
	}{
		{"79 both", "Url=https://a.example/x&MoveConnectedCallLeg=true", 1, false},
		{"80 one", "Url=https://a.example/x", 1, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			caller, callee, sid := w.bridge()
			w.want(200, "POST", r+"/Calls/"+sid+".json", row.form)
			w.eventually("the bridge ends", func() bool { return caller.Stream().Peer() == nil })
			if row.peerEnds {
				w.eventually("the callee is hung up", callee.Over)
			} else if callee.Over() {
				t.Error("the callee was hung up")
			}
			if caller.Over() {
				t.Error("the caller was hung up")
			}
			w.same("plans", len(w.plans), row.plans)
		})
	}
}

// fill writes n calls, a second apart, the first at the beginning of 2026-02-02.
func (w *world) fill(n int, account string) {
	for i := range n {
		at := created.Add(time.Duration(i) * time.Second)
		w.store.SaveCall(new(cdr.Record{Updated: at, Summary: call.Summary{
			ID: call.ID(fmt.Sprintf("CA%032x", i)), Account: account, Status: call.StatusCompleted, From: "alice",
			To: fmt.Sprintf("+1555%07d", i), Created: at, Answered: at, Ended: at,
		}}))
	}
}

func TestPagesOf448Calls(t *testing.T) {
	w := newWorld(t)
	w.fill(448, w.a.SID)
	list := r + "/Calls.json"
	t.Run("90 first and last", func(t *testing.T) {
		v := w.object("GET", list, "")
		w.same("first", []any{len(items(v, "calls")), v["start"], v["end"], v["previous_page_uri"], v["num_pages"], v["total"]},
			[]any{50, "0", "49", "null", 8, 448})
		v = w.object("GET", list+"?Page=8", "")
		w.same("last", []any{len(items(v, "calls")), v["start"], v["end"], v["next_page_uri"]}, []any{48, "400", "448", "null"})
	})
	t.Run("91 wrong pages", func(t *testing.T) {
		for _, q := range []string{"Page=9", "Page=-1", "Page=x", "PageSize=0", "PageSize=x", "Page=99999999999999999999"} {
			w.want(400, "GET", list+"?"+q, "")
		}
	})
	t.Run("large pages", func(t *testing.T) { w.same("page_size", w.object("GET", list+"?PageSize=5000", "")["page_size"], 1000) })
	t.Run("92 links", func(t *testing.T) {
		v := w.object("GET", list+"?From=alice&PageSize=2", "")
		second := items(v, "calls")[1]["sid"].(string)
		next := v["next_page_uri"].(string)
		if !strings.HasSuffix(next, "?Page=1&PageSize=2&From=alice&AfterSid="+second) {
			t.Errorf("next_page_uri %s", next)
		}
		v = w.object("GET", strings.Replace(next, "Calls?", "Calls.json?", 1), "")
		w.same("following it", []any{items(v, "calls")[0]["to"], items(v, "calls")[1]["to"]}, []any{"+15550000002", "+15550000003"})
		w.same("previous", v["previous_page_uri"], base(w)+"?Page=0&PageSize=2&From=alice")
	})
	t.Run("93 order", func(t *testing.T) {
		w.same("newest", items(w.object("GET", list+"?SortBy=DateCreated:DESC", ""), "calls")[0]["to"], "+15550000447")
		w.same("reverse", items(w.object("GET", list+"?Reverse=true", ""), "calls")[0]["to"], "+15550000447")
		w.same("by price", items(w.object("GET", list+"?SortBy=Price", ""), "calls")[0]["to"], "+15550000447")
		for _, q := range []string{":asc", "To:up", "Shoe"} {
			w.want(400, "GET", list+"?SortBy="+q, "", "SortBy")
		}
	})
	t.Run("87 filters", func(t *testing.T) {
		for q, want := range map[string]int{
			"From=alice": 448, "From=bob": 0, "To=0000017": 1, "To=555%257": 45, "Status=COMPLETED": 448, "Status=dancing": 0, "Status=ringing": 0,
			"To=": 448, "Direction=inbound": 448, "ParentCallSid=CA1": 0,
		} {
			w.same(q, w.object("GET", list+"?"+q, "")["total"], want)
		}
	})
	t.Run("88 and 89 dates", func(t *testing.T) {
		w.want(400, "GET", list+"?StartTime=2026-13-45", "")
		for q, want := range map[string]int{
			"StartTime=2013-08-23 14:30:07.82": 448, "StartTime=2026-02-02": 448, "StartTime=2026-02-03": 0, "StartTime>=2026-02-02": 448,
			"StartTime<=2026-02-01": 0, "StartTime<=2026-02-02": 448, "EndTime=2026-02-02": 448, "EndTime=2026-02-01": 0, "EndTime>=2026-02-03": 0,
		} {
			i := strings.LastIndex(q, "=")
			w.same(q, w.object("GET", list+"?"+url.QueryEscape(q[:i])+"="+url.QueryEscape(q[i+1:]), "")["total"], want)
		}
		v := w.object("GET", list+"?StartTime=2026-02-03", "")
		w.same("empty", []any{v["calls"], v["num_pages"], v["start"], v["end"]}, []any{[]any{}, 0, "0", "0"})
	})
	t.Run("94 sub-accounts", func(t *testing.T) {
		w.store.SaveCall(new(cdr.Record{Summary: call.Summary{ID: call.NewID(), Account: w.b.SID, Created: created, Ended: created}}))
		w.same("without", w.object("GET", list, "")["total"], 448)
		w.same("with", w.object("GET", list+"?SubAccounts=true", "")["total"], 449)
	})
}

func base(w *world) string { return w.path(r) + "/Calls" }

func TestLiveCallsAreListedAsTheyAre(t *testing.T) {
	w := newWorld(t)
	sid, _ := w.answered()
	w.place(someCall)
	v := w.object("GET", r+"/Calls.json?Status=in-progress", "")
	w.same("in progress", []any{v["total"], items(v, "calls")[0]["sid"]}, []any{1, sid})
	w.same("queued", w.object("GET", r+"/Calls.json?Status=queued", "")["total"], 1)
	w.same("all", w.object("GET", r+"/Calls.json", "")["total"], 2)
}
