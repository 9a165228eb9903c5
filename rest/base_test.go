package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tandem/rest"
	"tandem/switch/directory"
)

// The numbers in the names of tests are those of the specification's Appendix A.

func TestBase(t *testing.T) {
	w := newWorld(t)
	client := w.object("POST", r+"/Clients.json", "Login=carol&Password=asd123$%25x9")

	t.Run("1 XML is the default", func(t *testing.T) {
		rec := w.want(200, "GET", r+"/Calls", "", `<RestcommResponse><Calls page="0" numpages="0" pagesize="50" total="0" start="0" end="0" uri="`,
			"firstpageuri", "previouspageuri", "nextpageuri", "lastpageuri")
		if got := rec.Header().Get("Content-Type"); got != "application/xml; charset=utf-8" {
			t.Errorf("content type %q", got)
		}
	})
	asJSON := w.want(200, "GET", r+"/Calls.json", "", `"page":0`, `"last_page_uri":`, `"calls":[]`)
	t.Run("2 suffix", func(t *testing.T) {
		if got := asJSON.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("content type %q", got)
		}
	})
	t.Run("3 and 4 Accept", func(t *testing.T) {
		for path, accept := range map[string]string{r + "/Calls": "application/JSON", r + "/Calls.json": "application/xml"} {
			if got := w.request("GET", path, "", "Accept", accept).Body.String(); got != asJSON.Body.String() {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
	t.Run("5 suffix anywhere", func(t *testing.T) {
		sid, _ := w.place(someCall)
		want := w.want(200, "GET", r+"/Calls/"+sid+".json", "", sid).Body.String()
		for _, path := range []string{
			r + "/Calls.json/" + sid, "/restcomm/2012-04-24/Accounts.json/{A}/Calls.json/" + sid + ".json", r + "/Calls.xml/" + sid + ".json",
		} {
			if got := w.want(200, "GET", path, "").Body.String(); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
		}
		w.want(200, "GET", r+"/Calls.json/"+sid+".xml", "", "<RestcommResponse>")
		w.want(200, "POST", r+"/Calls/"+sid, "Status=canceled")
	})
	t.Run("6 account", func(t *testing.T) {
		w.want(200, "GET", "/restcomm/2012-04-24/Accounts.json/{A}", "", `"sid":"`+w.a.SID)
	})
	t.Run("8 slashes", func(t *testing.T) {
		w.want(200, "GET", r+"/Clients/", "", "<Clients>")
		w.want(200, "GET", r+"//Clients.json/", "", `[{"sid"`)
	})
	t.Run("9 aliases", func(t *testing.T) {
		want := w.want(200, "GET", r+"/Clients.json", "").Body.String()
		for _, base := range []string{"/restcomm/20120424", "/2012-04-24", "/20120424", "/api/2012-04-24"} {
			if got := w.want(200, "GET", base+"/Accounts/{A}/Clients.json", "").Body.String(); got != want {
				t.Errorf("%s: %s", base, got)
			}
		}
	})
	t.Run("19 instance of another account", func(t *testing.T) {
		w.want(403, "GET", "/restcomm/2012-04-24/Accounts/{B}/Clients/"+client["sid"].(string)+".json", "")
	})
	t.Run("20 method", func(t *testing.T) {
		rec := w.want(405, "PATCH", r+"/Calls", "", "<Code>20004</Code>")
		if got := rec.Header().Get("Allow"); got != "GET, POST, HEAD, OPTIONS" {
			t.Errorf("Allow: %q", got)
		}
		w.want(405, "PUT", r+"/Clients", "")
		w.want(405, "DELETE", r+"/Clients", "")
	})
	t.Run("21 unknown path", func(t *testing.T) {
		w.want(404, "GET", r+"/Nonsense.json", "", `"code":20404`, `"message":`, `"more_info":"https://pbx.example.net/restcomm/errors/20404.html"`)
		w.want(404, "GET", r+"/calls.json", "")
	})
	t.Run("22 not implemented", func(t *testing.T) { w.want(501, "GET", r+"/UssdPush.json", "", `"code":1002`, "UssdPush") })
	t.Run("23 too large", func(t *testing.T) {
		w.want(413, "POST", r+"/Clients.json", "Login="+strings.Repeat("x", 10_000_001-len("Login=")))
	})
	t.Run("24 content type", func(t *testing.T) {
		rec := w.request("POST", r+"/Calls.json", someCall, "Content-Type", "text/plain")
		w.check(rec, 415, "text/plain")
		rec = w.request("POST", r+"/Clients.json", "Login=dave&Password=asd123$%25x9", "Content-Type", "")
		w.check(rec, 200, "no content type")
	})
	t.Run("25 logout", func(t *testing.T) {
		rec := w.request("GET", "/restcomm/2012-04-24/Logout", "", "Authorization", "")
		w.check(rec, 200, "logout")
	})
	t.Run("bad form", func(t *testing.T) { w.want(400, "POST", r+"/Clients.json", "Login=%zz") })
	t.Run("query is ignored on POST", func(t *testing.T) {
		w.want(400, "POST", r+"/Clients.json?Login=x&Password=asd123$x9y", "Password=asd123$x9y", "Login can not be null.")
	})
	t.Run("HEAD", func(t *testing.T) { w.check(w.request("HEAD", r+"/Clients", ""), 200, "HEAD") })
}

func TestAuthentication(t *testing.T) {
	w := newWorld(t)
	get := func(user, secret string) *httptest.ResponseRecorder {
		q := httptest.NewRequest(http.MethodGet, w.path(r+"/Calls.json"), nil)
		if user != "" {
			q.SetBasicAuth(user, secret)
		}
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, q)
		return rec
	}
	for _, row := range []struct {
		name, user, secret string
		want               int
	}{
		{"10 none", "", "", 401},
		{"11 wrong token", w.a.SID, "wrong", 401},
		{"11 unknown SID", "AC00000000000000000000000000000000", w.a.Token, 401},
		{"SID and token", w.a.SID, w.a.Token, 200},
		{"12 e-mail and token", "ADMIN@example.net", w.a.Token, 200},
		{"13 SID and password", w.a.SID, password, 200},
		{"e-mail and password", w.a.Email, password, 200},
		{"14 friendly name", "Example operations", w.a.Token, 401},
		{"empty secret", w.a.SID, "", 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			rec := get(row.user, row.secret)
			w.check(rec, row.want, row.name)
			if row.want == 401 {
				if got := rec.Header().Get("WWW-Authenticate"); got != `Basic realm="Restcomm realm"` {
					t.Errorf("WWW-Authenticate: %q", got)
				}
				if got, want := rec.Body.String(), get("", "").Body.String(); got != want {
					t.Errorf("the body tells more: %s, want %s", got, want)
				}
			}
		})
	}
	t.Run("15 suspended", func(t *testing.T) {
		w.setStatus(w.b, directory.Suspended)
		w.as(w.b, func() {
			w.want(403, "GET", "/restcomm/2012-04-24/Accounts/{B}/Calls.json", "", "Provided Account is not active", "20005")
		})
		w.setStatus(w.b, directory.Active)
	})
	t.Run("16 stranger's account", func(t *testing.T) {
		w.want(403, "GET", "/restcomm/2012-04-24/Accounts/{X}/Calls.json", "", "20006")
	})
	t.Run("17 child's account", func(t *testing.T) { w.want(200, "GET", "/restcomm/2012-04-24/Accounts/{B}/Calls.json", "") })
	t.Run("17 grandchild's account", func(t *testing.T) {
		w.want(200, "GET", "/restcomm/2012-04-24/Accounts/"+w.c.SID+"/Calls.json", "")
	})
	t.Run("18 parent's account", func(t *testing.T) { w.as(w.b, func() { w.want(403, "GET", r+"/Calls.json", "") }) })
	t.Run("unknown account", func(t *testing.T) {
		unknown := "/restcomm/2012-04-24/Accounts/AC00000000000000000000000000000000/Calls.json"
		w.want(404, "GET", unknown, "")
		w.as(w.b, func() { w.want(403, "GET", unknown, "") })
	})
	t.Run("closed account can be read", func(t *testing.T) {
		w.setStatus(w.c, directory.Closed)
		path := "/restcomm/2012-04-24/Accounts/" + w.c.SID + "/Clients.json"
		w.want(200, "GET", path, "")
		w.want(400, "POST", path, "Login=x&Password=asd123$x9y", "Account is closed", "20005")
	})
	t.Run("roles", func(t *testing.T) {
		agent := w.addAccount("agent@example.net", w.a.SID, "ProvisioningAgent")
		nobody := w.addAccount("nobody@example.net", w.a.SID, "Nobody")
		w.as(agent, func() {
			own := "/restcomm/2012-04-24/Accounts/" + agent.SID
			w.want(200, "GET", own+"/Clients.json", "")
			w.want(403, "POST", own+".json", "FriendlyName=x")
			w.want(200, "POST", own+".json", "Password=Restcomm2")
		})
		w.as(nobody, func() { w.want(403, "GET", "/restcomm/2012-04-24/Accounts/"+nobody.SID+"/Clients.json", "") })
	})
}

func TestOtherHTTP(t *testing.T) {
	w := newWorld(t, func(c *rest.Config) { c.CORSOrigins = []string{"https://app.example.net"} })
	t.Run("CORS", func(t *testing.T) {
		rec := w.request("OPTIONS", r+"/Calls", "", "Origin", "https://app.example.net", "Authorization", "")
		h := rec.Header()
		if rec.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "https://app.example.net" ||
			h.Get("Access-Control-Max-Age") != "1209600" || h.Get("Vary") != "Origin" {
			t.Errorf("preflight: %d %v", rec.Code, h)
		}
		rec = w.request("GET", r+"/Calls", "", "Origin", "https://evil.example")
		if got := rec.Header().Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("allowed origin %q", got)
		}
	})
	t.Run("headers", func(t *testing.T) {
		rec := w.request("GET", r+"/Clients", "", "X-Request-Id", "abc-1")
		if rec.Header().Get("X-Request-Id") != "abc-1" || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", rec.Header())
		}
		rec = w.request("GET", r+"/Clients", "", "X-Request-Id", "<script>")
		if got := rec.Header().Get("X-Request-Id"); got == "<script>" || got == "" {
			t.Errorf("request id %q", got)
		}
	})
	t.Run("https only", func(t *testing.T) {
		w := newWorld(t, func(c *rest.Config) { c.HTTPSOnly = true })
		w.want(403, "GET", r+"/Calls.json", "", "20006")
		w.check(w.request("GET", r+"/Calls.json", "", "X-Forwarded-Proto", "https"), 200, "through a proxy")
	})
	t.Run("dates", func(t *testing.T) {
		w := newWorld(t, func(c *rest.Config) { c.ISODates, c.TimeZone = true, "America/Regina" })
		w.want(200, "GET", r+".json", "", `"date_created":"2026-02-02T02:00:00.000-06:00"`)
	})
	t.Run("health", func(t *testing.T) {
		for path, text := range map[string]string{
			"/healthz": "ok", "/readyz": "ready", "/metrics": "tandem_rest_request_seconds", "/restcomm/errors/1100.html": "Call Not Found or Terminated",
		} {
			w.check(w.request("GET", path, "", "Authorization", ""), 200, path, text)
		}
		w.want(404, "GET", "/restcomm/errors/7.html", "")
		w.want(404, "GET", "/restcomm/errors/x", "")
		w.want(404, "GET", "/nowhere", "")
		w.notReady = http.ErrServerClosed
		w.want(503, "GET", "/readyz", "", "closed")
	})
}

func TestConfigNamesEveryMistake(t *testing.T) {
	if err := rest.Default().Validate(); err != nil {
		t.Error(err)
	}
	c := rest.Config{PublicURL: "pbx", TimeZone: "Mars/Base", Region: "USA", TokenDerivation: "sha", CORSOrigins: []string{"x"}}
	err := c.Validate()
	for _, key := range []string{"public_url", "timezone", "default_region", "token_derivation", "cors_origins"} {
		if err == nil || !strings.Contains(err.Error(), "http."+key+": ") {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}
