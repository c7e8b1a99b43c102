package main

import (
	"context"
	"github.com/ilinkd/ilinkd/ilink"
	"log"
)

func main() {
	client := ilink.NewClient(ilink.Token{BotToken: "…"})
	err := client.Send(context.Background(), &ilink.OutboundMessage{
		To:           "o9cq800kum_xxx@im.wechat",
		ContextToken: "AARzJWAF…", // from a previous inbound message
		Items:        []ilink.Item{ilink.TextMessage("Hello!")},
	})
	if err != nil {
		log.Fatal(err)
	}
}
