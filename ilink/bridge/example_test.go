package bridge_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// Two bots in one process; their messages come to one function.
func Example() {
	sim := ilinksim.New()
	defer sim.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	got := make(chan string, 2)
	b := bridge.NewBridgeWith(nil, nil, bridge.Options{
		Deliver: func(_ context.Context, binding bridge.BridgeBinding, u *ilink.Updates, _ bridge.PollMeta) error {
			for _, m := range u.Messages {
				got <- fmt.Sprintf("%s: %s says %s", binding.SandboxID, m.From, m.Text())
			}
			return nil // taken: the cursor may move
		},
	})
	for _, name := range []string{"shop", "news"} {
		bot := sim.AddBot(name)
		b.StartPoller(bridge.BridgeBinding{
			SandboxID: name, BotID: bot.ID, BotToken: bot.Token, ILinkBaseURL: bot.BaseURL,
		})
	}
	for _, name := range []string{"shop", "news"} {
		if _, err := sim.Inject(ilinksim.In{Bot: name, From: "alice", Text: "hello"}); err != nil {
			panic(err)
		}
		fmt.Println(<-got)
	}
	if err := b.Close(ctx); err != nil {
		panic(err)
	}
	// Output:
	// shop: alice@im.wechat says hello
	// news: alice@im.wechat says hello
}

// A binding with a PodIP and a secret is forwarded to another process.
func ExampleNewBridge() {
	sim := ilinksim.New()
	defer sim.Close()
	got := make(chan string, 2)
	pod := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- fmt.Sprintf("%s, %s, %d bytes", r.URL.Path, r.Header.Get("Authorization"), len(body))
	}))
	defer pod.Close()

	b := bridge.NewBridge(nil, nil)
	bot := sim.AddBot("helper")
	b.StartPoller(bridge.BridgeBinding{
		SandboxID: "sandbox-1", BotID: bot.ID, BotToken: bot.Token, ILinkBaseURL: bot.BaseURL,
		PodIP: pod.Listener.Addr().String(), BridgeSecret: "s3cret",
	})
	sim.Say("alice", "hello")
	fmt.Println((<-got)[:len("/metadata, Bearer s3cret")])
	fmt.Println((<-got)[:len("/message, Bearer s3cret")])
	if err := b.Close(context.Background()); err != nil {
		panic(err)
	}
	// Output:
	// /metadata, Bearer s3cret
	// /message, Bearer s3cret
}

// The single calls, for a program with loops of its own.
func ExampleGetUpdates() {
	sim := ilinksim.New()
	defer sim.Close()
	bot := sim.AddBot("helper")
	sim.Say("alice", "ping")

	ctx := context.Background()
	resp, err := bridge.GetUpdates(ctx, bot.BaseURL, bot.Token, "")
	if err != nil || resp.Ret != 0 {
		panic(err)
	}
	for _, m := range resp.Msgs {
		fmt.Println(m.FromUserID, m.ItemList[0].TextItem.Text)
		err := bridge.SendTextMessage(ctx, bot.BaseURL, bot.Token, m.FromUserID, "pong", m.ContextToken)
		fmt.Println(err)
	}
	// Output:
	// alice@im.wechat ping
	// <nil>
}

// A QR login: the session is what a web page shows and asks about.
func ExampleStartLogin() {
	sim := ilinksim.New(ilinksim.WithAutoConfirm("helper"))
	defer sim.Close()
	ctx := context.Background()

	s, err := bridge.StartLogin(ctx, sim.URL)
	if err != nil {
		panic(err)
	}
	bridge.SetSession("sandbox-1", s) // show s.QRCodeURL as a QR code
	for {
		s := bridge.GetSession("sandbox-1")
		if s == nil {
			break // expired, or confirmed for somebody else
		}
		st, err := bridge.PollLoginStatus(ctx, sim.URL, s.QRCode)
		if err != nil {
			panic(err)
		}
		fmt.Println(st.Status)
		if st.Status == "confirmed" && bridge.TakeSession("sandbox-1") != nil {
			fmt.Println(st.BotID)
		}
	}
	// Output:
	// scaned
	// confirmed
	// helper@im.bot
}
