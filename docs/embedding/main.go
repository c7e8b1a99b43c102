// Command embedding is the program that docs/embedding.md takes apart: a shop that
// runs a bot, and gives its script a module of its own.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	shop := &Shop{shelf: map[string]int{"tea": 12, "coffee": 3}}
	if err := run(ctx, shop, "shop.toml"); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, shop *Shop, config string) error {
	cfg, err := runtime.LoadConfig(config)
	if err != nil {
		return err
	}
	cfg.Modules = []luabind.Module{stock{shop}}
	rt, err := runtime.New(cfg)
	if err != nil {
		return err
	}
	return rt.Run(ctx)
}
