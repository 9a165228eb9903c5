package rest

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/cdr"
	"tandem/switch/directory"
	"tandem/switch/route"
)

// Accounts are the accounts that are known. Errors of all stores below are
// directory.ErrExists and directory.ErrNotFound, or what the caller's function returned.
type Accounts interface {
	Account(sid string) (directory.Account, bool)
	AccountByEmail(email string) (directory.Account, bool)
	Accounts(parent string) []directory.Account
	CreateAccount(ctx context.Context, a directory.Account, with ...directory.Client) error
	ChangeAccount(ctx context.Context, sid string, change func(*directory.Account) error) (directory.Account, error)
}

// Clients are the SIP users that are known.
type Clients interface {
	Client(login string) (directory.Client, bool)
	ClientBySID(sid string) (directory.Client, bool)
	Clients(account string) []directory.Client
	CreateClient(ctx context.Context, c directory.Client) error
	ChangeClient(ctx context.Context, sid string, change func(*directory.Client) error) (directory.Client, error)
	DeleteClient(ctx context.Context, sid string) error
}

// Applications are the applications that are known.
type Applications interface {
	Application(sid string) (directory.Application, bool)
	Applications(account string) []directory.Application
	CreateApplication(ctx context.Context, a directory.Application) error
	ChangeApplication(ctx context.Context, sid string, change func(*directory.Application) error) (directory.Application, error)
	DeleteApplication(ctx context.Context, sid string) error
}

// Numbers are the numbers that are known.
type Numbers interface {
	NumberBySID(sid string) (directory.Number, bool)
	Numbers(account string) []directory.Number
	CreateNumber(ctx context.Context, n directory.Number) error
	ChangeNumber(ctx context.Context, sid string, change func(*directory.Number) error) (directory.Number, error)
	DeleteNumber(ctx context.Context, sid string) error
}

// Records are the calls that are on disk.
type Records interface {
	Call(ctx context.Context, id call.ID) (cdr.Record, bool, error)
	Calls(ctx context.Context, q cdr.Query) (cdr.Page, error)
	DeleteCall(ctx context.Context, sid string) error
	Flush(ctx context.Context) error // returns when what was queued before is on disk
}

// Notifications are what went wrong, for the accounts to read.
type Notifications interface {
	Notification(ctx context.Context, sid string) (directory.Notification, bool, error)
	Notifications(ctx context.Context, q directory.NotificationQuery) (directory.NotificationPage, error)
	DeleteNotification(ctx context.Context, sid string) error
	DeleteNotifications(ctx context.Context, account string) error
}

// Store keeps everything.
type Store interface {
	Accounts
	Clients
	Applications
	Numbers
	Records
	Notifications
}

// Live are the calls that are up.
type Live interface {
	Find(id call.ID) (*call.Call, bool)
	List() []call.Summary
	Place(ctx context.Context, p call.Placement) (*call.Call, error)
}

// Registrations are where clients can be reached now.
type Registrations interface {
	Remove(login string) int
}

// StatusCallback says who is told about the steps of a call.
type StatusCallback struct {
	URL, Method string
	Events      []string // initiated, ringing, answered, completed
}

// Deps is what the API works on.
type Deps struct {
	Store         Store
	Live          Live
	Records       call.Records // gets the calls that could not be placed
	Registrations Registrations
	Plan          func(p route.Plan) call.Handler              // runs the document or script at a URL
	Progress      func(s StatusCallback) func(p call.Progress) // reports to a URL
	Realm         string                                       // of the clients' digests
	Instance      string                                       // ID… of this server
	Ready         func() error                                 // why /readyz should fail; nil: it is ready
	Gatherer      prometheus.Gatherer                          // what /metrics shows
	Registerer    prometheus.Registerer
	Log           *slog.Logger
}
