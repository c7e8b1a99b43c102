package cli

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/dev"
)

// defaultListen is the simulator's address.
const defaultListen = "127.0.0.1:8787"

func newDev(logging newLogger) *cobra.Command {
	opts := dev.Options{}
	// What a script does to the folder that it is in, its author sees at once.
	opts.Allow.Files = []string{"."}
	var hosts []string
	cmd := &cobra.Command{
		Use:   "dev [script]",
		Short: "Try a script against a simulated server, no account needed",
		Long: "dev runs a simulated iLink server and a bot in one process. Each line you type is a message\n" +
			"to the bot, and its answers are printed; input from a pipe ends once all of it is answered.\n" +
			"A line such as file:cat.png sends a file. Without a script it runs scripts/echo.lua. Save the script\n" +
			"while it runs to change the bot. It may save files in its folder; what else [bot.allow] in\n" +
			"runtime.toml allows is said by --env and --http here.",
		Args: args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			switch opts.Sandbox.Isolation {
			case runtime.IsolationHost:
			case runtime.IsolationProcess:
				if opts.SandboxCommand, err = runtime.SandboxCommand(sandboxArg); err != nil {
					return err
				}
			default:
				return badIsolation(cmd, opts.Sandbox.Isolation)
			}
			opts.Script = "scripts/echo.lua"
			if len(args) > 0 {
				opts.Script = args[0]
			}
			if len(hosts) > 0 {
				opts.Allow.HTTP = append([]string{"*"}, hosts...)
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
	cmd.Flags().StringSliceVar(&opts.Allow.Env, "env", nil, "environment variables that the script may read, such as OPENAI_API_KEY")
	cmd.Flags().StringSliceVar(&hosts, "http", nil, "hosts that the script may ask beside public ones, such as localhost:11434")
	isolationFlag(cmd, &opts.Sandbox.Isolation)
	cmd.Flags().BoolVar(&opts.Serve, "serve", false, "run until interrupted, without reading the terminal")
	return cmd
}
