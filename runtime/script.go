package runtime

import (
	"context"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/isolate"
)

// script is a loaded script: a [luabind.Sandbox] in this process, or one in a
// process of its own. What the host needs of a sandbox is named here.
type script interface {
	OnMessage(ctx context.Context, ev *luabind.Event) error
	OnInterrupt(ctx context.Context, ev *luabind.Event) (stop bool, err error)
	HasInterrupt() bool
	OverLimit() bool
	OnSessionExpired(ctx context.Context, info luabind.SessionInfo) error
	OnSuppressed(ctx context.Context, info luabind.SuppressedInfo) error
	OnTimer(ctx context.Context, ev *luabind.TimerEvent) error
	Schedules() []luabind.Schedule
	OnStart(ctx context.Context, reason string) error
	OnStop(ctx context.Context, reason string) error
	OnError(ctx context.Context, ev *luabind.Event, failure error) error
	State() ([]byte, error)
	Files() []string
	Close(ctx context.Context) error
}

var (
	_ script = (*luabind.Sandbox)(nil)
	_ script = (*isolate.Sandbox)(nil)
)

// loadScript loads a bot's script with the state that the generation before has
// left, nil for none.
func loadScript(ctx context.Context, b *bot, state []byte) (script, error) {
	if b.cfg.Sandbox.Isolation == IsolationProcess {
		return loadIsolated(ctx, b, state)
	}
	sandbox, err := luabind.Load(ctx, luabind.Config{
		Name: b.cfg.Name, Script: b.cfg.Script, Host: b.host,
		Modules: modulesOf(b.shared, b.cfg), Limits: b.cfg.Sandbox.limits(), State: state,
		Watchdog: b.shared.watchdog,
	})
	if err != nil {
		return nil, err // and no script that is nil
	}
	return sandbox, nil
}
