package rest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/rest"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/cdr"
	"tandem/switch/directory"
	"tandem/switch/route"
	"tandem/switch/store"
)

const (
	r        = "/restcomm/2012-04-24/Accounts/{A}"
	password = "RestComm12"
)

// world is the API on a real store and a switch without a network.
type world struct {
	t            *testing.T
	server       *rest.Server
	store        *store.Store
	manager      *call.Manager
	inviter      *calltest.Inviter
	dialer       *calltest.Dialer
	mux          *calltest.Mux
	a, b, c, x   directory.Account // a is the parent of b, b of c; x is somebody else
	caller       directory.Account
	secret       string
	mu           sync.Mutex
	plans        []route.Plan
	reports      []rest.StatusCallback
	steps        []call.Progress
	unregistered []string
	notReady     error
}

var created = time.Date(2026, 2, 2, 8, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, change ...func(*rest.Config)) *world {
	t.Helper()
	w := &world{t: t, inviter: &calltest.Inviter{}, dialer: &calltest.Dialer{}}
	cfg := store.Default()
	cfg.Path = filepath.Join(t.TempDir(), "tandem.db")
	quiet := slog.New(slog.DiscardHandler)
	var err error
	if w.store, err = store.Open(t.Context(), cfg, quiet, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.must(w.store.Close()) })
	w.a = w.addAccount("admin@example.net", "", "Administrator")
	w.b = w.addAccount("sub@example.net", w.a.SID, "Administrator")
	w.c = w.addAccount("subsub@example.net", w.b.SID, "Administrator")
	w.x = w.addAccount("stranger@example.org", "", "Administrator")
	w.caller, w.secret = w.a, w.a.Token
	w.mux = &calltest.Mux{Handler: talk}
	w.manager = call.New(call.Default(), call.Deps{
		Inviter: w.inviter, Dialer: w.dialer, Mux: w.mux, Records: cdr.NewWriter(w.store), Log: quiet,
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		w.must(w.manager.Drain(ctx))
	})
	rc := rest.Default()
	rc.PublicURL = "https://pbx.example.net"
	for _, f := range change {
		f(&rc)
	}
	reg := prometheus.NewRegistry()
	w.server = rest.New(rc, rest.Deps{
		Store: w.store, Live: w.manager, Records: cdr.NewWriter(w.store), Registrations: w, Plan: w.plan, Progress: w.progress,
		Realm: "tandem", Instance: "ID1f0e2d3c4b5a49687766554433221100", Ready: func() error { return w.notReady },
		Gatherer: reg, Registerer: reg, Log: quiet,
	})
	return w
}

// talk is a plan that answers and waits.
var talk = call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
	if c.Direction() == call.Inbound {
		if err := c.Answer(ctx); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return context.Cause(ctx)
})

func (w *world) plan(p route.Plan) call.Handler {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plans = append(w.plans, p)
	return talk
}

func (w *world) progress(s rest.StatusCallback) func(call.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports = append(w.reports, s)
	return func(p call.Progress) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.steps = append(w.steps, p)
	}
}

func (w *world) Remove(login string) int {
	w.unregistered = append(w.unregistered, login)
	return 1
}

func (w *world) addAccount(email, parent, role string) directory.Account {
	a := directory.Account{
		SID: directory.AccountSID(email), Parent: parent, Email: email, FriendlyName: email, Status: directory.Active, Role: role,
		Created: created, Updated: created,
	}
	w.must(a.SetPassword(password, directory.DeriveMD5))
	w.must(w.store.CreateAccount(w.t.Context(), a))
	return a
}

func (w *world) setStatus(a directory.Account, status directory.AccountStatus) {
	_, err := w.store.ChangeAccount(w.t.Context(), a.SID, func(a *directory.Account) error { a.Status = status; return nil })
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// as runs f with another caller.
func (w *world) as(a directory.Account, f func()) {
	before, secret := w.caller, w.secret
	w.caller, w.secret = a, a.Token
	f()
	w.caller, w.secret = before, secret
}

func (w *world) path(p string) string {
	return strings.NewReplacer("{A}", w.a.SID, "{B}", w.b.SID, "{X}", w.x.SID).Replace(p)
}

// request sends what a test says; {A}, {B} and {X} in the path are accounts.
func (w *world) request(method, path, form string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	q := httptest.NewRequest(method, "http://pbx.example.net"+w.path(path), strings.NewReader(form))
	q.SetBasicAuth(w.caller.SID, w.secret)
	if form != "" {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			q.Header.Del(headers[i])
		}
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, q)
	return rec
}

// want sends a request and checks the status and that the body contains all texts.
func (w *world) want(status int, method, path, form string, texts ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	rec := w.request(method, path, form)
	w.check(rec, status, method+" "+path+" "+form, texts...)
	return rec
}

func (w *world) check(rec *httptest.ResponseRecorder, status int, what string, texts ...string) {
	w.t.Helper()
	if rec.Code != status {
		w.t.Errorf("%s: got %d, want %d; body %s", what, rec.Code, status, rec.Body)
	}
	for _, text := range texts {
		if !strings.Contains(rec.Body.String(), text) {
			w.t.Errorf("%s: body has no %q: %s", what, text, rec.Body)
		}
	}
}

// object sends a request that must succeed and returns its JSON object.
func (w *world) object(method, path, form string) map[string]any {
	w.t.Helper()
	rec := w.want(http.StatusOK, method, path, form)
	var v map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, path, err, rec.Body)
	}
	return v
}

func (w *world) array(path string) []map[string]any {
	w.t.Helper()
	rec := w.want(http.StatusOK, "GET", path, "")
	var v []map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		w.t.Fatalf("GET %s: %v in %s", path, err, rec.Body)
	}
	return v
}

// items are the calls of a list.
func items(v map[string]any, key string) (list []map[string]any) {
	for _, x := range v[key].([]any) {
		list = append(list, x.(map[string]any))
	}
	return list
}

// same fails unless the values are equal as JSON prints them.
func (w *world) same(what string, got, want any) {
	w.t.Helper()
	g, _ := json.Marshal(got)
	x, _ := json.Marshal(want)
	if string(g) != string(x) {
		w.t.Errorf("%s: got %s, want %s", what, g, x)
	}
}

// eventually waits for what other goroutines bring about.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("never happened: %s", what)
}

// place makes a call over the API and returns its SID and leg.
func (w *world) place(form string) (string, *calltest.Leg) {
	w.t.Helper()
	v := w.object("POST", r+"/Calls.json", form)
	legs := w.inviter.Legs()
	return v["sid"].(string), legs[len(legs)-1]
}

const someCall = "From=%2B15550142000&To=client:alice&Url=https://a.example/v"

// answered makes a call that is in progress.
func (w *world) answered() (string, *calltest.Leg) {
	w.t.Helper()
	sid, leg := w.place(someCall)
	leg.Ringing()
	leg.Answered()
	w.eventually("the call is in progress", func() bool { return w.status(sid) == "in-progress" })
	return sid, leg
}

func (w *world) status(sid string) string {
	return w.object("GET", r+"/Calls/"+sid+".json", "")["status"].(string)
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func ha1(login string) string {
	md5sum, _ := directory.HA1(login, "tandem", password)
	return md5sum
}
