package store

import (
	"context"
	"database/sql/driver"
	"strconv"
)

type setting struct{ name, value string }

var settings = table[setting]{
	name:    "settings",
	columns: columns("name value"),
	scan:    func(row scanner, s *setting) error { return row.Scan(&s.name, &s.value) },
	args:    func(s *setting) []any { return []any{s.name, s.value} },
}

const saveSetting = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

// aliveRow is the time, in milliseconds, at which the writer was last seen.
type aliveRow int64

func (a aliveRow) statement(args []driver.Value) (string, []driver.Value) {
	return saveSetting, append(args, "alive", strconv.FormatInt(int64(a), 10))
}

// Setting returns what was kept under the name: the instance's SID, the key of nonces, the realm.
func (s *Store) Setting(name string) (string, bool) { return s.cache.settings.get(name) }

// SetSetting keeps a value under the name.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	return s.writer.do(ctx, func(tx execer) error {
		_, err := tx.Exec(saveSetting, name, value)
		return settings.wrap("write", err)
	}, func() { s.cache.settings.put(name, value) })
}

// SettingOr returns what was kept under the name; the first time it keeps what initial makes.
func (s *Store) SettingOr(ctx context.Context, name string, initial func() string) (string, error) {
	if value, ok := s.Setting(name); ok {
		return value, nil
	}
	value := initial()
	return value, s.SetSetting(ctx, name, value)
}
