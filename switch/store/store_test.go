package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/rcml"
	"tandem/rest"
	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
	"tandem/switch/registrar"
	"tandem/switch/route"
	"tandem/switch/sipua"
	"tandem/switch/store"
)

var (
	_ registrar.Store = (*store.Store)(nil)
	_ cdr.Store       = (*store.Store)(nil)
	_ call.Notifier   = store.OfCalls{}
	_ rcml.Notifier   = (*store.Store)(nil)
	_ route.Table     = (*store.Store)(nil)
	_ sipua.Users     = (*store.Store)(nil)
	_ rest.Store      = (*store.Store)(nil)
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func config(dir string) store.Config {
	cfg := store.Default()
	cfg.Path = filepath.Join(dir, "tandem.db")
	return cfg
}

// open opens the store of a directory and closes it with the test.
func open(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), config(dir), quiet(), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() }) // the test may have closed it
	return s
}

// reopen closes a store and opens its directory again.
func reopen(t *testing.T, s *store.Store, dir string) *store.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

var now = time.Date(2026, 11, 21, 10, 0, 0, 123e6, time.UTC)

func account(email, parent string) directory.Account {
	a := directory.Account{
		SID: directory.AccountSID(email), Parent: parent, Email: email, FriendlyName: email, Status: directory.Active,
		Role: "Administrator", Created: now, Updated: now,
	}
	if err := a.SetPassword("RestComm12", directory.DeriveMD5); err != nil {
		panic(err)
	}
	return a
}

func client(a directory.Account, login string) directory.Client {
	c := directory.Client{
		SID: directory.NewSID("CL"), Account: a.SID, Login: login, FriendlyName: login, Enabled: true,
		Voice: directory.Hook{URL: "https://a.example/v", Method: "POST", FallbackURL: "/f", FallbackMethod: "GET"}, APIVersion: "2012-04-24",
		Created: now, Updated: now,
	}
	c.SetPassword("tandem", "asd123$#@")
	return c
}

func number(a directory.Account, phone string) directory.Number {
	return directory.Number{
		SID: directory.NewSID("PN"), Account: a.SID, FriendlyName: phone, Phone: phone, SIP: !strings.HasPrefix(phone, "+"),
		Voice: directory.Hook{URL: "https://a.example/v", Method: "POST"}, SMS: directory.Hook{Method: "POST"},
		USSD: directory.Hook{Method: "GET"}, Refer: directory.Hook{Method: "POST"},
		StatusCallback: "https://a.example/s", StatusCallbackMethod: "GET", CallerIDLookup: true,
		Can: directory.Capabilities{Voice: true, Fax: true}, Cost: "1.00", APIVersion: "2012-04-24", Created: now, Updated: now,
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func TestEverythingComesBackAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	a := account("Ops@example.net", "")
	b := account("sub@example.net", a.SID)
	c := client(a, "alice")
	n := number(a, "+15550142000")
	p := number(a, "16.*")
	app := directory.Application{
		SID: directory.NewSID("AP"), Account: a.SID, FriendlyName: "Main menu", URL: "lua:menu", Kind: "voice", CallerIDLookup: true,
		APIVersion: "2012-04-24", Created: now, Updated: now,
	}
	r := directory.Route{SID: directory.NewSID("RT"), Kind: directory.RouteNumber, Match: "9196", Plan: "echo", Note: "echo", Created: now, Updated: now}
	must(t, s.CreateAccount(ctx, a, c))
	must(t, s.CreateAccount(ctx, b))
	must(t, s.CreateApplication(ctx, app))
	n.Voice.Application = app.SID
	must(t, s.CreateNumber(ctx, n))
	must(t, s.CreateNumber(ctx, p))
	must(t, s.CreateRoute(ctx, r))
	must(t, s.SetSetting(ctx, "realm", "tandem"))

	for _, when := range []string{"before", "after"} {
		got, _ := s.AccountByEmail("oPS@example.net")
		same(t, when+": account", got, a)
		same(t, when+": children", s.Accounts(a.SID), []directory.Account{b})
		gotClient, _ := s.Client("alice")
		same(t, when+": client", gotClient, c)
		same(t, when+": clients", s.Clients(a.SID), []directory.Client{c})
		gotNumber, _ := s.Number("5550142000")
		same(t, when+": number", gotNumber, n)
		gotNumber, _ = s.Number("16508223344")
		same(t, when+": pattern", gotNumber, p)
		gotApp, _ := s.Application(app.SID)
		same(t, when+": application", gotApp, app)
		gotRoute, _ := s.RouteOfNumber("9196")
		same(t, when+": route", gotRoute, r)
		value, _ := s.Setting("realm")
		same(t, when+": setting", value, "tandem")
		if when == "before" {
			s = reopen(t, s, dir)
		}
	}
}

func TestChangesReplaceWhatIsCached(t *testing.T) {
	s := open(t, t.TempDir())
	ctx := t.Context()
	a := account("ops@example.net", "")
	c := client(a, "alice")
	must(t, s.CreateAccount(ctx, a, c))

	changed, err := s.ChangeClient(ctx, c.SID, func(c *directory.Client) error {
		c.SetPassword("tandem", "another7Pass")
		c.Login = "mallory"
		return nil
	})
	must(t, err)
	got, ok := s.Client("alice")
	if !ok || got.HA1MD5 == c.HA1MD5 || changed.Login != "alice" {
		t.Errorf("after ChangeClient: %+v", got)
	}
	no := errors.New("no")
	if _, err := s.ChangeClient(ctx, c.SID, func(c *directory.Client) error { c.Enabled = false; return no }); !errors.Is(err, no) {
		t.Errorf("error of the change: %v", err)
	}
	if got, _ := s.Client("alice"); !got.Enabled {
		t.Error("a change that failed was kept")
	}
	_, err = s.ChangeAccount(ctx, a.SID, func(a *directory.Account) error { a.Status = directory.Suspended; return nil })
	must(t, err)
	if got, _ := s.Client("alice"); got.Enabled {
		t.Error("the client of a suspended account is enabled")
	}
	must(t, s.DeleteClient(ctx, c.SID))
	if _, ok := s.Client("alice"); ok {
		t.Error("the client is still there")
	}
	if err := s.DeleteClient(ctx, c.SID); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("second delete: %v, want ErrNotFound", err)
	}
}

