package main

import (
	"fmt"
	"io"

	"tandem/conf"
)

type checkCommand struct {
	Config string `type:"existingfile" placeholder:"FILE" help:"TOML file to check. Without one, defaults and environment are checked."`
}

// run loads the configuration as serve would; the error names every mistake.
func (c checkCommand) run(w io.Writer, environ []string) error {
	if _, err := conf.Load(c.Config, environ); err != nil {
		return err
	}
	said := c.Config + " is good"
	if c.Config == "" {
		said = "the defaults and the environment are good"
	}
	_, err := fmt.Fprintln(w, said)
	return err
}
