// Package store keeps the switch's state in one SQLite file: accounts, clients,
// numbers, applications, routes, call records, bindings, notifications and
// settings. It satisfies the small interfaces of sipua, registrar, route, cdr,
// rcml and rest, which do not know it.
//
// All writing is done by one goroutine on one connection. It gathers what is
// queued, up to Config.Batch rows or Config.Delay, into one transaction, so that
// thousands of rows share one sync to disk. Rows of calls, bindings and
// notifications are queued and forgotten by their writers; changes that a person
// or program asked for (REST, first run) wait for their commit. Everything is
// written in the order it was queued.
//
// What is looked up on the signalling path (clients, numbers, applications,
// accounts, routes) is in memory, read without a lock, and replaced by the write
// that changes it after its commit. Calls and notifications are read from a pool
// of read-only connections.
//
// # Decisions
//
// 2026-11-21: synchronous=FULL, not NORMAL: with WAL, NORMAL may lose the last
// commits when the machine loses power, and a record of an ended call must not
// be lost. The batch pays for it once per transaction.
//
// 2026-11-21: when a commit fails (disk full, I/O error), rows nobody waits for
// are kept and tried again every second, and the queue fills behind them: Full
// then keeps new calls away while those that are up go on. Waiting writers get
// the error at once.
//
// 2026-11-21: the queue refuses new calls (Full) at three quarters, so that the
// records of calls that are up still find room. A row that finds none is lost,
// counted and logged.
//
// 2026-11-21: one process per file, held by a lock on <file>.lock, because the
// caches know only our own writes.
//
// 2026-11-21: no foreign key leads from a call or a notification to an account:
// they must be written whatever happened to it meanwhile, and are read long after.
//
// 2026-11-21: the SQL keeps to what PostgreSQL understands too, apart from the
// "?" placeholders and the pragmas in open.go.
package store
