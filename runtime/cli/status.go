package cli

import (
	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/admin"
)

func newStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the bots are",
		Long: "status asks the running ilinkd how its bots are, and says what to do about those that need\n" +
			"attention. The exit code is 0 if all of them run, and 1 if one doesn't or ilinkd isn't running;\n" +
			"then it shows what waits in the store.",
		Args: args(cobra.NoArgs),
	}
	options := addAdminFlags(cmd, true)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := options(cmd)
		if err != nil {
			return err
		}
		return admin.Status(cmd.Context(), o)
	}
	return cmd
}

// addAdminFlags adds the flags that the commands on a store have in common, and
// returns what reads them.
func addAdminFlags(cmd *cobra.Command, withJSON bool) func(*cobra.Command) (admin.Options, error) {
	config := addConfigFlag(cmd)
	data := cmd.Flags().String("data", "", "data folder, such as that of \"ilinkd dev --data\", in place of a configuration")
	cmd.MarkFlagsMutuallyExclusive("config", "data")
	asJSON := new(bool)
	if withJSON {
		asJSON = cmd.Flags().Bool("json", false, "print JSON")
	}
	return func(cmd *cobra.Command) (admin.Options, error) {
		var cfg runtime.Config
		var err error
		if *data != "" {
			cfg.Data, cfg.Limits = *data, cfg.Limits.WithDefaults()
		} else {
			cfg, err = runtime.LoadConfig(*config)
		}
		return admin.Options{Config: cfg, Out: cmd.OutOrStdout(), JSON: *asJSON}, err
	}
}

func addBotFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("bot", "", "name of a bot (default: all)")
}
