package route

import (
	"context"
	"errors"
	"fmt"

	"tandem/switch/call"
	"tandem/switch/directory"
)

// Table is who is known and what the operator has ruled. It answers from memory.
type Table interface {
	Account(sid string) (directory.Account, bool)
	Client(login string) (directory.Client, bool)
	Application(sid string) (directory.Application, bool)
	Number(dialled string) (directory.Number, bool)
	RouteOfNumber(dialled string) (directory.Route, bool)
	RouteOfClient(login string) (directory.Route, bool)
	RouteOfRest() (directory.Route, bool)
}

// Why a call has no plan; each is behind a *call.Refusal.
var (
	ErrNoRoute    = errors.New("nobody answers to what was dialled")
	ErrNoDocument = errors.New("the number has neither application nor URL")
	ErrNoBuilder  = errors.New("the plan cannot be run here")
	ErrInactive   = errors.New("the account is not active")
)

// Mux is a call.Mux over a Table.
type Mux struct {
	table    Table
	builders map[string]Build
	progress func(Plan) func(call.Progress)
}

// NewMux returns a mux. Builders makes handlers of plans by their kind; echo need
// not be among them. Progress, which may be nil, makes what hears the steps of a call
// whose plan has a status callback.
func NewMux(t Table, builders map[string]Build, progress func(Plan) func(call.Progress)) *Mux {
	return &Mux{table: t, builders: builders, progress: progress}
}

// Route claims the call for whom it belongs to and returns its handler. The
// error is a *call.Refusal: 404, 403 where an account is not active (rest.md
// 2.1), or 500 for a plan that cannot be run.
func (m *Mux) Route(_ context.Context, c *call.Call) (call.Handler, error) {
	party := c.Party()
	plan, err := m.Plan(party)
	if plan.Account == "" {
		plan.Account = party.Account
	}
	c.Claim(plan.Account, plan.NumberSID)
	if err != nil {
		return nil, err
	}
	for _, sid := range [...]string{plan.Account, party.Account} {
		if a, ok := m.table.Account(sid); ok && a.Status != directory.Active {
			return nil, &call.Refusal{Code: 403, Reason: "Forbidden", Err: fmt.Errorf("%w: %s", ErrInactive, sid)}
		}
	}
	h, err := m.handler(plan)
	if err != nil {
		return nil, err
	}
	if plan.StatusCallback != "" && m.progress != nil {
		c.Watch(m.progress(plan))
	}
	return h, nil
}

func (m *Mux) handler(p Plan) (call.Handler, error) {
	if build, ok := m.builders[p.Kind]; ok {
		if h := build(p); h != nil {
			return h, nil
		}
	} else if p.Kind == KindEcho {
		return Echo, nil
	}
	return nil, &call.Refusal{Code: 500, Reason: "Server Internal Error", Err: fmt.Errorf("%w: %s %s", ErrNoBuilder, p.Kind, p.Source)}
}

// Plan chooses the plan of a call from party. With the error, a *call.Refusal,
// comes what is known of the plan all the same: whose number was called.
func (m *Mux) Plan(party call.Party) (Plan, error) {
	dialled := party.To.User
	if party.Client != "" {
		if p, ok := m.ofCaller(party.Client); ok {
			return p, nil
		}
	}
	if neighbour(m.table, party.Account, dialled) {
		return Plan{Kind: KindPlain, Account: party.Account}, nil
	}
	if n, ok := m.table.Number(dialled); ok {
		return m.ofNumber(n)
	}
	if r, ok := m.table.RouteOfNumber(dialled); ok && admits(r, party.Account) {
		return ofRoute(r), nil
	}
	if r, ok := m.table.RouteOfRest(); ok && (party.Account != "" || r.Account != "") && admits(r, party.Account) {
		return ofRoute(r), nil
	}
	if party.Account != "" {
		return Plan{Kind: KindPlain, Account: party.Account}, nil
	}
	return Plan{}, notFound(fmt.Errorf("%w: %q", ErrNoRoute, dialled))
}

// admits reports whether a caller of the account may use a rule. A plain rule of
// another account would ring that account's clients, whom only their own may reach.
func admits(r directory.Route, account string) bool {
	return r.Plan != KindPlain || r.Account == "" || account == "" || r.Account == account
}

// ofCaller is the plan of a client for the calls it makes.
func (m *Mux) ofCaller(login string) (Plan, bool) {
	if cl, ok := m.table.Client(login); ok {
		if p, ok := ofHook(m.table, cl.Voice, Plan{Account: cl.Account}); ok {
			return p, true
		}
	}
	if r, ok := m.table.RouteOfClient(login); ok {
		return ofRoute(r), true
	}
	return Plan{}, false
}

func (m *Mux) ofNumber(n directory.Number) (Plan, error) {
	p, ok := ofHook(m.table, n.Voice, Plan{
		Account: n.Account, NumberSID: n.SID,
		StatusCallback: n.StatusCallback, StatusCallbackMethod: n.StatusCallbackMethod,
	})
	if !ok {
		return p, &call.Refusal{Code: 404, Reason: "Not Found", Err: fmt.Errorf("%w: %s", ErrNoDocument, n.Phone)}
	}
	return p, nil
}

// neighbour reports whether login is an enabled client of the account.
func neighbour(t Table, account, login string) bool {
	cl, ok := t.Client(login)
	return ok && cl.Enabled && account != "" && cl.Account == account
}

func notFound(err error) *call.Refusal {
	return &call.Refusal{Code: 404, Reason: "Not Found", Err: err}
}
