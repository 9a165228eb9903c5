package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/switch/webhook"
)

// bubble runs f in a synctest bubble with a network and a client of its own.
func bubble(t *testing.T, f func(w *world, c *webhook.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f(w, w.client(t, func(cfg *webhook.Config, d *webhook.Deps) {
			cfg.PerAccount = 2
			d.Tokens = func(account string) string { return map[string]string{"AC1": "12345"}[account] }
		}))
	})
}

func TestRequestForms(t *testing.T) {
	params := webhook.Params{{"CallSid", "CA1"}, {"From", "+1 5"}, {"Text", "ä&="}}
	rows := []struct{ name, method, url, uri, body string }{
		{"POST keeps the query on the URL", "POST", "http://app/v?x=1", "/v?x=1", "CallSid=CA1&From=%2B1+5&Text=%C3%A4%26%3D"},
		{"GET appends to the query", "get", "http://app/v?x=1", "/v?x=1&CallSid=CA1&From=%2B1%205&Text=%C3%A4%26%3D", ""},
		{"GET without a query", "GET", "http://app/v", "/v?CallSid=CA1&From=%2B1%205&Text=%C3%A4%26%3D", ""},
		{"another method is POST", "PUT", "http://app/v#frag", "/v", "CallSid=CA1&From=%2B1+5&Text=%C3%A4%26%3D"},
		{"credentials leave the URL", "POST", "http://u:p@app:80/v", "/v", "CallSid=CA1&From=%2B1+5&Text=%C3%A4%26%3D"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(w *world, c *webhook.Client) {
				w.serve("app", func(rw http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if r.RequestURI != row.uri || string(body) != row.body {
						t.Errorf("got %s %q, want %s %q", r.RequestURI, body, row.uri, row.body)
					}
					if r.Host != "app" || r.Header.Get("User-Agent") != "Tandem" {
						t.Errorf("got host %q, agent %q", r.Host, r.Header.Get("User-Agent"))
					}
					user, password, _ := r.BasicAuth()
					if want := strings.Contains(row.url, "@"); want != (user == "u" && password == "p") {
						t.Errorf("got credentials %q %q", user, password)
					}
					_, _ = io.WriteString(rw, "ok")
				})
				resp, err := c.Do(w.t.Context(), webhook.Request{Method: row.method, URL: row.url, Params: params})
				if err != nil || string(resp.Body) != "ok" || strings.Contains(resp.URL, "@") {
					t.Errorf("got %+v, %v", resp, err)
				}
			})
		})
	}
}

func TestSignatureTravels(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		w.serve("app", func(_ http.ResponseWriter, r *http.Request) {
			want := ""
			if r.URL.Path == "/signed" {
				want = webhook.Sign("12345", "http://app/signed?a=1", webhook.Params{{"k", "v"}})
			}
			if got := r.Header.Get("X-Twilio-Signature"); got != want || r.Header.Get("X-Restcomm-Signature") != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
		_, _ = c.Do(w.t.Context(), webhook.Request{Account: "AC1", URL: "http://u:p@app:80/signed?a=1", Params: webhook.Params{{"k", "v"}}})
		_, _ = c.Do(w.t.Context(), webhook.Request{Account: "AC2", URL: "http://app/plain"})
	})
}

func TestRedirectsKeepMethodAndParameters(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			bubble(t, func(w *world, c *webhook.Client) {
				w.serve("app", func(rw http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/a" {
						http.Redirect(rw, r, "/b", status)
						return
					}
					if r.Method != http.MethodPost || r.FormValue("k") != "v" || r.Header.Get("Authorization") == "" {
						t.Errorf("got %s %v", r.Method, r.Form)
					}
				})
				resp, err := c.Do(w.t.Context(), webhook.Request{URL: "http://u:p@app/a", Params: webhook.Params{{"k", "v"}}})
				if err != nil || resp.URL != "http://app/b" {
					t.Errorf("got %+v, %v", resp, err)
				}
			})
		})
	}
}

func TestCredentialsStayOnTheirHost(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		w.serve("app", func(rw http.ResponseWriter, r *http.Request) {
			if r.Host == "app" {
				http.Redirect(rw, r, "http://other/", http.StatusFound)
			} else if got := r.Header.Get("Authorization"); got != "" {
				t.Errorf("got %q at another host", got)
			}
		})
		w.at("other", publicAddr, nil)
		if _, err := c.Do(w.t.Context(), webhook.Request{URL: "http://u:p@app/"}); err != nil {
			t.Error(err)
		}
	})
}

