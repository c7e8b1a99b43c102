package cli

import (
	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime/admin"
)

func newTimers() *cobra.Command {
	cmd := newList("List what the bots' scripts have scheduled, and when it comes", admin.ListTimers)
	cmd.Use = "timers"
	return cmd
}
