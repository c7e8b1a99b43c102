// Package spectest runs specs in tests of Go's.
package spectest

import (
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/spec"
)

// Run runs the specs of a folder as subtests of t, one for each case. The bots get
// the modules beside their own.
func Run(t *testing.T, dir string, modules ...luabind.Module) {
	t.Helper()
	run(t, dir, spec.Options{Modules: modules})
}

// RunInProcesses is Run with each bot in a process of its own. command starts one,
// which has the modules too; it is what [runtime.Config.SandboxCommand] is.
func RunInProcesses(t *testing.T, dir string, command []string, modules ...luabind.Module) {
	t.Helper()
	run(t, dir, spec.Options{Modules: modules, Load: spec.InProcesses(command)})
}

func run(t *testing.T, dir string, opts spec.Options) {
	t.Helper()
	files, err := spec.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	report, err := spec.Run(t.Context(), files, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Files {
		t.Run(f.Name, func(t *testing.T) {
			if f.Failure != nil {
				t.Fatal(f.Failure)
			}
			for i := range f.Cases {
				c := &f.Cases[i]
				t.Run(c.Name(), func(t *testing.T) {
					if c.Pending {
						t.Skip("it has no function yet")
					}
					for _, failure := range c.Failures {
						t.Error(failure)
					}
					if t.Failed() && len(c.Talk) > 0 {
						t.Log("the conversation:\n" + strings.Join(c.Talk, "\n"))
					}
					if t.Failed() && len(c.Log) > 0 {
						t.Log("log of the bot:\n" + strings.Join(c.Log, "\n"))
					}
				})
			}
		})
	}
}
