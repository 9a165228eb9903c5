package store

import (
	"context"
	"slices"
	"strings"

	"tandem/switch/directory"
)

var accounts = table[directory.Account]{
	name:    "accounts",
	columns: columns("sid parent email email_key friendly_name status role token password_hash created updated"),
	scan: func(row scanner, a *directory.Account) error {
		var key string
		return row.Scan(&a.SID, ref{&a.Parent}, &a.Email, &key, &a.FriendlyName, &a.Status, &a.Role, &a.Token, &a.PasswordHash,
			at{&a.Created}, at{&a.Updated})
	},
	args: func(a *directory.Account) []any {
		return []any{
			a.SID, null(a.Parent), a.Email, strings.ToLower(a.Email), a.FriendlyName, string(a.Status), a.Role, a.Token, a.PasswordHash,
			milli(a.Created), milli(a.Updated),
		}
	},
}

func (c *cache) putAccount(a directory.Account) {
	c.accounts.put(a.SID, a)
	c.accountsByEmail.put(strings.ToLower(a.Email), a)
}

// Account returns the account of that SID.
func (s *Store) Account(sid string) (directory.Account, bool) { return s.cache.accounts.get(sid) }

// AccountByEmail returns the account of that address, in any case.
func (s *Store) AccountByEmail(email string) (directory.Account, bool) {
	return s.cache.accountsByEmail.get(strings.ToLower(email))
}

// Accounts returns the direct children of an account, oldest first; those of "" are the super administrators.
func (s *Store) Accounts(parent string) []directory.Account {
	return s.cache.accounts.list(func(a *directory.Account) bool { return a.Parent == parent },
		byCreation(func(a *directory.Account) (int64, string) { return milli(a.Created), a.SID }))
}

// Descendants returns the SIDs of all accounts below one, parents before children.
func (s *Store) Descendants(sid string) []string {
	var list []string
	for _, a := range s.Accounts(sid) {
		list = append(list, a.SID)
		list = append(list, s.Descendants(a.SID)...)
	}
	return list
}

// CreateAccount adds an account with the clients that come with it. The error is
// directory.ErrExists when its SID, its e-mail or a login is taken.
func (s *Store) CreateAccount(ctx context.Context, a directory.Account, with ...directory.Client) error {
	with = slices.Clone(with)
	return s.writer.do(ctx, func(tx execer) error {
		if err := accounts.insert(tx, &a); err != nil {
			return err
		}
		for i := range with {
			if err := clients.insert(tx, &with[i]); err != nil {
				return err
			}
		}
		return nil
	}, func() {
		s.cache.putAccount(a)
		for _, c := range with {
			s.cache.putClient(c)
		}
	})
}

// ChangeAccount applies change to the account as it is now, and keeps the result
// unless change returns an error. SID, e-mail and parent stay as they are.
func (s *Store) ChangeAccount(ctx context.Context, sid string, change func(*directory.Account) error) (directory.Account, error) {
	var a directory.Account
	err := s.writer.do(ctx, func(tx execer) error {
		old, ok := s.Account(sid)
		if !ok {
			return directory.ErrNotFound
		}
		next := old
		if err := change(&next); err != nil {
			return err
		}
		next.SID, next.Email, next.Parent = old.SID, old.Email, old.Parent
		a = next
		return accounts.update(tx, &a)
	}, func() { s.cache.putAccount(a) })
	return a, err
}
