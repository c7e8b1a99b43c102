package luabind

import (
	"context"
	"log/slog"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// longestLog is how many bytes one line of a script's log may have.
const longestLog = 16 << 10

// logTable makes ilink.log, which can be called and has a function for each
// level.
func (vm *VM) logTable() *lua.LTable {
	at := func(level slog.Level) lua.LGFunction {
		return func(L *lua.LState) int {
			vm.log(L, level, 1, " ")
			return 0
		}
	}
	t := vm.locked("ilink.log", vm.functions(map[string]lua.LGFunction{
		"debug": at(slog.LevelDebug),
		"info":  at(slog.LevelInfo),
		"warn":  at(slog.LevelWarn),
		"error": at(slog.LevelError),
	}))
	t.Metatable.(*lua.LTable).RawSetString("__call", vm.State().NewFunction(func(L *lua.LState) int {
		vm.log(L, slog.LevelInfo, 2, " ") // the first argument is the table
		return 0
	}))
	return t
}

// log writes the arguments from index n on to the log, joined with sep. What a
// handler wrote that is run again isn't written twice.
func (vm *VM) log(L *lua.LState, level slog.Level, n int, sep string) {
	if b := budgetOf(L); b != nil && b.run.journal.replaying() {
		return
	}
	var b strings.Builder
	for i := n; i <= L.GetTop() && b.Len() <= longestLog; i++ {
		if i > n {
			b.WriteString(sep)
		}
		b.WriteString(inspect(L, L.Get(i)))
	}
	text := b.String()
	if len(text) > longestLog {
		text = text[:longestLog] + "…"
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	vm.Block(L, func(ctx context.Context) { vm.host.Log(ctx, level, text) })
}
