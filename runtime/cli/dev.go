package cli

import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/dev"
)

// defaultListen is the simulator's address.
const defaultListen = "127.0.0.1:8787"

func newDev(logging newLogger) *cobra.Command {
	opts := dev.Options{}
	// What a script does to the folder that it is in, its author sees at once.
	opts.Allow.Files = []string{"."}
	opts.Allow.FilesBytes = math.MaxInt64 // whatever else its author has there
	var hosts []string
	var quirks, names *[]string
	cmd := &cobra.Command{
		Use:   "dev [script]",
		Short: "Try a script against a simulated server, no account needed",
		Long: "dev runs a simulated iLink server and a bot in one process. Each line you type is a message\n" +
			"to the bot, and its answers are printed. A line such as file:cat.png sends a file; a name with spaces\n" +
			"stands in quotation marks. Without a script it runs scripts/echo.lua. Save the script while it runs\n" +
			"to change the bot.\n\n" +
			"Input from a pipe ends once all of it is answered, and what comes by itself within --wait has come.\n" +
			"Its answers are printed as they are, with --transcript as in a terminal.\n\n" +
			"The script may save files in its folder, and these stay. What it keeps otherwise (kv, timers, dialogues)\n" +
			"is gone at the end, unless --data names a folder for it. What else [bot.allow] in runtime.toml allows\n" +
			"is said by --env and --http here; at the end dev says what runtime.toml needs.\n\n" +
			"Time can't be moved here: to try what comes in an hour or each Saturday, write a spec\n" +
			"(\"ilinkd test\"), which has a clock of its own.",
		Args: args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			defer outliveReaders()()
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
			if opts.Quirks, err = ilinksim.ParseQuirks(*quirks); err != nil {
				return usageError{err, cmd.CommandPath()}
			}
			opts.Hosts = *names
			if opts.Wait < 0 {
				return usageError{fmt.Errorf("--wait %v is negative", opts.Wait), cmd.CommandPath()}
			}
			opts.FreePort = !cmd.Flags().Changed("listen")
			shown := term.IsTerminal(int(os.Stdout.Fd()))
			terminal := !opts.Serve && shown && term.IsTerminal(int(os.Stdin.Fd()))
			if !cmd.Flags().Changed("transcript") {
				opts.Transcript = shown // somebody reads it
			}
			opts.Transcript = opts.Transcript && !terminal
			if terminal && !cmd.Flags().Changed("wait") {
				opts.Wait = 0 // whoever ends it by hand has waited
			}
			opts.In, opts.Screen = os.Stdin, dev.NewScreen(os.Stdout, os.Stderr, terminal)
			if opts.Logger, err = logging(opts.Screen.Log()); err != nil {
				return err
			}
			return dev.Run(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Listen, "listen", defaultListen, "address of the simulator")
	quirks, names = quirkFlag(cmd), hostFlag(cmd)
	cmd.Flags().StringVar(&opts.Data, "data", "", "folder for state (default: one that is removed at the end)")
	cmd.Flags().StringSliceVar(&opts.Allow.Env, "env", nil, "environment variables that the script may read, such as OPENAI_API_KEY")
	cmd.Flags().StringSliceVar(&hosts, "http", nil, "hosts that the script may ask beside public ones, such as localhost:11434")
	cmd.Flags().DurationVar(&opts.Wait, "wait", 10*time.Second, "how long the end of piped input waits for timers and handlers that sleep")
	cmd.Flags().BoolVar(&opts.Transcript, "transcript", false, "print what was said, too, as in a terminal")
	isolationFlag(cmd, &opts.Sandbox.Isolation)
	cmd.Flags().BoolVar(&opts.Serve, "serve", false, "run until interrupted, without reading the terminal")
	return cmd
}
