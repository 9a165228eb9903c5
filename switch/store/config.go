package store

import (
	"errors"
	"fmt"
	"time"
)

// Config says where the state is and how it is written.
type Config struct {
	Path    string        `toml:"-"`       // the database file; its directory must exist
	Queue   int           `toml:"queue"`   // rows that may wait for the disk
	Batch   int           `toml:"batch"`   // rows in one transaction, at most
	Delay   time.Duration `toml:"delay"`   // how long a row waits for company
	Readers int           `toml:"readers"` // connections that read
	Busy    time.Duration `toml:"busy"`    // how long to wait for another program's lock on the file
	Region  string        `toml:"-"`       // ISO 3166 country that national numbers are read in
}

// Default is a configuration for everything but the path.
func Default() Config {
	return Config{Queue: 65536, Batch: 500, Delay: 20 * time.Millisecond, Readers: 4, Busy: 5 * time.Second, Region: "US"}
}

// Validate names every mistake.
func (c Config) Validate() error {
	var errs []error
	if c.Queue < 64 {
		errs = append(errs, fmt.Errorf("store.queue: %d is less than 64", c.Queue))
	}
	if c.Batch < 1 {
		errs = append(errs, fmt.Errorf("store.batch: %d is less than 1", c.Batch))
	}
	if c.Delay < 0 || c.Delay > time.Second {
		errs = append(errs, fmt.Errorf("store.delay: %v is not between 0 and 1s", c.Delay))
	}
	if c.Readers < 1 {
		errs = append(errs, fmt.Errorf("store.readers: %d is less than 1", c.Readers))
	}
	if c.Busy <= 0 {
		errs = append(errs, errors.New("store.busy: must be positive"))
	}
	return errors.Join(errs...)
}
