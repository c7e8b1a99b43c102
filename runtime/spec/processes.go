package spec

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime/isolate"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// InProcesses loads each bot into a process of its own, as [bot.sandbox] isolation =
// "process" does. command starts one; it is what [runtime.Config.SandboxCommand] is.
func InProcesses(command []string) world.Loader {
	return func(ctx context.Context, cfg luabind.Config, options modules.Options) (luabind.Script, error) {
		passed, err := json.Marshal(options)
		if err != nil {
			return nil, fmt.Errorf("pass on the options of modules: %w", err)
		}
		var names []string
		for _, m := range cfg.Modules {
			names = append(names, m.Name())
		}
		s, err := isolate.Load(ctx, isolate.Config{
			Name: cfg.Name, Script: cfg.Script, Host: cfg.Host, Limits: cfg.Limits, State: cfg.State,
			Options: passed, Names: names, Command: command,
			Outside: isolate.Outside{
				Now: cfg.Now, Entropy: cfg.Entropy, Coverage: cfg.Coverage,
				Transport: options.Transport, Pause: options.Pause,
			},
		})
		if err != nil {
			return nil, err // and no sandbox that is nil
		}
		return s, nil
	}
}
