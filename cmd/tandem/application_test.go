package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// application is a customer's web server: it answers each path with its page and keeps every request.
type application struct {
	t   *testing.T
	url string

	mu      sync.Mutex
	changed chan struct{} // closed and made again at every request
	pages   map[string]http.HandlerFunc
	asked   map[string][]request
	taken   map[string]int
}

// request is what a page was asked.
type request struct {
	url.Values // of the query and the form
	method     string
	header     http.Header
}

// newApplication is a web server on 127.0.0.1 for as long as the test lasts.
func newApplication(t *testing.T) *application {
	t.Helper()
	a := &application{
		t: t, changed: make(chan struct{}), pages: map[string]http.HandlerFunc{}, asked: map[string][]request{}, taken: map[string]int{},
	}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	a.mu.Lock()
	a.asked[r.URL.Path] = append(a.asked[r.URL.Path], request{r.Form, r.Method, r.Header})
	page := a.pages[r.URL.Path]
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	if page == nil {
		page = http.NotFound
	}
	page(w, r)
}

// page makes a path answer with what f writes.
func (a *application) page(path string, f http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pages[path] = f
}

// document makes a path answer with an RCML document around these verbs, and returns its URL.
func (a *application) document(path, verbs string) string {
	a.page(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Response>%s</Response>\n", verbs)
	})
	return a.url + path
}

// sound makes a path answer with a file of the demo, and returns its URL.
func (a *application) sound(path, file string) string {
	a.page(path, func(w http.ResponseWriter, _ *http.Request) {
		data, _ := demo.ReadFile(file)
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = w.Write(data)
	})
	return a.url + path
}

// listener makes a path take callbacks, and returns its URL.
func (a *application) listener(path string) string {
	a.page(path, func(http.ResponseWriter, *http.Request) {})
	return a.url + path
}

// withCookie makes a page set a cookie.
func withCookie(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "cart", Value: "full"})
		page(w, r)
	}
}

// want waits for the next request to a path.
func (a *application) want(path string) request {
	a.t.Helper()
	deadline := time.After(patience)
	for {
		a.mu.Lock()
		list, n, changed := a.asked[path], a.taken[path], a.changed
		if n < len(list) {
			a.taken[path]++
		}
		a.mu.Unlock()
		if n < len(list) {
			return list[n]
		}
		select {
		case <-changed:
		case <-deadline:
			a.t.Fatalf("no request to %s", path)
		}
	}
}

// times is how often a path has been asked.
func (a *application) times(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked[path])
}

// has checks parameters given as name=value; a value of "*" may be anything but nothing.
func (r request) has(t *testing.T, params ...string) {
	t.Helper()
	for _, param := range params {
		name, want, _ := strings.Cut(param, "=")
		if got := r.Get(name); got != want && (want != "*" || got == "") {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if t.Failed() {
		t.Logf("the request was %s %v", r.method, r.Values)
	}
}

// numbers counts those that tests have made.
var numbers atomic.Int64

// dialPlan makes a number of the first account that runs the document at url, and returns it. More settings are given as name=value.
func (p *program) dialPlan(t *testing.T, url string, more ...string) string {
	t.Helper()
	form := map[string]string{"PhoneNumber": strconv.FormatInt(70000+numbers.Add(1), 10), "isSIP": "true", "VoiceUrl": url}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		form[name] = value
	}
	if code, text := p.api("POST", "/IncomingPhoneNumbers.json", form, nil); code != http.StatusOK {
		t.Fatalf("a number for %s: %d %s", url, code, text)
	}
	return form["PhoneNumber"]
}

// newClient makes a client of the first account.
func (p *program) newClient(t *testing.T, login string) seededClient {
	t.Helper()
	c := seededClient{Login: login, Password: "Sesame-" + login + "-2026"}
	if code, text := p.api("POST", "/Clients.json", map[string]string{"Login": c.Login, "Password": c.Password}, nil); code != http.StatusOK {
		t.Fatalf("client %s: %d %s", login, code, text)
	}
	return c
}
