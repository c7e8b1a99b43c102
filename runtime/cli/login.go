package cli

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/login"
)

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
