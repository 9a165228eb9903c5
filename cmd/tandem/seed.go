package main

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tandem/switch/directory"
	"tandem/switch/route"
	"tandem/switch/store"
)

// demo holds the documents, scripts and prompts that the demo numbers run.
//
//go:embed demo
var demo embed.FS

// Folders below the data directory that the demo files are copied to, where their owner can change them.
const (
	documentsFolder = "rcml"
	scriptsFolder   = "scripts"
)

// seededMark is the setting that says that this database has had its first run.
const seededMark = "seeded"

// seed fills an empty database with an account, two clients and the demo
// numbers. It returns nil when the database has had its first run before.
func seed(ctx context.Context, db *store.Store, data, realm string) (*firstRun, error) {
	if _, ok := db.Setting(seededMark); ok {
		return nil, nil
	}
	if err := copyDemo(data); err != nil {
		return nil, err
	}
	first := &firstRun{Realm: realm}
	account, err := seedAccount(ctx, db, first)
	if err != nil {
		return nil, fmt.Errorf("first account: %w", err)
	}
	for _, login := range []string{"alice", "bob"} {
		if err := seedClient(ctx, db, first, account, login); err != nil {
			return nil, fmt.Errorf("client %s: %w", login, err)
		}
	}
	for _, number := range demoNumbers {
		if err := number.create(ctx, db, account); err != nil {
			return nil, fmt.Errorf("demo number %s: %w", number.phone, err)
		}
		first.Numbers = append(first.Numbers, demoNumber{number.phone, number.does})
	}
	return first, nil
}

// welcome tells the newcomer what there is. Only then the first run has been: one
// that nobody heard of is done again, with new secrets.
func welcome(ctx context.Context, db *store.Store, g *greeter, sip []string, http string, first *firstRun) error {
	if err := g.greet(sip, http, first); err != nil || first == nil {
		return err
	}
	return db.SetSetting(ctx, seededMark, time.Now().UTC().Format(time.RFC3339))
}

// firstEmail names the first account; its SID follows from it (rest.md 1.8).
const firstEmail = "administrator@localhost"

func seedAccount(ctx context.Context, db *store.Store, first *firstRun) (string, error) {
	a := directory.Account{
		SID: directory.AccountSID(firstEmail), Email: firstEmail, FriendlyName: "Administrator",
		Status: directory.Active, Role: "Administrator", Created: time.Now(), Updated: time.Now(),
	}
	password := rand.Text()
	if err := a.SetPassword(password, directory.DeriveMD5); err != nil {
		return "", err
	}
	first.Account.SID, first.Account.Email, first.Account.Password, first.Account.AuthToken = a.SID, a.Email, password, a.Token
	if _, there := db.Account(a.SID); there { // a first run that was cut short: its secrets were never shown
		_, err := db.ChangeAccount(ctx, a.SID, func(old *directory.Account) error {
			*old = a
			return nil
		})
		return a.SID, err
	}
	return a.SID, db.CreateAccount(ctx, a)
}

func seedClient(ctx context.Context, db *store.Store, first *firstRun, account, login string) error {
	password := rand.Text()[:16]
	first.Clients = append(first.Clients, seededClient{login, password})
	if c, there := db.Client(login); there {
		_, err := db.ChangeClient(ctx, c.SID, func(old *directory.Client) error {
			old.SetPassword(first.Realm, password)
			return nil
		})
		return err
	}
	c := directory.NewClient(account, login)
	c.SetPassword(first.Realm, password)
	return db.CreateClient(ctx, c)
}

// seededNumber is a number of the first run: a rule of the dial plan, or a number of the account with a document or script.
type seededNumber struct {
	phone, does string
	plan        string // of the rule; "": it is a number of the account
	source      string // of the number: document, or lua: and a script
}

var demoNumbers = []seededNumber{
	{phone: "9001", does: "echo: you hear yourself", plan: route.KindEcho},
	{phone: "9002", does: "a greeting: an RCML document with Play", source: "/greeting.xml"},
	{phone: "9003", does: "calls bob: an RCML document with Dial", source: "/bob.xml"},
	{phone: "9004", does: "a Lua script that plays tones", source: "lua:tones.lua"},
}

func (n seededNumber) create(ctx context.Context, db *store.Store, account string) error {
	if n.plan != "" {
		if _, there := db.RouteOfNumber(n.phone); there {
			return nil
		}
		return db.CreateRoute(ctx, directory.Route{
			SID: directory.NewSID(directory.PrefixRoute), Account: account, Kind: directory.RouteNumber, Match: n.phone,
			Plan: n.plan, Note: n.does, Created: time.Now(), Updated: time.Now(),
		})
	}
	if _, there := db.Number(n.phone); there {
		return nil
	}
	number := directory.NewNumber(account, n.phone)
	number.SIP, number.FriendlyName, number.Voice = true, n.does, directory.Posted(n.source)
	return db.CreateNumber(ctx, number)
}

// copyDemo writes the demo files below the data directory and leaves those alone that are there.
func copyDemo(data string) error {
	return fs.WalkDir(demo, "demo", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		folder := map[string]string{".xml": documentsFolder, ".wav": documentsFolder, ".lua": scriptsFolder}[filepath.Ext(path)]
		if folder == "" {
			return nil
		}
		text, err := demo.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(data, folder, entry.Name())
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if os.IsExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
		return f.Close()
	})
}
