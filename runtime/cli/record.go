package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/admin"
	"github.com/ilinkd/ilinkd/runtime/spec"
)

func newRecord() *cobra.Command {
	var what admin.RecordOptions
	var since time.Duration
	var output string
	cmd := &cobra.Command{
		Use:   "record --bot NAME",
		Short: "Write a real conversation to a file that specs can replay",
		Long: "record writes what a bot and its users said to each other, as far as the store still has it: when,\n" +
			"texts, and the names of files. Users get other names; tokens and keys are left out. Texts are as they\n" +
			"were: read the file before you hand it on.",
		Args: args(cobra.NoArgs),
	}
	config := addConfigFlag(cmd) // it says what must not be in a recording
	cmd.Flags().StringVar(&what.Bot, "bot", "", "name of the bot")
	cmd.Flags().StringVar(&what.User, "user", "", "id of the user (default: all)")
	cmd.Flags().DurationVar(&since, "since", 24*time.Hour, "how long ago it begins")
	cmd.Flags().BoolVar(&what.KeepIDs, "keep-ids", false, "leave the users' ids as they are")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: the terminal)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if what.Bot == "" {
			return usageError{errors.New("--bot is missing: whose conversation?"), cmd.CommandPath()}
		}
		cfg, err := runtime.LoadConfig(*config)
		if err != nil {
			return err
		}
		what.To = time.Now().Add(time.Minute)
		what.From = time.Now().Add(-since)
		var recording bytes.Buffer
		if err := admin.Record(cmd.Context(), admin.Options{Config: cfg}, what, &recording); err != nil {
			return err
		}
		if output != "" {
			return os.WriteFile(output, recording.Bytes(), 0o600)
		}
		_, err = recording.WriteTo(cmd.OutOrStdout())
		return err
	}
	return cmd
}

func newReplay() *cobra.Command {
	return &cobra.Command{
		Use:   "replay FILE [script]",
		Short: "Play a recording to a script, and compare its answers",
		Long: "replay has the users of a recording say again what they said, to the script that it was made with or\n" +
			"another, in memory. It ends with 1 and shows the difference if the bot answers something else.",
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			script := ""
			if len(args) > 1 {
				script = args[1]
			}
			difference, err := spec.Replay(cmd.Context(), args[0], script, spec.Options{})
			if difference != "" {
				fmt.Fprintln(cmd.OutOrStdout(), difference)
				err = errors.Join(errors.New("the bot answers something else"), err)
			}
			return err
		},
	}
}