func TestUniqueKeys(t *testing.T) {
	s := open(t, t.TempDir())
	ctx := t.Context()
	a := account("ops@example.net", "")
	must(t, s.CreateAccount(ctx, a, client(a, "alice")))
	must(t, s.CreateNumber(ctx, number(a, "9196")))
	r := directory.Route{SID: directory.NewSID("RT"), Kind: directory.RouteDefault, Plan: "plain", Created: now, Updated: now}
	must(t, s.CreateRoute(ctx, r))
	r.SID = directory.NewSID("RT")
	for what, err := range map[string]error{
		"login":   s.CreateClient(ctx, client(a, "alice")),
		"number":  s.CreateNumber(ctx, number(a, "9196")),
		"route":   s.CreateRoute(ctx, r),
		"e-mail":  s.CreateAccount(ctx, account("OPS@example.net", "")),
		"account": s.CreateAccount(ctx, account("sub@example.net", a.SID), client(a, "bob"), client(a, "alice")),
	} {
		if !errors.Is(err, directory.ErrExists) {
			t.Errorf("%s twice: %v, want ErrExists", what, err)
		}
	}
	if _, ok := s.Client("bob"); ok {
		t.Error("half of a refused account was kept")
	}
	must(t, s.CreateClient(ctx, client(a, "bob"))) // nor is it on disk
	orphan := client(account("nobody@example.net", ""), "carol")
	if err := s.CreateClient(ctx, orphan); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("client of an unknown account: %v, want ErrNotFound", err)
	}
}

func TestDeletingAnApplicationClearsReferences(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	a := account("ops@example.net", "")
	c := client(a, "alice")
	must(t, s.CreateAccount(ctx, a))
	app := directory.Application{SID: directory.NewSID("AP"), Account: a.SID, FriendlyName: "M", Created: now, Updated: now}
	must(t, s.CreateApplication(ctx, app))
	c.Voice.Application = app.SID
	must(t, s.CreateClient(ctx, c))
	for i := range 3 {
		n := number(a, fmt.Sprint(1000+i))
		n.Voice.Application, n.Refer.Application = app.SID, app.SID
		must(t, s.CreateNumber(ctx, n))
	}
	must(t, s.DeleteApplication(ctx, app.SID))
	for range 2 {
		if c, _ := s.Client("alice"); c.Voice.Application != "" {
			t.Errorf("client refers to %s", c.Voice.Application)
		}
		for _, n := range s.Numbers(a.SID) {
			if n.Voice.Application != "" || n.Refer.Application != "" {
				t.Errorf("number %s refers to %s, %s", n.Phone, n.Voice.Application, n.Refer.Application)
			}
		}
		if _, ok := s.Application(app.SID); ok {
			t.Error("the application is still there")
		}
		s = reopen(t, s, dir)
	}
}

func TestRoutes(t *testing.T) {
	s := open(t, t.TempDir())
	ctx := t.Context()
	add := func(kind directory.RouteKind, match, plan string) directory.Route {
		r := directory.Route{SID: directory.NewSID("RT"), Kind: kind, Match: match, Plan: plan, Created: now, Updated: now}
		must(t, s.CreateRoute(ctx, r))
		return r
	}
	rest := add(directory.RouteDefault, "", "plain")
	add(directory.RouteNumber, "9...", "lua")
	add(directory.RouteNumber, "9196", "echo")
	add(directory.RouteClient, "bot", "rcml")
	plan := func(r directory.Route, ok bool) string { return fmt.Sprint(r.Plan, " ", ok) }
	same(t, "9196", plan(s.RouteOfNumber("9196")), "echo true")
	same(t, "9197", plan(s.RouteOfNumber("9197")), "lua true")
	same(t, "8000", plan(s.RouteOfNumber("8000")), " false")
	same(t, "bot", plan(s.RouteOfClient("bot")), "rcml true")
	same(t, "alice", plan(s.RouteOfClient("alice")), " false")
	same(t, "rest", plan(s.RouteOfRest()), "plain true")
	must(t, s.DeleteRoute(ctx, rest.SID))
	same(t, "rest", plan(s.RouteOfRest()), " false")
	same(t, "list", len(s.Routes()), 3)
}

func TestBindingsAreKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	b := registrar.Binding{
		AOR: "alice", Key: "sip:alice@192.0.2.1:5060", Contact: "sip:alice@192.0.2.1:5060", Params: "+x=1", Q: 500, CallID: "c", CSeq: 1<<32 - 1,
		Expires: now.Add(time.Hour), Updated: now, UserAgent: "phone",
	}
	b.Path.Flow, b.Path.Source, b.Path.Local = 1<<64-1, "tcp:192.0.2.1:5060", "tcp:192.0.2.9:5060"
	s.SaveBinding(b)
	b.CSeq, b.Q = 7, 1000
	s.SaveBinding(b)
	other := b
	other.Key = "sip:alice@192.0.2.2"
	s.SaveBinding(other)
	s.DeleteBinding(other.AOR, other.Key)
	s = reopen(t, s, dir)
	got, err := s.Bindings(t.Context())
	must(t, err)
	same(t, "bindings", got, []registrar.Binding{b})
}

func TestNotificationsAreKept(t *testing.T) {
	s := open(t, t.TempDir())
	n := directory.Notification{
		SID: directory.NewSID("NO"), Account: "ACx", Call: "CAx", Warning: true, Code: 11200, Text: "404", RequestURL: "https://a.example/",
		RequestMethod: "POST", RequestVariables: "a=b", ResponseHeaders: "h", ResponseBody: "b", Date: now, APIVersion: "2012-04-24",
	}
	s.Notify(n)
	s.Notify(directory.Notification{Account: "ACx", Date: now.Add(time.Second)})
	must(t, s.SetSetting(t.Context(), "behind", "the rows before")) // waits for them
	got, ok, err := s.Notification(t.Context(), n.SID)
	must(t, err)
	same(t, "by its SID", []any{got, ok}, []any{n, true})
	must(t, s.DeleteNotification(t.Context(), n.SID))
	if _, ok, err := s.Notification(t.Context(), n.SID); ok || err != nil {
		t.Errorf("deleted notification: %v, %v", ok, err)
	}
}

func TestStateIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.SetSetting(t.Context(), "a", "b"))
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) < 3 {
		t.Errorf("got %v, want the database, its log and its lock at least", files)
	}
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("got mode %v of %s, want 0600", info.Mode(), f.Name())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	write := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			must(t, os.WriteFile(path, []byte(text), 0o600))
		}
	}
	for _, r := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"text", write("hello, this is a letter"), "not an SQLite database; move it away"},
		{"short", write("hi"), "not an SQLite database"},
		{"damaged", write("SQLite format 3\x00" + strings.Repeat("\xff", 4096)), "damaged: restore a backup"},
		{"another program's", func(t *testing.T, path string) {
			t.Helper()
			execute(t, path, "CREATE TABLE t (a)")
		}, "another program; move it away"},
		{"newer", func(t *testing.T, path string) {
			t.Helper()
			s := open(t, filepath.Dir(path))
			must(t, s.Close())
			execute(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}, "newer version (its schema is 9999"},
		{"directory missing", func(t *testing.T, path string) {
			t.Helper()
			must(t, os.RemoveAll(filepath.Dir(path)))
		}, "data directory must exist"},
		{"locked", lockForTest, "another program holds a lock"},
	} {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			cfg := config(dir)
			cfg.Busy = 50 * time.Millisecond
			r.prepare(t, cfg.Path)
			s, err := store.Open(t.Context(), cfg, quiet(), nil)
			if err == nil {
				t.Cleanup(func() { _ = s.Close() })
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), r.want) || !strings.Contains(err.Error(), cfg.Path) {
				t.Errorf("got %q, want the path and %q", err, r.want)
			}
		})
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := store.Open(t.Context(), config(dir), quiet(), nil)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by another tandem process (pid %d)", os.Getpid())) {
		t.Errorf("second Open: %v", err)
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	s := open(t, t.TempDir())
	must(t, s.Close())
	if err := s.SetSetting(t.Context(), "a", "b"); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("write after Close: %v", err)
	}
	s.DeleteBinding("a", "b") // lost, but harmless
}

func TestConfigNamesEveryMistake(t *testing.T) {
	must(t, store.Default().Validate())
	err := store.Config{}.Validate()
	for _, key := range []string{"store.queue", "store.batch", "store.readers", "store.busy"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}
