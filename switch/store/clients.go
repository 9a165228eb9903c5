package store

import (
	"context"

	"tandem/switch/directory"
)

var clients = table[directory.Client]{
	name: "clients",
	columns: columns(`sid account login friendly_name ha1_md5 ha1_sha256 enabled push
		voice_url voice_method voice_fallback_url voice_fallback_method voice_application api_version created updated`),
	scan: func(row scanner, c *directory.Client) error {
		v := &c.Voice
		return row.Scan(&c.SID, &c.Account, &c.Login, &c.FriendlyName, &c.HA1MD5, &c.HA1SHA256, &c.Enabled, &c.Push,
			&v.URL, &v.Method, &v.FallbackURL, &v.FallbackMethod, ref{&v.Application}, &c.APIVersion, at{&c.Created}, at{&c.Updated})
	},
	args: func(c *directory.Client) []any {
		v := &c.Voice
		return []any{
			c.SID, c.Account, c.Login, c.FriendlyName, c.HA1MD5, c.HA1SHA256, c.Enabled, c.Push,
			v.URL, v.Method, v.FallbackURL, v.FallbackMethod, null(v.Application), c.APIVersion, milli(c.Created), milli(c.Updated),
		}
	},
}

func (c *cache) putClient(v directory.Client) {
	c.clients.put(v.SID, v)
	c.clientsByLogin.put(v.Login, v)
}

func (c *cache) deleteClient(v directory.Client) {
	c.clients.delete(v.SID)
	c.clientsByLogin.delete(v.Login)
}

// Client returns the client of that login as the signalling path should see it:
// not enabled when its account is not active. It never waits for the disk.
func (s *Store) Client(login string) (directory.Client, bool) {
	c, ok := s.cache.clientsByLogin.get(login)
	if ok && c.Enabled {
		a, known := s.Account(c.Account)
		c.Enabled = known && a.Status == directory.Active
	}
	return c, ok
}

// ClientBySID returns the client as it is stored.
func (s *Store) ClientBySID(sid string) (directory.Client, bool) { return s.cache.clients.get(sid) }

// Clients returns the clients of an account, oldest first.
func (s *Store) Clients(account string) []directory.Client {
	return s.cache.clients.list(func(c *directory.Client) bool { return c.Account == account },
		byCreation(func(c *directory.Client) (int64, string) { return milli(c.Created), c.SID }))
}

// CreateClient adds a client. The error is directory.ErrExists when the login is taken.
func (s *Store) CreateClient(ctx context.Context, c directory.Client) error {
	return s.writer.do(ctx, func(tx execer) error { return clients.insert(tx, &c) }, func() { s.cache.putClient(c) })
}

// ChangeClient applies change to the client as it is now, and keeps the result
// unless change returns an error. SID, account and login stay as they are.
func (s *Store) ChangeClient(ctx context.Context, sid string, change func(*directory.Client) error) (directory.Client, error) {
	var c directory.Client
	err := s.writer.do(ctx, func(tx execer) error {
		old, ok := s.ClientBySID(sid)
		if !ok {
			return directory.ErrNotFound
		}
		next := old
		if err := change(&next); err != nil {
			return err
		}
		next.SID, next.Account, next.Login = old.SID, old.Account, old.Login
		c = next
		return clients.update(tx, &c)
	}, func() { s.cache.putClient(c) })
	return c, err
}

// DeleteClient removes a client; directory.ErrNotFound when it is not there.
func (s *Store) DeleteClient(ctx context.Context, sid string) error {
	var gone directory.Client
	return s.writer.do(ctx, func(tx execer) error {
		gone, _ = s.ClientBySID(sid)
		return clients.delete(tx, sid)
	}, func() { s.cache.deleteClient(gone) })
}
