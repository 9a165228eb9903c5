package directory

import "time"

// Route is a rule of the switch's own dial plan, for what neither a number of an
// account nor the document of a client settles.
type Route struct {
	SID     string // RT…
	Account string // AC… the calls are charged to; "": the caller's
	Kind    RouteKind
	Match   string // RouteNumber: number or pattern as in Number.Phone; RouteClient: a login; RouteDefault: ""
	Plan    string // "plain", "rcml", "lua" or "echo"; route knows what they mean
	Source  string // of plan rcml: URL or file; of lua: script name; else ""
	Method  string // of plan rcml
	Note    string // for people
	Created time.Time
	Updated time.Time
}

// RouteKind tells what a route matches.
type RouteKind string

// The kinds of route.
const (
	RouteNumber  RouteKind = "number"  // the dialled user
	RouteClient  RouteKind = "client"  // the login of the client that calls
	RouteDefault RouteKind = "default" // everything else
)
