package route

import (
	"strings"

	"tandem/switch/call"
	"tandem/switch/directory"
)

// Kinds of plans, as a directory.Route names them.
const (
	KindPlain = "plain" // dial the client or number that was dialled
	KindRCML  = "rcml"
	KindLua   = "lua"
	KindEcho  = "echo"
)

// Plan is what is to be run on a call.
type Plan struct {
	Kind                        string
	Source                      string // rcml: URL or file; lua: name of the script
	Method                      string // rcml: GET or POST; "": POST
	FallbackURL, FallbackMethod string
	StatusCallback              string
	StatusCallbackMethod        string
	Account                     string // AC… the call belongs to; "": the caller's
	NumberSID                   string // PN… that was called; "" for none
}

// Build makes a handler of a plan; nil for a plan that cannot be run.
type Build func(Plan) call.Handler

// luaScheme marks an application that is a script and not a document.
const luaScheme = "lua:"

// source tells scripts from documents.
func (p Plan) source(url string) Plan {
	p.Kind, p.Source = KindRCML, url
	if name, ok := strings.CutPrefix(url, luaScheme); ok {
		p.Kind, p.Source = KindLua, name
	}
	return p
}

// ofHook is the plan a client or number names. An application goes before the
// URLs (rest.md 2.5); one that no longer exists leaves them in force.
func ofHook(t Table, h directory.Hook, p Plan) (Plan, bool) {
	p.Method, p.FallbackURL, p.FallbackMethod = h.Method, h.FallbackURL, h.FallbackMethod
	if h.Application != "" {
		if app, ok := t.Application(h.Application); ok && app.URL != "" {
			return p.source(app.URL), true
		}
	}
	if h.URL == "" {
		return p, false
	}
	return p.source(h.URL), true
}

// ofRoute is the plan a rule names.
func ofRoute(r directory.Route) Plan {
	return Plan{Kind: r.Plan, Source: r.Source, Method: r.Method, Account: r.Account}
}
