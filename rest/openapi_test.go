package rest_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// description is the API's description as it is served.
func (w *world) description() *openapi3.T {
	w.t.Helper()
	rec := w.want(200, "GET", "/restcomm/openapi.yaml", "")
	if got := rec.Header().Get("Content-Type"); got != "application/yaml" {
		w.t.Errorf("got content type %q, want application/yaml", got)
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(rec.Body.Bytes())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		w.t.Fatal(err)
	}
	return doc
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

func TestDescriptionHasEveryRoute(t *testing.T) {
	w := newWorld(t)
	described := map[string][]string{}
	for path, item := range w.description().Paths.Map() {
		if item.Servers == nil && path != "/Logout" { // the rest is outside of the API
			described[wildcard.ReplaceAllString(path, "{}")] = slices.Sorted(maps.Keys(item.Operations()))
		}
	}
	built := map[string][]string{}
	for path, methods := range w.server.Routes() {
		built[wildcard.ReplaceAllString(path, "{}")] = methods
	}
	for path, methods := range built {
		if !slices.Equal(described[path], methods) {
			t.Errorf("%s: got %v described, want %v", path, described[path], methods)
		}
	}
	for path := range described {
		if built[path] == nil {
			t.Errorf("%s is described, but not built", path)
		}
	}
}

func TestDescriptionOfPagesOutsideTheAPI(t *testing.T) {
	w := newWorld(t)
	for path, item := range w.description().Paths.Map() {
		if item.Servers != nil {
			w.want(200, "GET", strings.Replace(path, "{page}", "1100.html", 1), "")
		}
	}
	w.want(200, "GET", "/restcomm/2012-04-24/Logout", "")
}

// TestAnswersAreAsDescribed makes one of everything and holds every JSON answer against its schema.
func TestAnswersAreAsDescribed(t *testing.T) {
	w := newWorld(t)
	doc := w.description()
	const account = "/Accounts/{AccountSid}"
	ask := func(method, path, pattern, form string) map[string]any {
		t.Helper()
		rec := w.request(method, path, form, "Accept", "application/json")
		op := doc.Paths.Value(pattern).GetOperation(method)
		response := op.Responses.Status(rec.Code)
		if response == nil {
			response = op.Responses.Default()
		}
		content := response.Value.Content.Get("application/json")
		if content == nil {
			if rec.Body.Len() > 0 {
				t.Errorf("%s %s: got %d %s, want an empty body", method, path, rec.Code, rec.Body)
			}
			return nil
		}
		var v any
		if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		if err := content.Schema.Value.VisitJSON(v); err != nil {
			t.Errorf("%s %s: %d %s: %v", method, path, rec.Code, rec.Body, err)
		}
		object, _ := v.(map[string]any)
		return object
	}
	sid := func(v map[string]any) string {
		t.Helper()
		s, ok := v["sid"].(string)
		if !ok {
			t.Fatalf("got no SID in %v", v)
		}
		return s
	}
	ask("POST", "/restcomm/2012-04-24/Accounts", "/Accounts", "EmailAddress=new@example.net&Password="+password)
	ask("GET", "/restcomm/2012-04-24/Accounts", "/Accounts", "")
	ask("GET", r, account, "")
	ask("PUT", r, account, "FriendlyName=Example")
	ask("POST", r, account, "Status=dancing")

	app := sid(ask("POST", r+"/Applications", account+"/Applications", "FriendlyName=Menu&RcmlUrl=https://a.example/&Kind=voice"))
	number := sid(ask("POST", r+"/IncomingPhoneNumbers", account+"/IncomingPhoneNumbers", "PhoneNumber=4000&isSIP=true&VoiceApplicationSid="+app))
	ask("POST", r+"/IncomingPhoneNumbers/Local", account+"/IncomingPhoneNumbers/Local", "PhoneNumber=5550142001&VoiceUrl=https://a.example/")
	ask("POST", r+"/IncomingPhoneNumbers", account+"/IncomingPhoneNumbers", "PhoneNumber=4000&isSIP=true")
	client := sid(ask("POST", r+"/Clients", account+"/Clients", "Login=zoe&IsPushEnabled=true&VoiceUrl=https://a.example/&Password="+password))
	made := sid(ask("POST", r+"/Calls", account+"/Calls", someCall))
	ask("POST", r+"/Calls/"+made, account+"/Calls/{CallSid}", "")
	ask("DELETE", r+"/Calls/"+made, account+"/Calls/{CallSid}", "")
	ask("PUT", r+"/Calls/"+made, account+"/Calls/{CallSid}", "Status=canceled")
	w.inviter.Legs()[0].Hang()
	w.eventually("the call is over", func() bool { return w.status(made) == "canceled" })
	ask("GET", r+"/Calls/"+made, account+"/Calls/{CallSid}", "")
	note := w.noted(w.a, 2)[0]

	for _, one := range []struct{ path, pattern string }{
		{"/Applications/" + app, "/Applications/{ApplicationSid}"},
		{"/Clients/" + client, "/Clients/{ClientSid}"},
		{"/IncomingPhoneNumbers/" + number, "/IncomingPhoneNumbers/{NumberSid}"},
	} {
		ask("GET", r+one.path, account+one.pattern, "")
		ask("PUT", r+one.path, account+one.pattern, "FriendlyName=Changed")
	}
	ask("GET", r+"/Notifications/"+note, account+"/Notifications/{NotificationSid}", "")
	for _, list := range []string{"/Applications", "/Clients", "/IncomingPhoneNumbers", "/Calls", "/Notifications"} {
		ask("GET", r+list, account+list, "")
	}
	ask("GET", r+"/Applications?includeNumbers=true", account+"/Applications", "")
	ask("GET", r+"/Calls/CA8e21f0d35b7a4c19a6d2e4f70b93c1d8/Notifications", account+"/Calls/{CallSid}/Notifications", "")
	for path, pattern := range map[string]string{
		"/Notifications/" + note: "/Notifications/{NotificationSid}", "/Clients/" + client: "/Clients/{ClientSid}", "/Calls/" + made: "/Calls/{CallSid}",
		"/Applications/" + app: "/Applications/{ApplicationSid}", "/IncomingPhoneNumbers/" + number: "/IncomingPhoneNumbers/{NumberSid}",
	} {
		ask("DELETE", r+path, account+pattern, "")
		ask("GET", r+path, account+pattern, "")
	}
	w.secret = "wrong"
	ask("GET", r, account, "")
}

// TestDescriptionKnowsEveryParameter looks for the names of the parameters that the handlers read.
func TestDescriptionKnowsEveryParameter(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	read := regexp.MustCompile(`(?:set\.\w+|r\.text|set\.given|v\.Get|q\.Get)\("([A-Z]\w+)"`)
	hooks := regexp.MustCompile(`^(Voice|Sms|Ussd)$`)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range read.FindAllStringSubmatch(string(source), -1) {
			name := m[1]
			if hooks.MatchString(name) || name == "HasVoiceCallerIdLookup" || name == "AreaCode" {
				continue // beginnings of names; old spellings; what is refused
			}
			if !regexp.MustCompile(`\b` + name + `\b`).Match(text) {
				t.Errorf("%s reads %s, which openapi.yaml does not know", f.Name(), name)
			}
		}
	}
}
