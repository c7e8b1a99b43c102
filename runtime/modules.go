package runtime

import (
	"os"
	"slices"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

// modulesOf are the Lua modules of a bot: those that all have, as far as it may use
// them, and the embedding program's.
func modulesOf(shared *Config, cfg BotConfig) []luabind.Module {
	return slices.Concat(modules.Standard(moduleOptions(cfg)), shared.Modules)
}

// moduleOptions are what [bot.allow] says, and what it means now.
func moduleOptions(cfg BotConfig) modules.Options {
	o := modules.Options{Env: map[string]*string{}, HTTP: http.Options{Allow: cfg.Allow.HTTP}}
	for _, name := range cfg.Allow.Env {
		o.Env[name] = nil
		if value, set := os.LookupEnv(name); set {
			o.Env[name] = &value
		}
	}
	return o
}
