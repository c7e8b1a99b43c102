package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime/isolate"
)

// Values of SandboxConfig.Isolation: where a bot's script runs.
const (
	IsolationHost    = "host"    // in this process
	IsolationProcess = "process" // in a process of its own
)

// SandboxMain is what a process for a script does, in place of all else: it returns
// the exit code when the program that started it needs it no more. A program that
// embeds this one calls it where [Config.SandboxCommand] leads, with the modules
// that it has in [Config.Modules]:
//
//	if len(os.Args) > 1 && os.Args[1] == "sandbox" {
//		os.Exit(runtime.SandboxMain(modules...))
//	}
func SandboxMain(extra ...luabind.Module) int {
	return isolate.Main(func(options json.RawMessage, outside isolate.Outside) ([]luabind.Module, error) {
		var o modules.Options
		if err := json.Unmarshal(options, &o); err != nil {
			return nil, fmt.Errorf("read the options of modules: %w", err)
		}
		o.Transport, o.Pause = outside.Transport, outside.Pause
		return slices.Concat(modules.Standard(o), extra), nil
	})
}

// SandboxCommand is a [Config.SandboxCommand] that starts this very program, with
// arg as its first argument.
func SandboxCommand(arg string) ([]string, error) { return isolate.Command(arg) }

// loadScript loads a bot's script with the state that the generation before has
// left, nil for none.
func loadScript(ctx context.Context, b *bot, state []byte) (luabind.Script, error) {
	if b.cfg.Sandbox.Isolation == IsolationProcess {
		return loadIsolated(ctx, b, state)
	}
	sandbox, err := luabind.Load(ctx, luabind.Config{
		Name: b.cfg.Name, Script: b.cfg.Script, Host: b.host,
		Modules: modulesOf(b.shared.cfg, b.cfg), Limits: b.cfg.Sandbox.limits(), State: state,
		Watchdog: b.shared.watchdog,
	})
	if err != nil {
		return nil, err // and no script that is nil
	}
	return sandbox, nil
}

// loadIsolated is loadScript for a script that gets a process of its own.
func loadIsolated(ctx context.Context, b *bot, state []byte) (luabind.Script, error) {
	options, err := json.Marshal(moduleOptions(b.cfg))
	if err != nil {
		return nil, fmt.Errorf("pass on the options of modules: %w", err)
	}
	var names []string
	for _, m := range b.shared.cfg.Modules {
		names = append(names, m.Name())
	}
	sandbox, err := isolate.Load(ctx, isolate.Config{
		Name: b.cfg.Name, Script: b.cfg.Script, Host: b.host, Limits: b.cfg.Sandbox.limits(), State: state,
		Options: options, Names: names, Command: b.shared.cfg.SandboxCommand, Memory: b.cfg.Sandbox.ProcessMemory,
		OnDeath: func(error) { b.stats.update(func(s *Status) { s.Deaths++ }) },
		Logger:  b.log,
	})
	if err != nil {
		return nil, err // and no script that is nil
	}
	return sandbox, nil
}

// checkIsolation finds the bots that want processes where none can be started.
func (c *Config) checkIsolation(bots []BotConfig) error {
	if len(c.SandboxCommand) > 0 {
		return nil
	}
	var errs []error
	for _, b := range bots {
		if b.Sandbox.Isolation == IsolationProcess {
			errs = append(errs, &ConfigError{Key: "bot.sandbox.isolation", Message: fmt.Sprintf(
				"bot %q is to have a process of its own, and this program can't start one: it has to set Config.SandboxCommand", b.Name)})
		}
	}
	return errors.Join(errs...)
}
