package webhook_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/rcml"
	"tandem/switch/call"
	"tandem/switch/call/calltest"
	"tandem/switch/directory"
	"tandem/switch/webhook"
)

// fetcher lets documents come through a client, as cmd wires it.
type fetcher struct {
	client *webhook.Client

	mu    sync.Mutex
	codes []int
}

func (f *fetcher) Fetch(ctx context.Context, r rcml.Request) (*rcml.Response, error) {
	resp, err := f.client.Do(ctx, webhook.Request{Account: r.Account, Method: r.Method, URL: r.URL, Params: webhook.Params(r.Form), Jar: r.Jar})
	if err != nil {
		return nil, err
	}
	return &rcml.Response{Status: resp.Status, Header: resp.Header, Body: resp.Body, URL: resp.URL}, nil
}

func (f *fetcher) Notify(n directory.Notification) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes = append(f.codes, n.Code)
}

// Applications that misbehave: each ends its own call within twenty seconds, is named by its code, and another call on the same
// switch, of the same account, is served at once meanwhile.
func TestApplicationsThatMisbehaveEndTheirOwnCall(t *testing.T) {
	rows := []struct {
		name, url string
		serve     func(net.Conn)
		code      int
		sip       string
	}{
		{"dead", "http://dead/", nil, 11205, "refuse 500"},
		{"unknown name", "http://nobody.invalid/", nil, 11205, "refuse 500"},
		{"black hole", "http://hole/", nil, 11205, "refuse 500"},
		{"silent", "http://bad/", func(c net.Conn) { readRequest(c); _, _ = io.ReadFull(c, make([]byte, 1)) }, 11205, "refuse 500"},
		{"endless", "http://bad/", drip, 11205, "refuse 500"},
		{"huge", "http://bad/", answer("\r\n" + strings.Repeat("<", 70_000)), 11750, "refuse 500"},
		{"wrong type", "http://bad/", answer("Content-Type: application/octet-stream\r\nContent-Length: 1\r\n\r\nx"), 12300, "refuse 500"},
		{"redirects to itself", "http://bad/", answers("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), 11215, "refuse 500"},
		{"redirects inside", "http://bad/", answers("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"), 11205, "refuse 500"},
		{"private address", "http://inside/", nil, 11205, "refuse 500"},
		{"private literal", "http://[::ffff:10.0.0.1]/", nil, 11205, "refuse 500"},
		{"not HTTP", "http://bad/", func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, "SSH-2.0\r\n"); _ = c.Close() }, 11206, "refuse 500"},
		{"404", "http://bad/", answer("\r\n"), 0, ""}, // replaced below
		{"document that redirects for ever", "http://good/loop", nil, 11215, "refuse 500"},
		{"bomb", "http://good/bomb", nil, 12100, "refuse 500"},
	}
	for _, row := range rows {
		if row.code == 0 {
			row.serve = answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
			row.code, row.sip = 21402, "refuse 404"
		}
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(w *world, c *webhook.Client) {
				w.serve("good", good)
				w.names["dead"] = append(w.names["dead"], publicAddr.Next().Next())
				w.names["inside"] = append(w.names["inside"], privateAddr)
				w.at("hole", publicAddr.Prev(), nil)
				w.hosts[addrPort(publicAddr.Prev(), 80)] = nil
				w.at("bad", publicAddr.Next(), row.serve)
				f := &fetcher{client: c}
				engine := rcml.New(rcml.Default(), rcml.Deps{Fetch: f, Notifier: f})
				s := calltest.NewSwitch(w.t, &rcml.Handler{Engine: engine, URL: row.url})
				s.Mux.Plans = map[string]call.Handler{"good": &rcml.Handler{Engine: engine, URL: "http://good/"}}
				bad, fine := calltest.NewLeg(), calltest.NewLegFrom(goodParty)
				s.Accept(bad)
				synctest.Wait()
				s.Accept(fine)
				synctest.Wait()
				fine.WantDid(t, "ring", "refuse 486")
				time.Sleep(20 * time.Second)
				synctest.Wait()
				bad.WantDid(t, "ring", row.sip)
				if len(f.codes) != 1 || f.codes[0] != row.code {
					t.Errorf("got notifications %v, want %d", f.codes, row.code)
				}
			})
		})
	}
}

// good is an application that behaves, but for two of its pages.
func good(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/xml")
	body := `<Reject reason="busy"/>`
	switch r.URL.Path {
	case "/loop":
		body = `<Redirect>loop</Redirect>`
	case "/bomb":
		_, _ = io.WriteString(rw, `<!DOCTYPE x [<!ENTITY a "aaaa">]>`)
	}
	_, _ = io.WriteString(rw, "<Response>"+body+"</Response>")
}