func TestFailuresHaveCodesAndEnd(t *testing.T) {
	hole := func(net.Conn) {}
	rows := []struct {
		name, url string
		serve     func(net.Conn)
		code      int
		within    time.Duration
	}{
		{"dead port", "http://dead/", nil, 11205, 0},
		{"unknown name", "http://nobody.invalid/", hole, 11205, 0},
		{"black hole", "http://hole/", nil, 11205, 3 * time.Second},
		{"accepts and is silent", "http://app/", func(c net.Conn) { readRequest(c); _, _ = io.ReadFull(c, make([]byte, 1)) }, 11205, 15 * time.Second},
		{"closes without a word", "http://app/", func(c net.Conn) { readRequest(c); _ = c.Close() }, 11205, 0},
		{"not HTTP", "http://app/", func(c net.Conn) { readRequest(c); _, _ = io.WriteString(c, "hello\r\n\r\n"); _ = c.Close() }, 11206, 0},
		{"drips for ever", "http://app/", drip, 11205, 15 * time.Second},
		{"huge by its own word", "http://app/", answer("Content-Length: 99999999\r\n\r\n"), 11750, 0},
		{"huge in truth", "http://app/", answer("\r\n" + strings.Repeat("x", 70_000)), 11750, 0},
		{"redirects to itself", "http://app/", answers("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), 11215, 0},
		{"redirects to another scheme", "http://app/", answers("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), 11100, 0},
		{"redirects to a private address", "http://app/", answers("HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"), 11205, 0},
		{"TLS that is none", "https://tls/", answer("\r\n"), 11237, 0},
		{"no URL", "//bad host", hole, 11100, 0},
		{"scheme", "ftp://app/", hole, 11100, 0},
		{"no host", "http:///x", hole, 11100, 0},
		{"empty", "", hole, 11100, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(w *world, c *webhook.Client) {
				w.names["dead"] = append(w.names["dead"], publicAddr.Next())
				w.at("hole", publicAddr.Prev(), nil)
				w.hosts[addrPort(publicAddr.Prev(), 80)] = nil
				w.at("tls", publicAddr, row.serve)
				w.hosts[addrPort(publicAddr, 443)] = row.serve
				w.raw("app", row.serve)
				began := time.Now()
				_, err := c.Do(w.t.Context(), webhook.Request{URL: row.url})
				failed, ok := errors.AsType[*webhook.Error](err)
				if !ok || failed.Code != row.code {
					t.Errorf("got %v (%+v), want code %d", err, failed, row.code)
				}
				if took := time.Since(began); took != row.within {
					t.Errorf("took %v, want %v", took, row.within)
				}
			})
		})
	}
}

// answer says 200 and rest, then closes.
func answer(rest string) func(net.Conn) {
	return func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+rest)
		_ = c.Close()
	}
}

// answers says the same to every request of a connection.
func answers(all string) func(net.Conn) {
	return func(c net.Conn) {
		for readRequest(c) != nil {
			if _, err := io.WriteString(c, all); err != nil {
				return
			}
		}
	}
}

// drip sends a byte a second and never ends.
func drip(c net.Conn) {
	readRequest(c)
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	for err == nil {
		time.Sleep(time.Second)
		_, err = c.Write([]byte("x"))
	}
}

func TestErrorsDoNotRepeatPasswords(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		for _, raw := range []string{"http://u:s3cret@nobody/", "http://u:s3cret@bad host/", "http://u:s3cret@h:port/", "ftp://u:s3cret@h/"} {
			if _, err := c.Do(w.t.Context(), webhook.Request{URL: raw}); err == nil || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: got %v", raw, err)
			}
		}
	})
}

func TestCallerWhoLeavesIsToldWhy(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		gone := errors.New("gone")
		w.serve("app", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithCancelCause(w.t.Context())
		time.AfterFunc(time.Second, func() { cancel(gone) })
		if _, err := c.Do(ctx, webhook.Request{URL: "http://app/"}); !errors.Is(err, gone) {
			t.Errorf("got %v, want %v", err, gone)
		}
	})
}

func TestCookiesStayInTheirJar(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		var seen []string
		w.serve("app", func(rw http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Header.Get("Cookie"))
			http.SetCookie(rw, &http.Cookie{Name: "s", Value: "1"})
		})
		one, _ := cookiejar.New(nil)
		two, _ := cookiejar.New(nil)
		for _, jar := range []*cookiejar.Jar{one, one, two} {
			_, _ = c.Do(w.t.Context(), webhook.Request{URL: "http://app/", Jar: jar})
		}
		if got := strings.Join(seen, ","); got != ",s=1," {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnAccountWaitsForItselfAlone(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		var now, most atomic.Int32
		w.serve("app", func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/quick" {
				return
			}
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(6 * time.Second)
			now.Add(-1)
		})
		done := make(chan error, 10)
		for range 10 {
			go func() {
				_, err := c.Do(w.t.Context(), webhook.Request{Account: "AC1", URL: "http://app/"})
				done <- err
			}()
		}
		synctest.Wait()
		if _, err := c.Do(w.t.Context(), webhook.Request{Account: "AC2", URL: "http://app/quick"}); err != nil {
			t.Error(err)
		}
		late := 0
		for range 10 {
			if err := <-done; err != nil {
				late++
			}
		}
		if most.Load() != 2 || late != 6 { // two at a time, six seconds each, fifteen seconds in all
			t.Errorf("got %d at once and %d too late", most.Load(), late)
		}
	})
}

func TestBodyOfItsOwnIsTiedToTheURL(t *testing.T) {
	bubble(t, func(w *world, c *webhook.Client) {
		w.serve("app", func(_ http.ResponseWriter, r *http.Request) {
			if want := "bodySHA256=b69230392f5a2735f676de4a1101669c23d9caade22aa6804c8d21a409da284d"; r.URL.RawQuery != want {
				t.Errorf("got %s, want %s", r.URL.RawQuery, want)
			}
			if r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("got type %s", r.Header.Get("Content-Type"))
			}
		})
		_, err := c.Do(w.t.Context(), webhook.Request{
			Account: "AC1", URL: "http://app/events", Body: []byte(`{"event":"message.sent"}`), Type: "application/json",
		})
		if err != nil {
			t.Error(err)
		}
	})
}
