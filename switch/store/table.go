package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"tandem/switch/directory"
)

// table writes and reads the values of one table. The first column is the key.
type table[T any] struct {
	name    string
	columns []string
	scan    func(scanner, *T) error
	args    func(*T) []any // in the order of columns
}

// execer is what a change sees of the transaction, a *sql.Tx: methods without a
// context, since nobody's context may end a transaction that many share.
type execer interface {
	Exec(query string, args ...any) (sql.Result, error)
	QueryRow(query string, args ...any) *sql.Row
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

func columns(list string) []string { return strings.Fields(list) }

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func (t *table[T]) insert(tx execer, v *T) error {
	query := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.name, strings.Join(t.columns, ", "), marks(len(t.columns)))
	_, err := tx.Exec(query, t.args(v)...)
	return t.wrap("insert into", err)
}

// update writes every column of the value under its key.
func (t *table[T]) update(tx execer, v *T) error {
	args := t.args(v)
	query := fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", t.name, strings.Join(t.columns[1:], " = ?, "), t.columns[0])
	return t.one(tx.Exec(query, append(args[1:len(args):len(args)], args[0])...))
}

func (t *table[T]) delete(tx execer, key string) error {
	return t.one(tx.Exec(fmt.Sprintf("DELETE FROM %s WHERE %s = ?", t.name, t.columns[0]), key))
}

// one wants exactly one row to have been touched.
func (t *table[T]) one(r sql.Result, err error) error {
	if err != nil {
		return t.wrap("write", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return first(err, fmt.Errorf("%s: %w", t.name, directory.ErrNotFound))
	}
	return nil
}

// all reads the rows that the rest of the query names, e.g. "WHERE account = ?".
func (t *table[T]) all(ctx context.Context, db *sql.DB, rest string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s %s", strings.Join(t.columns, ", "), t.name, rest), args...)
	if err != nil {
		return nil, t.wrap("read", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var list []T
	for rows.Next() {
		var v T
		if err := t.scan(rows, &v); err != nil {
			return nil, t.wrap("read", err)
		}
		list = append(list, v)
	}
	return list, t.wrap("read", rows.Err())
}

// wrap names the table, and what the callers test for.
func (t *table[T]) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		switch e.ExtendedCode {
		case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
			return fmt.Errorf("%s: %w", t.name, directory.ErrExists)
		case sqlite3.ErrConstraintForeignKey:
			return fmt.Errorf("%s: what it refers to: %w", t.name, directory.ErrNotFound)
		}
	}
	return fmt.Errorf("%s %s: %w", what, t.name, err)
}

// null keeps an empty reference out of the foreign key.
func null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// milli is an instant as it is stored; the zero time is 0.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant reads what milli wrote.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// at scans an instant.
type at struct{ t *time.Time }

// Scan implements sql.Scanner.
func (a at) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok {
		return fmt.Errorf("an instant is stored as %T", v)
	}
	*a.t = instant(ms)
	return nil
}

// ref scans a reference that may be null.
type ref struct{ s *string }

// Scan implements sql.Scanner.
func (r ref) Scan(v any) error {
	var n sql.NullString
	err := n.Scan(v)
	*r.s = n.String
	return err
}
