package rcml_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tandem/media"
	"tandem/rcml"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an application, a switch without a network, and a caller.
type world struct {
	*calltest.Switch
	t       *testing.T
	engine  *rcml.Engine
	handler *rcml.Handler
	caller  *calltest.Leg

	mu        sync.Mutex
	pages     map[string]page
	requests  []rcml.Request
	callbacks []rcml.Callback
	notes     []directory.Notification
	sounds    map[string]time.Duration // by URL
	played    []string
	tone      *media.Prompt
}

// page is what the application answers at a path.
type page func(ctx context.Context, r rcml.Request) (*rcml.Response, error)

// doc answers with a document; <Response> is put around it.
func doc(body string) page { return typed("text/xml", "<Response>"+body+"</Response>") }

func typed(kind, body string) page { return answer(http.StatusOK, kind, body) }

func answer(status int, kind, body string) page {
	return func(_ context.Context, r rcml.Request) (*rcml.Response, error) {
		h := http.Header{}
		if kind != "" {
			h.Set("Content-Type", kind)
		}
		return &rcml.Response{Status: status, Header: h, Body: []byte(body), URL: r.URL}, nil
	}
}

// coded is an error as webhook makes them.
type coded struct {
	code int
	text string
}

func (c coded) Error() string         { return c.text }
func (c coded) NotificationCode() int { return c.code }

// failing is an application that cannot be reached.
func failing(code int) page {
	return func(context.Context, rcml.Request) (*rcml.Response, error) {
		return nil, coded{code, "it failed"}
	}
}

// inBubble runs f in a world whose first document is at http://app/v.
func inBubble(t *testing.T, change func(*rcml.Config), f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, caller: calltest.NewLeg(), pages: map[string]page{},
			sounds: map[string]time.Duration{"http://app/x.wav": 2 * time.Second, "http://app/y.wav": time.Second},
		}
		cfg := rcml.Default()
		cfg.InstanceID = "ID1"
		if change != nil {
			change(&cfg)
		}
		w.engine = rcml.New(cfg, rcml.Deps{
			Fetch: w, Prompts: w, Callbacks: w, Notifier: w, Log: slog.New(slog.DiscardHandler),
			Tones: func(string) *media.Prompt { return w.tone },
		})
		w.handler = &rcml.Handler{Engine: w.engine, URL: "http://app/v", Method: "POST"}
		w.Switch = calltest.NewSwitch(t, call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
			return w.handler.ServeCall(ctx, c)
		}))
		f(w)
		w.caller.Hang()
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := w.Len(); n != 0 {
			t.Errorf("%d calls are left", n)
		}
	})
}

func (w *world) Fetch(ctx context.Context, r rcml.Request) (*rcml.Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, coded{11100, err.Error()}
	}
	w.mu.Lock()
	w.requests = append(w.requests, r)
	p := w.pages[u.Path]
	w.mu.Unlock()
	if p == nil {
		return answer(404, "text/plain", "no such page")(ctx, r)
	}
	return p(ctx, r)
}

func (w *world) Prompt(_ context.Context, _, url string) (*media.Prompt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	length, ok := w.sounds[url]
	if !ok {
		return nil, errors.New("no such sound")
	}
	w.played = append(w.played, url)
	return calltest.Prompt(length), nil
}

func (w *world) Callback(cb rcml.Callback) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callbacks = append(w.callbacks, cb)
}

func (w *world) Notify(n directory.Notification) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes = append(w.notes, n)
}

// calls lets the caller call, and d pass.
func (w *world) calls(d time.Duration) {
	w.Accept(w.caller)
	w.wait(d)
}

func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// child is the leg to a user, which must have been dialled.
func (w *world) child(user string) *calltest.Leg {
	w.t.Helper()
	synctest.Wait()
	if l := w.Inviter.Leg(user); l != nil {
		return l
	}
	w.t.Fatalf("%s was not dialled", user)
	return nil
}

// did is what the switch did to the caller, in one line.
func (w *world) did() string { return strings.Join(w.caller.Did(), ", ") }

func (w *world) wantDid(want string) {
	w.t.Helper()
	if got := w.did(); got != want {
		w.t.Errorf("caller: got %q, want %q", got, want)
	}
}

// asked are the paths of all requests.
func (w *world) asked() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var paths []string
	for _, r := range w.requests {
		paths = append(paths, r.Method+" "+strings.TrimPrefix(r.URL, "http://app"))
	}
	return strings.Join(paths, ", ")
}

func (w *world) wantAsked(want string) {
	w.t.Helper()
	if got := w.asked(); got != want {
		w.t.Errorf("requests: got %q, want %q", got, want)
	}
}

// last is the form of the last request.
func (w *world) last() rcml.Form {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[len(w.requests)-1].Form
}

// wantForm checks parameters of the last request, given as name=value; "name=" must be absent.
func (w *world) wantForm(pairs ...string) {
	w.t.Helper()
	wantPairs(w.t, w.last(), pairs...)
}

func wantPairs(t *testing.T, f rcml.Form, pairs ...string) {
	t.Helper()
	for _, p := range pairs {
		name, want, _ := strings.Cut(p, "=")
		if got := f.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// codes are the codes of all notifications.
func (w *world) codes() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var codes []string
	for _, n := range w.notes {
		codes = append(codes, fmt.Sprint(n.Code))
	}
	return strings.Join(codes, " ")
}

func (w *world) wantCodes(want string) {
	w.t.Helper()
	if got := w.codes(); got != want {
		w.t.Errorf("notifications: got %q, want %q", got, want)
	}
}

func (w *world) wantPlayed(want ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var got []string
	for _, p := range w.played {
		got = append(got, strings.TrimPrefix(p, "http://app/"))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("played: got %q, want %q", got, want)
	}
}

// told are the callbacks as CallStatus/SequenceNumber.
func (w *world) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var got []string
	for _, cb := range w.callbacks {
		got = append(got, cb.Form.Get("CallStatus")+"/"+cb.Form.Get("SequenceNumber"))
	}
	return strings.Join(got, " ")
}

func (w *world) wantTold(want string) {
	w.t.Helper()
	if got := w.told(); got != want {
		w.t.Errorf("callbacks: got %q, want %q", got, want)
	}
}

// status is how the caller's call ended.
func (w *world) wantStatus(want call.Status) {
	w.t.Helper()
	if got := w.Records.To(w.t, "bob").Status; got != want {
		w.t.Errorf("status: got %v, want %v", got, want)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
