package cli

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime/termlog"
)

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
			return slog.New(termlog.NewJSON(w, l)), nil
		}
		return nil, usageError{fmt.Errorf("--log-format %q is neither text nor json", *format), root.Name()}
	}
}

type newLogger = func(io.Writer) (*slog.Logger, error)
