package store

import (
	"context"

	"tandem/switch/cdr"
)

var sortColumns = [...]string{
	cdr.ByCreated: "created", cdr.ByFrom: "from_user", cdr.ByTo: "to_user",
	cdr.ByDirection: "direction", cdr.ByStatus: "status", cdr.ByDuration: "duration",
}

func selected(q cdr.Query) *condition {
	c := &condition{}
	c.among("account", q.Accounts)
	c.ends("to_user", q.To)
	c.ends("from_user", q.From)
	c.equal("status", q.Status)
	c.equal("direction", q.Direction)
	c.equal("parent", q.Parent)
	c.between("created", q.StartFrom, q.StartTo)
	if c.between("ended", q.EndFrom, q.EndTo); !q.EndFrom.IsZero() || !q.EndTo.IsZero() {
		c.add("ended > 0")
	}
	if q.Live {
		c.add("ended = 0")
	}
	return c
}

// Calls returns the records a query selects, one page of them.
func (s *Store) Calls(ctx context.Context, q cdr.Query) (cdr.Page, error) {
	var page cdr.Page
	var err error
	page.Records, page.Total, err = calls.page(ctx, s.readers, selected(q), listing{
		created: "created", column: sortColumns[q.Sort], descending: q.Descending, limit: q.Limit, offset: q.Offset, after: q.After,
	})
	return page, err
}

// DeleteCall erases the record of a call; directory.ErrNotFound when it is not there.
func (s *Store) DeleteCall(ctx context.Context, sid string) error {
	return s.writer.do(ctx, func(tx execer) error { return calls.delete(tx, sid) }, nil)
}

// Flush returns when everything that was queued before is on disk.
func (s *Store) Flush(ctx context.Context) error {
	return s.writer.do(ctx, func(execer) error { return nil }, nil)
}
