// Command apidoc writes the reference of the Lua API from the definitions:
//
//	go generate ./luabind/library
package main

import (
	"fmt"
	"os"

	"github.com/ilinkd/ilinkd/luabind/library"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "apidoc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: apidoc FILE")
	}
	defs, err := library.Load()
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[0], reference(defs), 0o644); err != nil {
		return fmt.Errorf("write the reference: %w", err)
	}
	return nil
}
