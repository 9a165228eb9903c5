package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"github.com/prometheus/client_golang/prometheus"
)

// applicationID marks the file as ours: "TNDM".
const applicationID = 0x544e444d

// Store is the open state. Its methods may be called from any goroutine.
type Store struct {
	cfg     Config
	log     *slog.Logger
	lock    *os.File
	readers *sql.DB
	writer  *writer
	cache   cache
}

// Open takes the file, brings its schema up to date, reads what is kept in
// memory and starts the writer. Errors name the file and what to do about it.
func Open(ctx context.Context, cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	s := &Store{cfg: cfg, log: log}
	lock, err := takeLock(cfg.Path)
	if err != nil {
		return nil, err
	}
	s.lock = lock
	if err := s.open(ctx, reg); err != nil {
		return nil, errors.Join(explain(cfg.Path, err), s.lock.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, reg prometheus.Registerer) error {
	if err := checkHeader(s.cfg.Path); err != nil {
		return err
	}
	db, err := dial(s.cfg, false)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.readers, err = dial(s.cfg, true)
	if err != nil {
		return errors.Join(err, conn.Close(), db.Close())
	}
	// Random SIDs touch many pages of an index: a long log writes each back less often. 32 MiB: 18 to 12 us a row.
	if _, err := conn.ExecContext(ctx, "PRAGMA wal_autocheckpoint = 8000"); err != nil {
		return errors.Join(err, s.readers.Close(), conn.Close(), db.Close())
	}
	s.writer = newWriter(s.cfg, db, conn, s.log, reg)
	s.writer.start() //nolint:contextcheck // it outlives the call that opens
	return nil
}

func (s *Store) prepare(ctx context.Context, db *sql.DB) error {
	if err := checkOwner(ctx, db); err != nil {
		return err
	}
	if err := migrate(ctx, db); err != nil {
		return err
	}
	return s.cache.load(ctx, db, s.cfg.Region)
}

// Close writes what is queued and gives the file back.
func (s *Store) Close() error {
	err := s.writer.stop()
	return errors.Join(err, s.readers.Close(), s.lock.Close())
}

// dial opens a pool on the file: one connection that writes, or several that only read.
func dial(cfg Config, readOnly bool) (*sql.DB, error) {
	q := url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"on"},
		"_busy_timeout": {fmt.Sprint(cfg.Busy.Milliseconds())},
		"_txlock":       {"immediate"},
		"_cache_size":   {"-16384"}, // KiB
	}
	n := 1
	if readOnly {
		n = cfg.Readers
		q = url.Values{"_query_only": {"on"}, "_busy_timeout": q["_busy_timeout"]}
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: cfg.Path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// takeLock holds the file for this process alone. The lock goes with the process, however that ends.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state: %w; the data directory must exist and be writable", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		_ = f.Close()
		return nil, fmt.Errorf("state: %s is in use by another tandem process (pid %s): "+
			"stop that one, or give this one a data directory of its own", path, strings.TrimSpace(string(holder)))
	}
	if err := f.Truncate(0); err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("state: write %s.lock: %w", path, err), f.Close())
		}
	}
	return f, nil
}

var (
	errNotSQLite = errors.New("not an SQLite database")
	errForeign   = errors.New("a database of another program")
	errNewer     = errors.New("written by a newer version")
)

// checkHeader looks at the first bytes, because SQLite would take some foreign
// files for empty ones. A new file is made here: it holds tokens and hashes of
// passwords, and SQLite would let everybody read it. The files beside it take its mode over.
func checkHeader(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	head, err := io.ReadAll(io.LimitReader(f, 16))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if len(head) > 0 && !bytes.Equal(head, []byte("SQLite format 3\x00")) {
		return errNotSQLite
	}
	return nil
}

// checkOwner refuses a database that has tables and is not ours, and marks a new one.
func checkOwner(ctx context.Context, db *sql.DB) error {
	var id, tables int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return fmt.Errorf("read application_id: %w", err)
	}
	if id == applicationID {
		return nil
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return fmt.Errorf("count tables: %w", err)
	}
	if id != 0 || tables > 0 {
		return errForeign
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return fmt.Errorf("mark the file: %w", err)
	}
	return nil
}

// explain turns what SQLite says into what a person can act on.
func explain(path string, err error) error {
	advice := ""
	var e sqlite3.Error
	switch {
	case errors.Is(err, errNotSQLite), errors.Is(err, errForeign):
		advice = "move it away, or choose another data directory"
	case errors.Is(err, errNewer):
		advice = "run that version, or restore a backup made before it"
	case !errors.As(err, &e):
	case e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB:
		advice = "it is damaged: restore a backup, or save what is left with `sqlite3 FILE .recover` and start with a new file"
	case e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked:
		advice = "another program holds a lock on it: close that program"
	case e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrPerm || e.Code == sqlite3.ErrCantOpen:
		advice = "the file and its directory must be writable by this user"
	case e.Code == sqlite3.ErrFull:
		advice = "the disk is full"
	}
	if advice == "" {
		return fmt.Errorf("state: %s: %w", path, err)
	}
	return fmt.Errorf("state: %s: %w; %s", path, err, advice)
}
