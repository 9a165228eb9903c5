package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// write puts a batch on disk. When the commit fails, changes get the error and
// rows are tried again until they are in or the store closes.
func (w *writer) write(batch []task) {
	began := time.Now()
	w.join(batch)
	results := make([]error, len(batch))
	err := w.transact(batch, results)
	for i, t := range batch {
		if t.done == nil {
			w.lose(results[i])
			continue
		}
		if err == nil && results[i] == nil && t.commit != nil {
			t.commit()
		}
		t.done <- first(results[i], err)
	}
	if err != nil {
		w.retry(batch, err)
	}
	w.metrics.wrote(len(batch), time.Since(began))
}

// lose counts a row that the database does not take. Nobody waits for it, so its error ends here.
func (w *writer) lose(err error) {
	if err != nil {
		w.metrics.lost.Inc()
		w.log.Error("state row refused", "err", err)
	}
}

// join leaves out the rows of calls that a later row of the batch writes over,
// and puts an answer into the row before it: a call that is shorter than the
// batch costs one row.
func (w *writer) join(batch []task) {
	clear(w.last)
	for i := range batch {
		switch r := batch[i].row.(type) {
		case *callRow:
			if before, ok := w.last[r.ID]; ok {
				batch[before].joined = true
			}
			w.last[r.ID] = i
		case *answerRow:
			before, ok := w.last[r.id]
			if !ok {
				w.last[r.id] = i
				continue
			}
			if whole, ok := batch[before].row.(*callRow); ok {
				whole.answer(r)
				batch[i].joined = true
			}
		}
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// retry writes the rows of a batch whose commit failed.
func (w *writer) retry(batch []task, err error) {
	rows := make([]task, 0, len(batch))
	for _, t := range batch {
		if t.row != nil {
			rows = append(rows, t)
		}
	}
	last := false
	for len(rows) > 0 && err != nil {
		w.log.Error("state not written, will try again", "err", explain(w.cfg.Path, err), "rows", len(rows), "queued", len(w.queue))
		w.metrics.failures.Inc()
		if last {
			w.metrics.lost.Add(float64(len(rows)))
			return
		}
		select {
		case <-time.After(retryEvery):
		case <-w.stopping:
			last = true
		}
		err = w.transact(rows, make([]error, len(rows)))
	}
}

// transact runs the batch in one transaction. What the database refuses of single
// tasks goes into results and leaves the others alone; the error returned means that nothing is written.
func (w *writer) transact(batch []task, results []error) error {
	tx, err := w.conn.BeginTx(context.Background(), nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
	for i, t := range batch {
		switch {
		case t.joined:
			continue
		case t.row == nil:
			results[i] = nested(tx, t.change)
			continue
		}
		if err := w.insert(t.row); err != nil {
			if !refused(err) {
				return err
			}
			results[i] = err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// insert runs one row's statement, prepared once for the life of the connection
// and so inside the transaction that is open on it. It goes past database/sql,
// which allocates a kilobyte more a row.
func (w *writer) insert(r row) error {
	var query string
	query, w.args = r.statement(w.args[:0])
	return w.conn.Raw(func(conn any) error {
		stmt, ok := w.statements[query]
		if !ok {
			var err error
			if stmt, err = conn.(driver.Conn).Prepare(query); err != nil { //nolint:noctx // nobody waits
				return fmt.Errorf("prepare %q: %w", query, err)
			}
			w.statements[query] = stmt
		}
		w.named = w.named[:0]
		for i, v := range w.args {
			w.named = append(w.named, driver.NamedValue{Ordinal: i + 1, Value: v})
		}
		if _, err := stmt.(driver.StmtExecContext).ExecContext(context.Background(), w.named); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		return nil
	})
}

// refused tells an error that lies in the row from one that lies in the database: trying again would not help.
func refused(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrConstraint || e.Code == sqlite3.ErrMismatch || e.Code == sqlite3.ErrTooBig)
}

// nested runs a change so that its failure undoes it alone.
func nested(tx execer, change func(execer) error) error {
	if _, err := tx.Exec("SAVEPOINT change"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	err := change(tx)
	end := "RELEASE SAVEPOINT change"
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT change"
	}
	if _, e := tx.Exec(end); e != nil {
		return fmt.Errorf("savepoint: %w", e)
	}
	return err
}
