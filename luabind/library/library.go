// Package library has the definitions of all that bots' scripts see, in the form
// that the Lua language server reads (https://luals.github.io/wiki/annotations).
// With them an editor completes names, shows what they do, and finds mistakes.
//
// They stand in for the language server's own definitions of Lua 5.1, which has
// much that scripts don't: its setting runtime.builtin turns those off.
//
// [Load] reads them for whatever needs to know the API: tests that compare it with
// what modules register, the checker, the reference.
package library

import "embed"

//go:generate go run ./apidoc ../../docs/api.md

// FS holds the definition files, all at its top: ilink.lua, message.lua and one
// for each library of Lua's.
//
//go:embed *.lua
var FS embed.FS
