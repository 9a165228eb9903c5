package script

import (
	"errors"
	"fmt"
	"time"
)

// Config limits what scripts may do.
type Config struct {
	// Folder holds the scripts; "": there are none.
	Folder string `toml:"folder"`
	// MaxSource is the largest script file, in bytes.
	MaxSource int64 `toml:"max_source_bytes"`
	// MaxInstructions may run between two waits of a script.
	MaxInstructions int64 `toml:"max_instructions"`
	// MaxTime may pass between two waits of a script.
	MaxTime time.Duration `toml:"max_time"`
	// MaxMemory is what a script may hold, in bytes, as far as it can be measured.
	MaxMemory int64 `toml:"max_memory_bytes"`
	// MaxString is the longest string a script can make, in bytes.
	MaxString int `toml:"max_string_bytes"`
	// Idle is how many Lua states are kept for the next calls.
	Idle int `toml:"idle_states"`
}

// Default is the configuration of a switch whose operator said nothing.
func Default() Config {
	return Config{
		MaxSource: 256 << 10, MaxInstructions: 5_000_000, MaxTime: 5 * time.Second,
		MaxMemory: 16 << 20, MaxString: 1 << 20, Idle: 64,
	}
}

// Validate names every value that cannot work.
func (c Config) Validate() error {
	var errs []error
	for _, v := range [...]struct {
		key   string
		value int64
	}{
		{"max_source_bytes", c.MaxSource},
		{"max_instructions", c.MaxInstructions},
		{"max_time", int64(c.MaxTime)},
		{"max_memory_bytes", c.MaxMemory},
		{"max_string_bytes", int64(c.MaxString)},
	} {
		if v.value <= 0 {
			errs = append(errs, fmt.Errorf("script.%s: must be positive", v.key))
		}
	}
	if c.Idle < 0 {
		errs = append(errs, errors.New("script.idle_states: must not be negative"))
	}
	return errors.Join(errs...)
}
