package store

import (
	"context"

	"tandem/switch/directory"
)

var applications = table[directory.Application]{
	name:    "applications",
	columns: columns("sid account friendly_name url kind caller_id_lookup api_version created updated"),
	scan: func(row scanner, a *directory.Application) error {
		return row.Scan(&a.SID, &a.Account, &a.FriendlyName, &a.URL, &a.Kind, &a.CallerIDLookup, &a.APIVersion,
			at{&a.Created}, at{&a.Updated})
	},
	args: func(a *directory.Application) []any {
		return []any{
			a.SID, a.Account, a.FriendlyName, a.URL, a.Kind, a.CallerIDLookup, a.APIVersion, milli(a.Created), milli(a.Updated),
		}
	},
}

func (c *cache) putApplication(a directory.Application) { c.applications.put(a.SID, a) }

// Application returns the application of that SID.
func (s *Store) Application(sid string) (directory.Application, bool) {
	return s.cache.applications.get(sid)
}

// Applications returns the applications of an account, oldest first.
func (s *Store) Applications(account string) []directory.Application {
	return s.cache.applications.list(func(a *directory.Application) bool { return a.Account == account },
		byCreation(func(a *directory.Application) (int64, string) { return milli(a.Created), a.SID }))
}

// CreateApplication adds an application.
func (s *Store) CreateApplication(ctx context.Context, a directory.Application) error {
	return s.writer.do(ctx, func(tx execer) error { return applications.insert(tx, &a) }, func() { s.cache.putApplication(a) })
}

// ChangeApplication applies change to the application as it is now, and keeps the
// result unless change returns an error. SID and account stay as they are.
func (s *Store) ChangeApplication(
	ctx context.Context, sid string, change func(*directory.Application) error,
) (directory.Application, error) {
	var a directory.Application
	err := s.writer.do(ctx, func(tx execer) error {
		old, ok := s.Application(sid)
		if !ok {
			return directory.ErrNotFound
		}
		next := old
		if err := change(&next); err != nil {
			return err
		}
		next.SID, next.Account = old.SID, old.Account
		a = next
		return applications.update(tx, &a)
	}, func() { s.cache.putApplication(a) })
	return a, err
}

// DeleteApplication removes an application and clears what refers to it in clients
// and numbers, as the schema's ON DELETE SET NULL does on disk.
func (s *Store) DeleteApplication(ctx context.Context, sid string) error {
	return s.writer.do(ctx, func(tx execer) error { return applications.delete(tx, sid) }, func() {
		s.cache.applications.delete(sid)
		for _, c := range s.cache.clients.list(func(c *directory.Client) bool { return c.Voice.Application == sid }, nil) {
			c.Voice.Application = ""
			s.cache.putClient(c)
		}
		for _, n := range s.cache.numbers.list(func(n *directory.Number) bool { return refers(n, sid) }, nil) {
			for _, h := range []*directory.Hook{&n.Voice, &n.SMS, &n.USSD, &n.Refer} {
				if h.Application == sid {
					h.Application = ""
				}
			}
			s.cache.putNumber(n)
		}
	})
}

func refers(n *directory.Number, sid string) bool {
	return n.Voice.Application == sid || n.SMS.Application == sid || n.USSD.Application == sid || n.Refer.Application == sid
}
