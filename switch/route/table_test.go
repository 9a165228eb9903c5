package route_test

import (
	"tandem/switch/call"
	"tandem/switch/directory"
	"tandem/switch/registrar"
)

// table is a route.Table in memory.
type table struct {
	clients  map[string]directory.Client
	apps     map[string]directory.Application
	numbers  *directory.Numbers
	dialled  map[string]directory.Route
	callers  map[string]directory.Route
	rest     *directory.Route
	accounts map[string]directory.Account
	contacts map[string][]registrar.Binding
}

func (t *table) Client(login string) (directory.Client, bool) {
	c, ok := t.clients[login]
	return c, ok
}

func (t *table) Account(sid string) (directory.Account, bool) {
	a, ok := t.accounts[sid]
	return a, ok
}

func (t *table) Application(sid string) (directory.Application, bool) {
	a, ok := t.apps[sid]
	return a, ok
}

func (t *table) Number(dialled string) (directory.Number, bool) { return t.numbers.Find(dialled) }

func (t *table) RouteOfNumber(dialled string) (directory.Route, bool) {
	r, ok := t.dialled[dialled]
	return r, ok
}

func (t *table) RouteOfClient(login string) (directory.Route, bool) {
	r, ok := t.callers[login]
	return r, ok
}

func (t *table) RouteOfRest() (directory.Route, bool) {
	if t.rest == nil {
		return directory.Route{}, false
	}
	return *t.rest, true
}

func (t *table) Contacts(aor string) []registrar.Binding { return t.contacts[aor] }

// town is two accounts: alice, bob and a disabled dave in AC1, eve in AC2.
func town() *table {
	number := func(sid, account, phone string, sip bool, voice directory.Hook) directory.Number {
		return directory.Number{SID: sid, Account: account, Phone: phone, SIP: sip, Voice: voice}
	}
	url := func(u string) directory.Hook { return directory.Hook{URL: u, Method: "GET"} }
	return &table{
		clients: map[string]directory.Client{
			"alice": {Login: "alice", Account: "AC1", Enabled: true},
			"bob":   {Login: "bob", Account: "AC1", Enabled: true},
			"carol": {Login: "carol", Account: "AC1", Enabled: true, Voice: directory.Hook{URL: "http://x/carol"}},
			"dave":  {Login: "dave", Account: "AC1"},
			"eve":   {Login: "eve", Account: "AC2", Enabled: true},
		},
		apps: map[string]directory.Application{
			"AP1": {SID: "AP1", URL: "http://x/app"},
			"AP2": {SID: "AP2", URL: "lua:greeting"},
		},
		numbers: directory.NewNumbers("US", []directory.Number{
			number("PN1", "AC1", "+15550142000", false, url("http://x/1")),
			number("PN2", "AC1", "16.*", true, url("http://x/2")),
			number("PN3", "AC2", "16508.*", true, url("http://x/3")),
			number("PN4", "AC1", "4000", true, directory.Hook{Application: "AP1", URL: "http://x/4"}),
			number("PN5", "AC1", "4001", true, directory.Hook{Application: "AP2"}),
			number("PN6", "AC1", "4002", true, directory.Hook{Application: "APgone", URL: "http://x/6"}),
			number("PN7", "AC1", "4003", true, directory.Hook{}),
			number("PN8", "AC1", "*77", true, url("http://x/8")),
		}),
		dialled: map[string]directory.Route{
			"1000": {Plan: "echo"},
			"1001": {Plan: "plain"},
			"4000": {Plan: "echo"}, // the account's number goes first
		},
		callers: map[string]directory.Route{},
		contacts: map[string][]registrar.Binding{
			"bob": {
				{Contact: "sip:bob@192.0.2.1:5070", Path: call.Path{Source: "udp:192.0.2.1:5070"}},
				{Contact: "sip:bob@192.0.2.2;transport=tcp", Path: call.Path{Flow: 7}},
			},
			"eve": {{Contact: "sip:eve@192.0.2.3"}},
		},
	}
}
