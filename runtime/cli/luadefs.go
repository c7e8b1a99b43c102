package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/luabind/library"
)

func newLuaDefs() *cobra.Command {
	return &cobra.Command{
		Use:   "lua-defs DIR",
		Short: "Teach your editor what scripts can use",
		Long: "lua-defs writes the definitions of all that scripts can use into DIR/.lua-defs, and tells the Lua\n" +
			"language server of them in DIR/.luarc.json, so that an editor completes names and shows what they\n" +
			"do. DIR is the folder that you open in the editor. Settings of yours stay as they are. Run it\n" +
			"again after an update of ilinkd.",
		Args: args(cobra.ExactArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			differs, err := library.Install(args[0])
			if err != nil {
				return err
			}
			for _, d := range differs {
				fmt.Fprintf(cmd.ErrOrStderr(), "in .luarc.json, %s; it was left as it is\n", d)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "wrote %s/.lua-defs, and %[1]s/.luarc.json tells the editor of it\n", args[0])
			return nil
		},
	}
}
