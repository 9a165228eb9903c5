package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestApplicationsThatFail checks that an application that is dead, slow or wrong costs its own call, with an answer that says so, and
// that the next call works.
func TestApplicationsThatFail(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir(), "TANDEM_WEB_ALLOW_PRIVATE=127.0.0.1/32", "TANDEM_WEB_TIMEOUT=1s"), newApplication(t)
	app.page("/500", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusInternalServerError)
	})
	app.page("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	app.page("/endless", endless)
	app.page("/broken", write("text/xml", `<Response><Play>x.wav</Response>`))
	app.page("/page", write("text/html", `<!DOCTYPE html><html><body>Welcome</body></html>`))
	app.page("/image", write("image/png", "\x89PNG"))
	app.page("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	app.document("/ring", `<Redirect>ring</Redirect>`)
	app.document("/next", `<Redirect>gone</Redirect>`)
	app.document("/busy", `<Reject reason="busy"/>`)
	for _, row := range []struct {
		name, url, fallback string
		code                int
		errorCode           string // what the fallback is told
	}{
		{name: "nobody listens", url: "http://127.0.0.1:" + freePort(t) + "/", code: 500},
		{name: "no such host", url: "http://nowhere.invalid/", code: 500},
		{name: "slow", url: app.url + "/slow", code: 500},
		{name: "a document without end", url: app.url + "/endless", code: 500},
		{name: "404", url: app.url + "/gone", code: 404},
		{name: "500", url: app.url + "/500", code: 500},
		{name: "broken document", url: app.url + "/broken", code: 500},
		{name: "not a document", url: app.url + "/page", code: 500},
		{name: "neither document nor sound", url: app.url + "/image", code: 500},
		{name: "redirected for ever", url: app.url + "/loop", code: 500},
		{name: "a document that leads to itself", url: app.url + "/ring", code: 500},
		{name: "a later document is gone", url: app.url + "/next", fallback: app.url + "/busy", code: 404},
		{name: "500 with a fallback", url: app.url + "/500", fallback: app.url + "/busy", code: 486, errorCode: "11200"},
		{name: "slow with a fallback", url: app.url + "/slow", fallback: app.url + "/busy", code: 486, errorCode: "11205"},
		{name: "broken document with a fallback", url: app.url + "/broken", fallback: app.url + "/busy", code: 486, errorCode: "12100"},
		{name: "500 with a broken fallback", url: app.url + "/500", fallback: app.url + "/broken", code: 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			number := p.dialPlan(t, row.url, "VoiceFallbackUrl="+row.fallback)
			refused := p.alice(t).Invite(number).WantFinal(row.code)
			if row.code != 486 && refused.Header("Reason") == "" {
				t.Error("the answer has no Reason")
			}
			if row.errorCode != "" {
				app.want("/busy").has(t, "ErrorCode="+row.errorCode, "ErrorUrl="+row.url, "CallStatus=ringing")
			}
			p.works(t)
		})
	}
	t.Run("a private address", func(t *testing.T) {
		asked := false
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
		private, err := net.Listen("tcp", "127.0.0.2:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Listener.Close()
		s.Listener = private
		s.Start()
		p.alice(t).Invite(p.dialPlan(t, s.URL+"/secret")).WantFinal(500)
		app.page("/to/private", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, s.URL, http.StatusFound) })
		p.alice(t).Invite(p.dialPlan(t, app.url+"/to/private")).WantFinal(500)
		s.Close() // and waits for its handlers
		if asked {
			t.Error("a server on an address that is not allowed was asked")
		}
		p.says(t, "127.0.0.2")
		p.works(t)
	})
}

// write is a page of that type and text.
func write(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(text))
	}
}

// endless sends a document until its reader has had enough.
func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	_, err := w.Write([]byte("<Response>"))
	for line := []byte(strings.Repeat("<Pause/>", 512)); err == nil && r.Context().Err() == nil; {
		_, err = w.Write(line)
	}
}

// TestSlowApplicationDelaysNobody checks that a call whose application is slow can be given up, and that others do not notice.
func TestSlowApplicationDelaysNobody(t *testing.T) {
	t.Parallel()
	p, app := serve(t, t.TempDir()), newApplication(t)
	dropped := make(chan struct{})
	app.page("/slow", func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(dropped)
	})
	slow := p.alice(t).Invite(p.dialPlan(t, app.url+"/slow"))
	slow.WantProvisional(180)
	app.want("/slow")
	p.works(t)
	slow.Cancel()
	slow.WantFinal(487)
	select {
	case <-dropped:
	case <-time.After(patience):
		t.Error("the request of a call that was given up goes on")
	}
	wantRecorded(t, p, func(r record) bool { return r.Status == "canceled" })
}
