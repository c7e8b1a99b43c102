package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

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
