package store

import (
	"context"
	"database/sql"

	"tandem/switch/directory"
)

var routeTable = table[directory.Route]{
	name:    "routes",
	columns: columns("sid account kind pattern plan source method note created updated"),
	scan: func(row scanner, r *directory.Route) error {
		return row.Scan(&r.SID, &r.Account, &r.Kind, &r.Match, &r.Plan, &r.Source, &r.Method, &r.Note, at{&r.Created}, at{&r.Updated})
	},
	args: func(r *directory.Route) []any {
		return []any{
			r.SID, r.Account, string(r.Kind), r.Match, r.Plan, r.Source, r.Method, r.Note, milli(r.Created), milli(r.Updated),
		}
	},
}

// routes is the dial plan at one moment; it is made anew by every change.
type routes struct {
	list    []directory.Route
	bySID   map[string]*directory.Route
	clients map[string]*directory.Route
	dialled *directory.Numbers // SID and Phone of the routes of numbers
	rest    *directory.Route
}

func newRoutes(region string, list []directory.Route) *routes {
	x := &routes{
		list: list, bySID: make(map[string]*directory.Route), clients: make(map[string]*directory.Route),
		dialled: directory.NewNumbers(region, nil),
	}
	for i := range list {
		r := &list[i]
		x.bySID[r.SID] = r
		switch r.Kind {
		case directory.RouteClient:
			x.clients[r.Match] = r
		case directory.RouteDefault:
			x.rest = r
		case directory.RouteNumber:
			x.dialled.Put(directory.Number{SID: r.SID, Phone: r.Match, SIP: true, Created: r.Created})
		}
	}
	return x
}

func (c *cache) loadRoutes(ctx context.Context, db *sql.DB) error {
	list, err := routeTable.all(ctx, db, "ORDER BY created, sid")
	c.routes.Store(newRoutes("", list))
	return err
}

// Routes returns the whole dial plan, oldest rule first. The slice is shared: it must not be changed.
func (s *Store) Routes() []directory.Route { return s.cache.routes.Load().list }

// RouteOfNumber returns the rule for a dialled user, chosen as a number is.
func (s *Store) RouteOfNumber(dialled string) (directory.Route, bool) {
	x := s.cache.routes.Load()
	n, ok := x.dialled.Find(dialled)
	if !ok {
		return directory.Route{}, false
	}
	return *x.bySID[n.SID], true
}

// RouteOfClient returns the rule for calls that a client makes.
func (s *Store) RouteOfClient(login string) (directory.Route, bool) {
	return value(s.cache.routes.Load().clients[login])
}

// RouteOfRest returns the rule for all other calls.
func (s *Store) RouteOfRest() (directory.Route, bool) { return value(s.cache.routes.Load().rest) }

func value(r *directory.Route) (directory.Route, bool) {
	if r == nil {
		return directory.Route{}, false
	}
	return *r, true
}

// CreateRoute adds a rule. The error is directory.ErrExists when there is one of the same kind and match.
func (s *Store) CreateRoute(ctx context.Context, r directory.Route) error {
	return s.changeRoutes(ctx, func(tx execer) error { return routeTable.insert(tx, &r) },
		func(list []directory.Route) []directory.Route { return append(list, r) })
}

// DeleteRoute removes a rule; directory.ErrNotFound when it is not there.
func (s *Store) DeleteRoute(ctx context.Context, sid string) error {
	return s.changeRoutes(ctx, func(tx execer) error { return routeTable.delete(tx, sid) },
		func(list []directory.Route) []directory.Route {
			kept := list[:0]
			for _, r := range list {
				if r.SID != sid {
					kept = append(kept, r)
				}
			}
			return kept
		})
}

// changeRoutes writes, then makes the dial plan of a copy of the old list as edit leaves it.
func (s *Store) changeRoutes(ctx context.Context, write func(execer) error, edit func([]directory.Route) []directory.Route) error {
	return s.writer.do(ctx, write, func() {
		old := s.Routes()
		s.cache.routes.Store(newRoutes(s.cfg.Region, edit(append(make([]directory.Route, 0, len(old)+1), old...))))
	})
}
