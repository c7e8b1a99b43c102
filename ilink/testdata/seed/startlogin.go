package main

import (
	"context"
	"encoding/json"
	"fmt"
	"github.com/ilinkd/ilinkd/ilink"
	"log"
	"os"
)

func main() {
	ctx := context.Background()
	login, err := ilink.StartLogin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Scan this URL with WeChat:", login.URL)
	token, err := login.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	// Persist token.BotToken for reuse across restarts.
	data, _ := json.Marshal(token)
	os.WriteFile("token.json", data, 0o600)
}
