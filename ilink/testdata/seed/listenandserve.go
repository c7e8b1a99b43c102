package main

import (
	"context"
	"encoding/json"
	"github.com/ilinkd/ilinkd/ilink"
	"log"
	"os"
	"os/signal"
)

func main() {
	// Load a previously persisted token.
	data, err := os.ReadFile("token.json")
	if err != nil {
		log.Fatal(err)
	}
	var token ilink.Token
	if err := json.Unmarshal(data, &token); err != nil {
		log.Fatal(err)
	}
	client := ilink.NewClient(token)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err = client.ListenAndServe(ctx, ilink.HandlerFunc(func(ctx context.Context, msg *ilink.Message) error {
		log.Printf("message from %s: %s", msg.From, msg.Text())
		return client.Reply(ctx, msg, ilink.TextMessage("pong"))
	}))
	if err != nil {
		log.Fatal(err)
	}
}
