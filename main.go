// Command ilinkd runs WeChat bots written in Lua.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/dev"
	"github.com/ilinkd/ilinkd/runtime/login"
	"github.com/ilinkd/ilinkd/runtime/termlog"
)

// version is set by the linker for releases.
var version string

// Exit codes.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// defaultListen is the simulator's address.
const defaultListen = "127.0.0.1:8787"

func main() { os.Exit(run(os.Args[1:])) }

// run runs the command and returns its exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks for an orderly end; the second one ends it at once.
	context.AfterFunc(ctx, stop)

	root := newRoot()
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

func newRoot() *cobra.Command {
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
	root.AddCommand(newDev(logging), newRun(logging), newLogin(), newSim(logging), newVersion())
	return root
}

// addLogFlags adds the flags for logging and returns what makes the logger.
func addLogFlags(root *cobra.Command) func(w io.Writer) (*slog.Logger, error) {
	level := root.PersistentFlags().String("log-level", "info", "least severe log lines to show: debug, info, warn, error")
	format := root.PersistentFlags().String("log-format", "text", "form of log lines: text or json")
	root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	root.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return func(w io.Writer) (*slog.Logger, error) {
		var l slog.Level
		if err := l.UnmarshalText([]byte(*level)); err != nil {
			return nil, usageError{fmt.Errorf("--log-level %q is none of debug, info, warn, error", *level), root.Name()}
		}
		switch *format {
		case "text":
			return slog.New(termlog.New(w, l)), nil
		case "json":
			return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), nil
		}
		return nil, usageError{fmt.Errorf("--log-format %q is neither text nor json", *format), root.Name()}
	}
}

type newLogger = func(io.Writer) (*slog.Logger, error)

func newDev(logging newLogger) *cobra.Command {
	opts := dev.Options{}
	cmd := &cobra.Command{
		Use:   "dev [script]",
		Short: "Try a script against a simulated server, no account needed",
		Long: "dev runs a simulated iLink server and a bot in one process. Each line you type is a message\n" +
			"to the bot, and its answers are printed; input from a pipe ends once all of it is answered.\n" +
			"Without a script it runs scripts/echo.lua. Save the script while it runs to change the bot.",
		Args: args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			opts.Script = "scripts/echo.lua"
			if len(args) > 0 {
				opts.Script = args[0]
			}
			opts.FreePort = !cmd.Flags().Changed("listen")
			terminal := !opts.Serve && term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
			opts.In, opts.Screen = os.Stdin, dev.NewScreen(os.Stdout, os.Stderr, terminal)
			if opts.Logger, err = logging(opts.Screen.Log()); err != nil {
				return err
			}
			return dev.Run(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Listen, "listen", defaultListen, "address of the simulator")
	cmd.Flags().StringVar(&opts.Data, "data", "", "folder for state (default: one that is removed at the end)")
	cmd.Flags().BoolVar(&opts.Serve, "serve", false, "run until interrupted, without reading the terminal")
	return cmd
}

func newRun(logging newLogger) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the bots of a configuration",
		Long:  "run runs the bots of a configuration until it is interrupted.",
		Args:  args(cobra.NoArgs),
	}
	config := addConfigFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		logger, err := logging(os.Stderr)
		if err != nil {
			return err
		}
		cfg, err := runtime.LoadConfig(*config)
		if err != nil {
			return err
		}
		cfg.Logger = logger
		rt, err := runtime.New(cfg)
		if err != nil {
			return err
		}
		return rt.Run(cmd.Context())
	}
	return cmd
}

func newLogin() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "login --bot NAME",
		Short: "Log a bot in by QR code",
		Long:  "login shows a QR code to scan with WeChat and keeps the token for the bot. A bot that runs\ntakes the new token by itself.",
		Args:  args(cobra.NoArgs),
	}
	config := addConfigFlag(cmd)
	bot := cmd.Flags().String("bot", "", "name of the bot in the configuration")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *bot == "" {
			return usageError{errors.New("--bot is missing: which bot shall log in?"), cmd.CommandPath()}
		}
		cfg, err := runtime.LoadConfig(*config)
		if err != nil {
			return err
		}
		return login.Run(cmd.Context(), login.Options{Config: cfg, Bot: *bot, In: os.Stdin, Out: os.Stdout})
	}
	return cmd
}

func newSim(logging newLogger) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run the simulated server alone",
		Long: "sim runs the simulated iLink server, with its CDN and its control API below /sim/, until it is\n" +
			"interrupted. Any iLink client can talk to it.",
		Args: args(cobra.NoArgs),
	}
	listen := cmd.Flags().String("listen", defaultListen, "address to listen on")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		logger, err := logging(os.Stderr)
		if err != nil {
			return err
		}
		sim := ilinksim.NewUnstarted(ilinksim.WithLogger(logger))
		if err := sim.Start(*listen); err != nil {
			return fmt.Errorf("start the simulator: %w", err)
		}
		defer sim.Close()
		fmt.Printf("simulator at %s, CDN at %s\n", sim.URL, sim.CDNURL)
		<-cmd.Context().Done()
		return nil
	}
	return cmd
}

func addConfigFlag(cmd *cobra.Command) *string {
	config := cmd.Flags().String("config", "runtime.toml", "configuration file")
	cmd.MarkFlagFilename("config", "toml")
	return config
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  args(cobra.NoArgs),
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintln(cmd.OutOrStdout(), "ilinkd", versionText())
		},
	}
}

// versionText is the release's version, or what the Go tool knows of the build.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if version != "" || !ok {
		return version
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return info.Main.Version + revision
}
