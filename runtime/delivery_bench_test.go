package runtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// How many messages a second go from the poll through the inbox, the script and
// the outbox, with the store on the disk and with one that doesn't wait for it.
// The limits of sending are lifted, on both sides.
func BenchmarkDelivery(b *testing.B) {
	b.Run("durable", func(b *testing.B) { benchmarkDelivery(b, false) })
	b.Run("volatile", func(b *testing.B) { benchmarkDelivery(b, true) })
}

func benchmarkDelivery(b *testing.B, volatile bool) {
	const users = 256
	dir := b.TempDir()
	script := filepath.Join(dir, "echo.lua")
	if err := os.WriteFile(script, []byte(`function on_message(msg) msg:reply(msg.text) end`), 0o644); err != nil {
		b.Fatal(err)
	}
	sim := ilinksim.New(ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	defer sim.Close()
	account := sim.AddBot("echo")
	rt, err := runtime.New(runtime.Config{
		Data:   filepath.Join(dir, "data"),
		ILink:  runtime.ILinkConfig{BaseURL: sim.URL, CDNURL: sim.CDNURL},
		Limits: runtime.LimitsConfig{PerInbound: -1, MinGap: 1, Burst: 64, ParallelSends: 16},
		Logger: slog.New(slog.DiscardHandler),
		Bots: []runtime.BotConfig{{
			Name: "echo", Script: script, Token: &ilink.Token{BotToken: account.Token, BaseURL: account.BaseURL},
		}},
		VolatileStore: volatile,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- rt.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}()
	if err := sim.WaitPolling(ctx, ""); err != nil {
		b.Fatal(err)
	}

	// Twice as many messages as users are on their way at any time.
	said, seen := 0, 0
	say := func() {
		if said < b.N {
			sim.Say(fmt.Sprint("user", said%users), "hello")
			said++
		}
	}
	b.ResetTimer()
	for range 2 * users {
		say()
	}
	for seen < b.N {
		sent, err := sim.WaitSent(ctx, ilinksim.Filter{}, seen)
		if err != nil {
			b.Fatal(err)
		}
		seen += len(sent)
		for range sent {
			say()
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	if n := len(sim.Rejected(0)); n > 0 {
		b.Errorf("%d sends were refused", n)
	}
}
