package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime/isolate"
)

// Values of SandboxConfig.Isolation: where a bot's script runs.
const (
	IsolationHost    = "host"    // in this process
	IsolationProcess = "process" // in a process of its own
)

const (
	// maxDeaths is how often a script's process may die over a message until that is
	// put aside.
	maxDeaths = 3
	// aloneFor is how long a message over which a process died is kept apart from
	// others of its kind when it is handled again.
	aloneFor = 10 * time.Second
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

// loadIsolated is loadScript for a script that gets a process of its own.
func loadIsolated(ctx context.Context, b *bot, state []byte) (script, error) {
	options, err := json.Marshal(moduleOptions(b.cfg))
	if err != nil {
		return nil, fmt.Errorf("pass on the options of modules: %w", err)
	}
	var names []string
	for _, m := range b.shared.Modules {
		names = append(names, m.Name())
	}
	sandbox, err := isolate.Load(ctx, isolate.Config{
		Name: b.cfg.Name, Script: b.cfg.Script, Host: b.host, Limits: b.cfg.Sandbox.limits(), State: state,
		Options: options, Names: names, Command: b.shared.SandboxCommand, Memory: b.cfg.Sandbox.ProcessMemory,
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

// diedOver counts a death of the script's process against the message that was being
// handled, and reports whether it is handled again. The others that were in work
// are counted too, for it isn't known which of them it was; see alone.
func (in *message) diedOver(err error) (again bool) {
	var died *isolate.DiedError
	if !errors.As(err, &died) {
		return false
	}
	in.deaths++
	return in.deaths < maxDeaths
}

// alone waits until a message over which a process died can be handled while no
// other such is: so that the next death is that of the right one.
func (ib *inbox) alone() (release func()) {
	select {
	case ib.suspect <- struct{}{}:
	case <-ib.accept.Done():
		return func() {}
	}
	var once sync.Once
	free := func() { once.Do(func() { <-ib.suspect }) }
	late := time.AfterFunc(aloneFor, free)
	return func() { late.Stop(); free() }
}
