package registrar

import (
	"errors"
	"fmt"
	"time"
)

// Config holds the limits of a registrar.
type Config struct {
	MinExpires     time.Duration `toml:"min_expires"`     // a shorter wish is answered 423 with Min-Expires
	MaxExpires     time.Duration `toml:"max_expires"`     // a longer wish is cut to this
	DefaultExpires time.Duration `toml:"default_expires"` // when neither the contact nor an Expires header says
	MaxContacts    int           `toml:"max_contacts"`    // bindings of one AOR
	MaxBindings    int           `toml:"max_bindings"`    // bindings of all AORs together
}

// Default is what a switch without configuration uses.
func Default() Config {
	return Config{
		MinExpires:     60 * time.Second,
		MaxExpires:     2 * time.Hour,
		DefaultExpires: time.Hour,
		MaxContacts:    10,
		MaxBindings:    500_000,
	}
}

// Validate names every value that makes no sense.
func (c Config) Validate() error {
	var errs []error
	if c.MinExpires < time.Second {
		errs = append(errs, fmt.Errorf("registrar.min_expires: %v is shorter than a second", c.MinExpires))
	}
	if c.MinExpires > time.Hour { // RFC 3261 §10.3: 423 only for wishes shorter than an hour
		errs = append(errs, fmt.Errorf("registrar.min_expires: %v is longer than an hour", c.MinExpires))
	}
	if c.MaxExpires < c.MinExpires {
		errs = append(errs, fmt.Errorf("registrar.max_expires: %v is below min_expires %v", c.MaxExpires, c.MinExpires))
	}
	if c.DefaultExpires < c.MinExpires || c.DefaultExpires > c.MaxExpires {
		errs = append(errs, fmt.Errorf("registrar.default_expires: %v is outside %v to %v", c.DefaultExpires, c.MinExpires, c.MaxExpires))
	}
	if c.MaxContacts < 1 {
		errs = append(errs, fmt.Errorf("registrar.max_contacts: %d is not positive", c.MaxContacts))
	}
	if c.MaxBindings < 1 {
		errs = append(errs, fmt.Errorf("registrar.max_bindings: %d is not positive", c.MaxBindings))
	}
	return errors.Join(errs...)
}
