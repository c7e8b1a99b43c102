package ilinksim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// A bot as small as can be answers a user; the simulator shows what she gets.
func Example() {
	sim := ilinksim.New()
	defer sim.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	bot := sim.AddBot("helper")

	call := func(endpoint, body string, answer any) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, bot.BaseURL+"/ilink/bot/"+endpoint, strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		for name, value := range map[string]string{
			"iLink-App-Id": "bot", "iLink-App-ClientVersion": "132105",
			"Content-Type": "application/json", "AuthorizationType": "ilink_bot_token",
			"Authorization": "Bearer " + bot.Token, "X-WECHAT-UIN": "MTIzNDU2Nzg5MA==",
		} {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
			panic(err)
		}
	}

	sim.Say("alice", "ping")
	var updates struct {
		Msgs []struct {
			From string `json:"from_user_id"`
		} `json:"msgs"`
	}
	call("getupdates", `{"get_updates_buf":"","base_info":{"channel_version":"2.4.9"}}`, &updates)
	call("sendmessage", `{"msg":{"to_user_id":"`+updates.Msgs[0].From+`","client_id":"1","message_type":2,
		"message_state":2,"item_list":[{"type":1,"text_item":{"text":"pong"}}]},
		"base_info":{"channel_version":"2.4.9"}}`, &struct{}{})

	sent, err := sim.WaitSent(ctx, ilinksim.Filter{To: "alice"}, 0)
	if err != nil {
		panic(err)
	}
	fmt.Println(sent[0].To, sent[0].Text)
	// Output: alice@im.wechat pong
}
