package modules_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
)

// BenchmarkIdle measures the memory of a bot with the standard modules and a script of
// some hundred lines that does nothing.
func BenchmarkIdle(b *testing.B) {
	const bots = 100
	path := filepath.Join(b.TempDir(), "bot.lua")
	command := `
commands[#commands + 1] = function(msg, rest)
  local words = {}
  for word in rest:gmatch("%S+") do
    table.insert(words, word)
  end
  if #words == 0 then return "nothing to do" end
  return table.concat(words, " ") .. " from " .. msg.from
end
`
	script := "local commands = {}\n" + strings.Repeat(command, 12) + "function on_message(msg) return msg:reply(commands[1](msg, msg.text)) end\n"
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		before := inUse()
		all := make([]*luabind.Sandbox, bots)
		for i := range all {
			s, err := luabind.Load(context.Background(), luabind.Config{
				Script: path, Host: struct{ luabind.Host }{}, Modules: modules.Standard(modules.Options{}),
			})
			if err != nil {
				b.Fatal(err)
			}
			all[i] = s
		}
		b.ReportMetric(float64(inUse()-before)/bots/1024, "KiB/bot")
		if p := os.Getenv("HEAPPROF"); p != "" {
			f, _ := os.Create(p)
			pprof.Lookup("heap").WriteTo(f, 0)
			f.Close()
		}
		for _, s := range all {
			s.Close(context.Background())
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
