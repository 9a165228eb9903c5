package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tandem/conf"
)

type serveCommand struct {
	Config      string `type:"existingfile" placeholder:"FILE" help:"TOML file; conf/example.toml documents every key."`
	Data        string `placeholder:"DIR" help:"Directory of everything that outlives the process."`
	Credentials string `placeholder:"FILE" help:"File to write the first run's account, clients and demo numbers to as JSON, instead of printing them."`
}

// run serves until the context ends. What a newcomer needs goes to out.
func (s serveCommand) run(ctx context.Context, out io.Writer, environ []string) error {
	cfg, err := conf.Load(s.Config, environ)
	if err != nil {
		return err
	}
	if s.Data != "" {
		cfg.Data = s.Data
	}
	if cfg.Data, err = filepath.Abs(cfg.Data); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	err = run(ctx, cfg, cfg.Logger(), newGreeter(out, s.Credentials))
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
