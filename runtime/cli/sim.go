package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// quirkFlag and hostFlag are the flags of commands that run the simulator.
func quirkFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringSlice("quirk", nil, fmt.Sprintf("a way of the real server's that the simulator doesn't have by default: %v", ilinksim.Quirks()))
}

func hostFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringSlice("host", nil, "a host name, besides localhost, under which programs may use the simulator's control API")
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
	quirks, hosts := quirkFlag(cmd), hostFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		defer outliveReaders()()
		logger, err := logging(os.Stderr)
		if err != nil {
			return err
		}
		chosen, err := ilinksim.ParseQuirks(*quirks)
		if err != nil {
			return usageError{err, cmd.CommandPath()}
		}
		sim := ilinksim.NewUnstarted(ilinksim.WithLogger(logger), ilinksim.WithQuirks(chosen...), ilinksim.WithHosts(*hosts...))
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
