// Command tandem is a SIP softswitch: one process that takes calls from
// carriers, phones and browsers and runs them as programs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tandem/cmd/bench"
)

// commandLine is what `tandem --help` shows.
type commandLine struct {
	Serve   serveCommand   `cmd:"" help:"Run the switch."`
	Check   checkCommand   `cmd:"" help:"Check a configuration and print what is wrong with it."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Bench   struct {
		SIP   bench.SIP   `cmd:"" name:"sip" help:"Place calls through a running switch and print what they cost."`
		Media bench.Media `cmd:"" help:"Send RTP through a running switch and print what it costs."`
	} `cmd:"" help:"Measure a running switch."`
}

func main() {
	os.Exit(command(os.Args[1:], os.Environ()))
}

// mistaken is the command whose usage was wrong, as far as it is known.
func mistaken(err error) string {
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context != nil && e.Context.Command() != "" {
		return "tandem " + e.Context.Command()
	}
	return "tandem"
}

// command runs one command line and returns the exit code: 1 for a failure, 2 for wrong usage.
func command(args, environ []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var line commandLine
	parser, err := kong.New(&line, kong.Name("tandem"), kong.Description("A SIP softswitch that runs calls as programs."))
	if err != nil {
		panic(err) // the struct above is at fault, whatever the arguments
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "tandem: %v\nRun \"%s --help\" for what there is.\n", err, mistaken(err))
		return 2
	}
	switch parsed.Command() {
	case "bench sip":
		err = line.Bench.SIP.Run(ctx, os.Stdout)
	case "bench media":
		err = line.Bench.Media.Run(ctx, os.Stdout)
	case "check":
		err = line.Check.run(os.Stdout, environ)
	case "version":
		err = line.Version.run(os.Stdout)
	default:
		err = line.Serve.run(ctx, os.Stdout, environ)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "tandem:", strings.ReplaceAll(err.Error(), "\n", "\ntandem: "))
		return 1
	}
	return 0
}
