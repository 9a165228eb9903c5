package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

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

// among wants one of the values; no values do not narrow.
func (c *condition) among(column string, values []string) {
	if len(values) == 0 {
		return
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	c.add(column+" IN ("+marks(len(list))+")", list...)
}

// contains wants v somewhere in the column.
func (c *condition) contains(column, v string) {
	if v != "" {
		v = strings.NewReplacer(`\`, `\\`, `_`, `\_`, `%`, `\%`).Replace(v)
		c.add(column+` LIKE ? ESCAPE '\'`, "%"+v+"%")
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
}

func (c *condition) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(c.parts, " AND ")
}

// listing is the order of a list and the part of it that is wanted.
type listing struct {
	created       string // the column of the creation date, which breaks ties: newest first, then by key
	column        string // to order by
	descending    bool
	limit, offset int
	after         string // the key of a row: begin behind it instead of at offset, if it is among those selected
}

// page reads a part of the rows a condition selects, and how many there are in all.
func (t *table[T]) page(ctx context.Context, db *sql.DB, c *condition, l listing) (list []T, total int, err error) {
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+t.name+" "+c.where(), c.args...).Scan(&total); err != nil {
		return nil, 0, t.wrap("count", err)
	}
	way := "ASC"
	if l.descending {
		way = "DESC"
	}
	if l.after != "" {
		found, err := t.after(ctx, db, c, l)
		if err != nil {
			return nil, 0, err
		}
		if found {
			l.offset = 0
		}
	}
	rest := fmt.Sprintf("%s ORDER BY %s %s, %s DESC, %s ASC", c.where(), l.column, way, l.created, t.columns[0])
	if l.limit > 0 {
		rest += " LIMIT ? OFFSET ?"
		c.args = append(c.args, l.limit, l.offset)
	}
	list, err = t.all(ctx, db, rest, c.args...)
	return list, total, err
}

// after narrows the selection to what stands behind the row of that key, if it is selected itself.
func (t *table[T]) after(ctx context.Context, db *sql.DB, c *condition, l listing) (bool, error) {
	key, past := t.columns[0], ">"
	if l.descending {
		past = "<"
	}
	probe := condition{parts: append([]string{}, c.parts...), args: append([]any{}, c.args...)}
	probe.add(key+" = ?", l.after)
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %s, %s FROM %s %s", l.column, l.created, t.name, probe.where()), probe.args...)
	if err != nil {
		return false, t.wrap("find a place in", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	if !rows.Next() {
		return false, t.wrap("find a place in", rows.Err())
	}
	var value any
	var created int64
	if err := rows.Scan(&value, &created); err != nil {
		return false, t.wrap("find a place in", err)
	}
	if b, ok := value.([]byte); ok {
		value = string(b)
	}
	c.add(fmt.Sprintf("(%s %s ? OR (%s = ? AND (%s < ? OR (%s = ? AND %s > ?))))", l.column, past, l.column, l.created, l.created, key),
		value, value, created, created, l.after)
	return true, nil
}
