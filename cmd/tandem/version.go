package main

import (
	"fmt"
	"io"
	"runtime"
)

// version is set by the linker; see the Makefile.
var version = "unknown"

type versionCommand struct{}

func (versionCommand) run(w io.Writer) error {
	_, err := fmt.Fprintf(w, "tandem %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
