// Command ilinkd runs WeChat bots written in Lua.
package main

import (
	"os"

	"github.com/ilinkd/ilinkd/runtime/cli"
)

// version is set by the linker for releases.
var version string

func main() { os.Exit(cli.Main(version, os.Args[1:])) }
