package main

import (
	"context"
	"errors"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// echo answers each message with its text, until ctx ends.
func echo(ctx context.Context, client *ilink.Client) error {
	return client.ListenAndServe(ctx, ilink.HandlerFunc(func(ctx context.Context, msg *ilink.Message) error {
		return client.Reply(ctx, msg, ilink.TextMessage("You said: "+msg.Text()))
	}))
}

func TestEcho(t *testing.T) {
	sim := ilinksim.New()
	defer sim.Close()
	account := sim.AddBot("helper")
	client := ilink.NewClient(ilink.Token{BotToken: account.Token, BaseURL: account.BaseURL}, ilink.WithCDNURL(account.CDNURL))

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- echo(ctx, client) }()

	sim.Say("alice", "你好")
	answers, err := sim.WaitSent(ctx, ilinksim.Filter{To: "alice"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := answers[0].Text; got != "You said: 你好" {
		t.Errorf("alice reads %q", got)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
