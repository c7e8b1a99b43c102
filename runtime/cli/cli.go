// Package cli holds the commands and flags of ilinkd, a file for each command.
// What the commands do is in packages of their own.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime"
)

// Exit codes. A process that a second signal ends has exitSignal plus the
// signal's number, as a shell would say: 130 for SIGINT, 143 for SIGTERM.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128
)

// Main runs the command line args and returns the exit code. version is the
// release's, "" for a build that isn't one.
func Main(version string, args []string) int {
	if len(args) > 0 && args[0] == sandboxArg {
		return runtime.SandboxMain()
	}
	ctx, stop := withSignals(context.Background())
	defer stop()
	root := newRoot(version)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "ilinkd: %v\nRun \"%s --help\" for usage.\n", err, usage.command)
		return exitUsage
	}
	fmt.Fprintf(os.Stderr, "ilinkd: %v\n", err)
	return exitFailed
}

// sandboxArg has the program run one script, for another ilinkd that started it: a
// command that isn't listed, as it is of no use to people.
const sandboxArg = "sandbox-child"

// withSandbox has a configuration's scripts run in processes of this program, where
// they are to have their own.
func withSandbox(cfg *runtime.Config) (err error) {
	cfg.SandboxCommand, err = runtime.SandboxCommand(sandboxArg)
	return err
}

// Accepts returns the error of wrong use that a command line would end with, and
// does nothing else: documentation is tested with it.
func Accepts(args []string) error {
	root := newRoot("")
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// withSignals returns a context that SIGINT or SIGTERM ends: the first one asks
// for an orderly end. A second one ends the process at once; that is not left to
// the system, which spares the first process of a container.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		// Until the process ends: the orderly end may hang anywhere.
		number := exitFailed
		if sig, ok := (<-signals).(syscall.Signal); ok {
			number = exitSignal + int(sig)
		}
		os.Exit(number)
	}()
	return ctx, cancel
}

// usageError is a wrong use of the command line.
type usageError struct {
	error
	command string
}

// args wraps a check of arguments so that its errors count as wrong use.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err, cmd.CommandPath()}
		}
		return nil
	}
}

func newRoot(version string) *cobra.Command {
	root := &cobra.Command{
		Use:   "ilinkd",
		Short: "WeChat bots written in Lua",
		Long: "ilinkd runs WeChat bots whose behaviour is a Lua script: save the script, and the next\n" +
			"message meets the new version. \"ilinkd dev\" is the place to start; it needs no account.",
		Args:          args(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{err, cmd.CommandPath()} })
	root.CompletionOptions.HiddenDefaultCmd = false
	logging := addLogFlags(root)
	root.AddCommand(newDev(logging), newTest(), newRun(logging), newCheck(), newLuaDefs(), newLogin(), newStatus(), newInbox(), newOutbox(), newTimers(), newRecord(), newReplay(),
		newSim(logging), newVersion(version))
	return root
}

func addConfigFlag(cmd *cobra.Command) *string {
	config := cmd.Flags().String("config", "runtime.toml", "configuration file")
	cmd.MarkFlagFilename("config", "toml")
	return config
}
