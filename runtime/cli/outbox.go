package cli

import (
	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime/admin"
)

func newOutbox() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "outbox",
		Short: "Show and decide about what waits to be sent",
		Long: "outbox is about sends that wait: for the user to write, for the server, or, where they are held\n" +
			"since it is uncertain whether they arrived, for you. It works with and without a running ilinkd,\n" +
			"which notices within a second.",
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newList("List what is to be sent, and why it waits", admin.ListOutbox),
		newDecide("send ID...", "Have held sends sent", admin.SendOutbox),
		newDecide("drop ID...", "Drop sends that are queued or held", admin.DropOutbox),
	)
	return cmd
}
