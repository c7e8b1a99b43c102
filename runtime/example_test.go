package runtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
)

// weather is a Lua module in Go: scripts call weather.today("Shenzhen").
type weather struct{}

func (weather) Name() string { return "weather" }

func (weather) Open(vm *luabind.VM) (lua.LValue, error) {
	module := vm.State().NewTable()
	module.RawSetString("today", vm.State().NewFunction(func(L *lua.LState) int {
		city := L.CheckString(1)
		var report string
		// Whatever may take a while is done with the VM unlocked.
		vm.Block(L, func(ctx context.Context) {
			report = "sunny in " + city
		})
		L.Push(lua.LString(report))
		return 1
	}))
	return module, nil
}

// A program of its own that runs a bot, with a Lua module written in Go. The
// simulator stands in for WeChat.
func Example() {
	sim := ilinksim.New()
	defer sim.Close()
	account := sim.AddBot("helper")

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "helper.lua")
	if err := os.WriteFile(script, []byte(`
		function on_message(msg)
			msg:reply("It is " .. weather.today(msg.text) .. ".")
		end`), 0o644); err != nil {
		fmt.Println(err)
		return
	}

	rt, err := runtime.New(runtime.Config{
		Data:    filepath.Join(dir, "data"),
		ILink:   runtime.ILinkConfig{BaseURL: account.BaseURL, CDNURL: account.CDNURL},
		Bots:    []runtime.BotConfig{{Name: "helper", Script: script, Token: &ilink.Token{BotToken: account.Token}}},
		Modules: []luabind.Module{weather{}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	ended := make(chan error)
	go func() { ended <- rt.Run(ctx) }()

	sim.Say("alice", "深圳")
	answers, err := sim.WaitSent(ctx, ilinksim.Filter{To: "alice"}, 0)
	if err != nil {
		fmt.Println(err)
	}
	for _, a := range answers {
		fmt.Println(a.Text)
	}
	stop()
	if err := <-ended; err != nil {
		fmt.Println(err)
	}
	// Output: It is sunny in 深圳.
}
