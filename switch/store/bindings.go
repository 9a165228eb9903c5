package store

import (
	"context"
	"database/sql/driver"
	"strconv"

	"tandem/switch/registrar"
)

var bindings = table[registrar.Binding]{
	name: "bindings",
	columns: columns(`aor contact_key contact params q call_id cseq expires updated
		path_flow path_source path_local user_agent`),
	scan: func(row scanner, b *registrar.Binding) error {
		var flow string
		err := row.Scan(&b.AOR, &b.Key, &b.Contact, &b.Params, &b.Q, &b.CallID, &b.CSeq, at{&b.Expires}, at{&b.Updated},
			&flow, &b.Path.Source, &b.Path.Local, &b.UserAgent)
		if err == nil {
			b.Path.Flow, err = strconv.ParseUint(flow, 16, 64)
		}
		return err
	},
}

const saveBinding = `INSERT INTO bindings (aor, contact_key, contact, params, q, call_id, cseq, expires, updated,
 path_flow, path_source, path_local, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (aor, contact_key) DO UPDATE SET contact = excluded.contact, params = excluded.params, q = excluded.q,
 call_id = excluded.call_id, cseq = excluded.cseq, expires = excluded.expires, updated = excluded.updated,
 path_flow = excluded.path_flow, path_source = excluded.path_source, path_local = excluded.path_local, user_agent = excluded.user_agent`

type bindingRow registrar.Binding

func (b *bindingRow) statement(args []driver.Value) (string, []driver.Value) {
	return saveBinding, append(args, b.AOR, b.Key, b.Contact, b.Params, int64(b.Q), b.CallID, int64(b.CSeq), milli(b.Expires), milli(b.Updated),
		strconv.FormatUint(b.Path.Flow, 16), b.Path.Source, b.Path.Local, b.UserAgent)
}

type noBindingRow struct{ aor, key string }

func (b noBindingRow) statement(args []driver.Value) (string, []driver.Value) {
	return "DELETE FROM bindings WHERE aor = ? AND contact_key = ?", append(args, b.aor, b.key)
}

// SaveBinding queues a binding that was made or refreshed.
func (s *Store) SaveBinding(b registrar.Binding) { s.writer.save((*bindingRow)(&b)) }

// DeleteBinding queues the end of a binding.
func (s *Store) DeleteBinding(aor, key string) { s.writer.save(noBindingRow{aor, key}) }

// Bindings returns all bindings on disk, also expired ones.
func (s *Store) Bindings(ctx context.Context) ([]registrar.Binding, error) {
	return bindings.all(ctx, s.readers, "ORDER BY aor, updated")
}
