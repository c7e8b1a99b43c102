// Package runtime is the host: it runs bots whose behaviour is written in Lua.
//
// A [Runtime] is made of a [Config], from a file ([LoadConfig]) or from Go:
//
//	rt, err := runtime.New(runtime.Config{
//		Bots: []runtime.BotConfig{{Name: "echo", Script: "scripts/echo.lua"}},
//	})
//	if err != nil { ... }
//	err = rt.Run(ctx)
//
// Each bot polls its account with package ilink, hands each conversation's
// messages in order to the current generation of its script in package luabind,
// and sends what the script answers. When the script's files change they are
// loaded into a new VM, which takes over only if that worked.
//
// An embedding program adds Lua modules of its own in Config.Modules.
package runtime
