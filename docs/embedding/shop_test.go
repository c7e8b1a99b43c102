package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/spec/spectest"
)

func TestSpecs(t *testing.T) {
	shop := &Shop{shelf: map[string]int{"tea": 12}}
	spectest.Run(t, "bots", stock{shop})
}

func TestOrder(t *testing.T) {
	sim := ilinksim.New()
	defer sim.Close()
	account := sim.AddBot("shop")

	shop := &Shop{shelf: map[string]int{"tea": 12}}
	rt, err := runtime.New(runtime.Config{
		Data:  t.TempDir(),
		ILink: runtime.ILinkConfig{BaseURL: account.BaseURL, CDNURL: account.CDNURL},
		Bots: []runtime.BotConfig{{
			Name: "shop", Script: "bots/shop.lua",
			Token: &ilink.Token{BotToken: account.Token},
		}},
		Modules: []luabind.Module{stock{shop}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- rt.Run(ctx) }()

	sim.Say("alice", "/order tea 2")
	answers, err := sim.WaitSent(ctx, ilinksim.Filter{To: "alice"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answers[0].Text, "Done. 10 are left."; got != want {
		t.Errorf("alice reads %q, want %q", got, want)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The program itself, with a configuration that leads to the simulator.
func TestRun(t *testing.T) {
	sim := ilinksim.New()
	defer sim.Close()
	account := sim.AddBot("shop")
	bots, err := filepath.Abs("bots")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOP_TOKEN", account.Token)
	config := filepath.Join(t.TempDir(), "shop.toml")
	text := fmt.Sprintf("[ilink]\nbase_url = %q\n[[bot]]\nname = \"shop\"\nscript = %q\ntoken_env = \"SHOP_TOKEN\"\n",
		account.BaseURL, filepath.Join(bots, "shop.lua"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, &Shop{shelf: map[string]int{"tea": 12}}, config) }()
	sim.Say("alice", "/order coffee")
	answers, err := sim.WaitSent(ctx, ilinksim.Filter{To: "alice"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answers[0].Text, "Sorry: only 0 of coffee are left"; got != want {
		t.Errorf("alice reads %q, want %q", got, want)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
