package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/luabind/check"
	"github.com/ilinkd/ilinkd/runtime"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [path]...",
		Short: "Find mistakes in scripts without running them",
		Long: "check looks for mistakes in scripts: what is no Lua, misspelt names, functions that bots don't\n" +
			"have, calls with the wrong arguments, handlers that are never called. It reports what is certain,\n" +
			"one a line, as file:line:column: severity: message. Without paths it checks the folders of the\n" +
			"configuration's scripts, or the current folder if there is no configuration.\n\n" +
			"A comment ---@diagnostic disable-line, or disable-next-line above, says that a line is meant as it is.\n" +
			"The exit code is 1 if there are errors; warnings count with --strict only.",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	config := addConfigFlag(cmd)
	strict := cmd.Flags().Bool("strict", false, "let warnings count as errors")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		if len(paths) == 0 {
			var err error
			if paths, err = scriptFolders(*config, cmd.Flags().Changed("config")); err != nil {
				return err
			}
		}
		checker, err := check.New()
		if err != nil {
			return err
		}
		files, err := check.Scripts(paths...)
		if err != nil {
			return err
		}
		findings, err := checker.Files(files...)
		if err != nil {
			return err
		}
		if err := printFindings(cmd.OutOrStdout(), findings, *asJSON); err != nil {
			return err
		}
		if err := verdict(findings, *strict); err != nil {
			return err
		}
		if !*asJSON {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s, %s\n", counted(len(files), "file"), summary(findings))
		}
		return nil
	}
	return cmd
}

// scriptFolders returns the folders of a configuration's scripts. Without a file it
// is the current one, unless the file was asked for.
func scriptFolders(config string, asked bool) ([]string, error) {
	cfg, err := runtime.LoadConfig(config)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return []string{"."}, nil
	} else if err != nil {
		return nil, err
	}
	var folders []string
	for _, b := range cfg.Bots {
		if b.Script != "" && !slices.Contains(folders, filepath.Dir(b.Script)) {
			folders = append(folders, filepath.Dir(b.Script))
		}
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("%s names no scripts: name files or folders to be checked", config)
	}
	return folders, nil
}

func printFindings(out io.Writer, findings []check.Finding, asJSON bool) error {
	if asJSON {
		if findings == nil {
			findings = []check.Finding{}
		}
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(findings)
	}
	for _, f := range findings {
		if _, err := fmt.Fprintln(out, f); err != nil {
			return err
		}
	}
	return nil
}

// verdict is the error that findings make.
func verdict(findings []check.Finding, strict bool) error {
	for _, f := range findings {
		if f.Severity == check.Error || strict {
			return fmt.Errorf("check: %s", summary(findings))
		}
	}
	return nil
}

// summary says how many findings there are.
func summary(findings []check.Finding) string {
	if len(findings) == 0 {
		return "nothing found"
	}
	count := make(map[check.Severity]int)
	for _, f := range findings {
		count[f.Severity]++
	}
	return counted(count[check.Error], "error") + ", " + counted(count[check.Warning], "warning")
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
