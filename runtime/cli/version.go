package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(version string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  args(cobra.NoArgs),
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintln(cmd.OutOrStdout(), "ilinkd", versionText(version))
		},
	}
}

// versionText is the release's version, or what the Go tool knows of the build.
func versionText(version string) string {
	info, ok := debug.ReadBuildInfo()
	if version != "" || !ok {
		return version
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return info.Main.Version + revision
}
