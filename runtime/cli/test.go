package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/spec"
)

// testFlags are the flags of the command test.
type testFlags struct {
	run            string
	verbose, watch bool
	cover          bool
	coverProfile   string
	junit          string
	parallel       int
	isolation      string
	zone           string
}

func newTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [path...]",
		Short: "Run the specs of scripts",
		Long: "test runs specs, files named like echo_spec.lua: they load a bot, play its users and say what is\n" +
			"expected of it, in memory and with a clock of their own. Paths are files and folders; without any it\n" +
			"is the folder scripts, or this one if there is none. It ends with 1 if a case fails.",
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := setZone(f.zone); err != nil {
				return usageError{err, cmd.CommandPath()}
			}
			opts := spec.Options{Parallel: f.parallel}
			switch f.isolation {
			case runtime.IsolationHost:
			case runtime.IsolationProcess:
				command, err := runtime.SandboxCommand(sandboxArg)
				if err != nil {
					return err
				}
				opts.Load = spec.InProcesses(command)
			default:
				return badIsolation(cmd, f.isolation)
			}
			if f.run != "" {
				re, err := regexp.Compile(f.run)
				if err != nil {
					return usageError{fmt.Errorf("--run: %w", err), cmd.CommandPath()}
				}
				opts.Match = re
			}
			if len(paths) == 0 {
				paths = []string{"."}
				if info, err := os.Stat("scripts"); err == nil && info.IsDir() {
					paths = []string{"scripts"}
				}
			}
			if !f.watch {
				return f.test(cmd.Context(), paths, opts)
			}
			return spec.Watch(cmd.Context(), paths, func() error {
				if err := f.test(cmd.Context(), paths, opts); err != nil && cmd.Context().Err() == nil {
					fmt.Fprintf(os.Stdout, "%v\n", err)
				}
				fmt.Fprintln(os.Stdout, "waiting for changes …")
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.run, "run", "", "regular expression: run only the cases whose names it matches")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show each case, and what it printed")
	flags.BoolVar(&f.watch, "watch", false, "run again whenever a script or spec changes")
	flags.BoolVar(&f.cover, "cover", false, "show which lines of the scripts ran")
	flags.StringVar(&f.coverProfile, "coverprofile", "", "write the lines that ran to a file, as LCOV")
	flags.StringVar(&f.junit, "junit", "", "write a report as JUnit's XML to a file")
	flags.IntVar(&f.parallel, "parallel", 0, "how many files to run at a time (default: one for each processor)")
	flags.StringVar(&f.zone, "zone", "UTC", "the local time zone of bots and specs: a name such as Asia/Shanghai, or Local for this computer's")
	isolationFlag(cmd, &f.isolation)
	return cmd
}

// setZone makes a time zone the local one, for this process, which does nothing but the
// tests, and for those of its bots: a spec shall hold wherever it is run.
func setZone(name string) error {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return fmt.Errorf("--zone: there is no time zone %q; zones are named as in Asia/Shanghai", name)
	}
	time.Local = loc
	if name == "Local" {
		return nil
	}
	return os.Setenv("TZ", name)
}

// test runs the specs once.
func (f *testFlags) test(ctx context.Context, paths []string, opts spec.Options) error {
	files, err := spec.Find(paths...)
	if err != nil {
		return err
	}
	if f.cover || f.coverProfile != "" {
		opts.Coverage = new(luabind.Coverage)
	}
	printer := &spec.Printer{W: os.Stdout, Verbose: f.verbose}
	opts.Done = printer.File
	report, err := spec.Run(ctx, files, opts)
	if err != nil {
		return err
	}
	n := report.Counts()
	if n == (spec.Counts{}) {
		return fmt.Errorf("no case has a name that matches %q", f.run)
	}
	printer.Summary(report)
	if f.cover {
		spec.PrintCoverage(os.Stdout, opts.Coverage)
	}
	if err := errors.Join(
		toFile(f.coverProfile, func(w io.Writer) error { return spec.WriteCoverage(w, opts.Coverage) }),
		toFile(f.junit, report.WriteJUnit),
	); err != nil {
		return err
	}
	switch n.Failed {
	case 0:
		return nil
	case 1:
		return errors.New("1 case failed")
	}
	return fmt.Errorf("%d cases failed", n.Failed)
}

// isolationFlag adds the flag that says where scripts run.
func isolationFlag(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVar(value, "isolation", runtime.IsolationHost,
		"where scripts run: host, or process for each in a process of its own, as [bot.sandbox] isolation says it")
}

func badIsolation(cmd *cobra.Command, value string) error {
	return usageError{fmt.Errorf("--isolation is %q: it is host or process", value), cmd.CommandPath()}
}

// toFile writes a file, if it has a name.
func toFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	w, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(w), w.Close())
}
