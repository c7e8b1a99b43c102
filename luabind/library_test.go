package luabind_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules"
)

// deferring is a host that defers what is sent.
type deferring struct{ *librarytest.Host }

func (deferring) Send(context.Context, luabind.SendRequest) (luabind.SendResult, error) {
	return luabind.SendResult{
		Status: luabind.StatusDeferred, Reason: luabind.ReasonQuota, MessageIDs: []string{"1"}, Parts: 1,
	}, nil
}

// TestDefinitions: every name is defined, and every definition has a name. The
// names are found by looking into a VM and at what a full message has.
func TestDefinitions(t *testing.T) {
	names := librarytest.Registered(t, deferring{librarytest.NewHost(t)}, `
function on_message(msg)
  class("ilink.Message", msg)
  class("ilink.Quote", msg.quote)
  for _, item in ipairs(msg.items) do class("ilink.Item", item) end
  class("ilink.SendResult", msg:reply("x"))
  class("ilink.Failure", select(2, msg:reply("")))
  class("ilink.Timer", ilink.after(60, function() end))
end
function on_interrupt(msg) end
function on_session_expired(info) class("ilink.SessionInfo", info) end`)
	for _, f := range luabind.MediaFields {
		names["ilink.Media."+f] = true
	}
	for _, f := range luabind.ContentKeys {
		names["ilink.ContentTable."+f] = true
	}
	names["ilink.Failure.ids"] = true // after a send that went half through
	librarytest.Compare(t, librarytest.Load(t), names, ours(t)...)
}

// ours are the definition files of what luabind makes itself; the modules' packages
// test theirs.
func ours(t *testing.T) []*library.File {
	files := librarytest.Load(t).Files
	for _, m := range modules.Standard(modules.Options{}) {
		files = slices.DeleteFunc(files, func(f *library.File) bool { return f.Module == m.Name() })
	}
	return files
}

// TestDefinitionsAreComplete: each function has its parameters described, and an
// example that runs.
func TestDefinitionsAreComplete(t *testing.T) {
	librarytest.Examples(t, nil, ours(t), modules.Standard(modules.Options{})...)
}
