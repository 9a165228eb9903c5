package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tandem/switch/cdr"
)

var sortColumns = [...]string{
	cdr.ByCreated: "created", cdr.ByFrom: "from_user", cdr.ByTo: "to_user",
	cdr.ByDirection: "direction", cdr.ByStatus: "status", cdr.ByDuration: "duration",
}

// condition is a WHERE clause that grows.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) add(text string, args ...any) {
	c.parts = append(c.parts, text)
	c.args = append(c.args, args...)
}

func (c *condition) equal(column, v string) {
	if v != "" {
		c.add(column+" = ?", v)
	}
}

// ends wants the column to end in v, where "%" stands for anything.
func (c *condition) ends(column, v string) {
	if v != "" {
		v = strings.NewReplacer(`\`, `\\`, `_`, `\_`).Replace(v)
		c.add(column+` LIKE ? ESCAPE '\'`, "%"+v)
	}
}

func (c *condition) between(column string, from, to time.Time) {
	if !from.IsZero() {
		c.add(column+" >= ?", milli(from))
	}
	if !to.IsZero() {
		c.add(column+" < ?", milli(to))
	}
	if column == "ended" && (!from.IsZero() || !to.IsZero()) {
		c.add("ended > 0")
	}
}

func (c *condition) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(c.parts, " AND ")
}

func selected(q cdr.Query) *condition {
	c := &condition{}
	accounts := make([]any, len(q.Accounts))
	for i, a := range q.Accounts {
		accounts[i] = a
	}
	if len(accounts) > 0 {
		c.add("account IN ("+marks(len(accounts))+")", accounts...)
	}
	c.ends("to_user", q.To)
	c.ends("from_user", q.From)
	c.equal("status", q.Status)
	c.equal("direction", q.Direction)
	c.equal("parent", q.Parent)
	c.between("created", q.StartFrom, q.StartTo)
	c.between("ended", q.EndFrom, q.EndTo)
	if q.Live {
		c.add("ended = 0")
	}
	return c
}

// Calls returns the records a query selects, one page of them.
func (s *Store) Calls(ctx context.Context, q cdr.Query) (cdr.Page, error) {
	var page cdr.Page
	c := selected(q)
	err := s.readers.QueryRowContext(ctx, "SELECT count(*) FROM calls "+c.where(), c.args...).Scan(&page.Total)
	if err != nil {
		return page, calls.wrap("count", err)
	}
	column, way, past := sortColumns[q.Sort], "ASC", ">"
	if q.Descending {
		way, past = "DESC", "<"
	}
	offset := q.Offset
	if q.After != "" {
		found, err := s.after(ctx, c, q.After, column, past)
		if err != nil {
			return page, err
		}
		if found {
			offset = 0
		}
	}
	rest := fmt.Sprintf("%s ORDER BY %s %s, created DESC, sid ASC", c.where(), column, way)
	if q.Limit > 0 {
		rest += " LIMIT ? OFFSET ?"
		c.args = append(c.args, q.Limit, offset)
	}
	page.Records, err = calls.all(ctx, s.readers, rest, c.args...)
	return page, err
}

// after narrows the selection to what stands behind the record of that SID, if it is selected itself.
func (s *Store) after(ctx context.Context, c *condition, sid, column, past string) (bool, error) {
	probe := condition{parts: append([]string{}, c.parts...), args: append([]any{}, c.args...)}
	probe.add("sid = ?", sid)
	rows, err := s.readers.QueryContext(ctx, fmt.Sprintf("SELECT %s, created FROM calls %s", column, probe.where()), probe.args...)
	if err != nil {
		return false, calls.wrap("find a place in", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	if !rows.Next() {
		return false, calls.wrap("find a place in", rows.Err())
	}
	var key any
	var created int64
	if err := rows.Scan(&key, &created); err != nil {
		return false, calls.wrap("find a place in", err)
	}
	if b, ok := key.([]byte); ok {
		key = string(b)
	}
	c.add(fmt.Sprintf("(%s %s ? OR (%s = ? AND (created < ? OR (created = ? AND sid > ?))))", column, past, column),
		key, key, created, created, sid)
	return true, nil
}

// DeleteCall erases the record of a call; directory.ErrNotFound when it is not there.
func (s *Store) DeleteCall(ctx context.Context, sid string) error {
	return s.writer.do(ctx, func(tx execer) error { return calls.delete(tx, sid) }, nil)
}

// Flush returns when everything that was queued before is on disk.
func (s *Store) Flush(ctx context.Context) error {
	return s.writer.do(ctx, func(execer) error { return nil }, nil)
}
