package ilink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// simulated is a client of the simulator's only bot.
func simulated(sim *ilinksim.Server) *ilink.Client {
	bot := sim.AddBot("helper")
	return ilink.NewClient(ilink.Token{BotToken: bot.Token, BaseURL: bot.BaseURL}, ilink.WithCDNURL(bot.CDNURL))
}

// receive is the next message of a client.
func receive(client *ilink.Client) *ilink.Message {
	updates, err := client.GetUpdates(context.Background(), "", 0)
	if err != nil {
		log.Fatal(err)
	}
	return updates.Messages[0]
}

// The minimal echo bot.
func ExampleClient_ListenAndServe() {
	sim := ilinksim.New()
	defer sim.Close()
	client := simulated(sim)
	sim.Say("alice", "ping")

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	err := client.ListenAndServe(ctx, ilink.HandlerFunc(func(ctx context.Context, msg *ilink.Message) error {
		fmt.Printf("message from %s: %s\n", msg.From, msg.Text())
		defer stop() // one is enough here
		return client.Reply(ctx, msg, ilink.TextMessage("pong"))
	}))
	fmt.Println(err)
	fmt.Println("alice reads:", sim.Sent(0)[0].Text)
	// Output:
	// message from alice@im.wechat: ping
	// context canceled
	// alice reads: pong
}

// How to send to a user who has written before.
func ExampleClient_Send() {
	sim := ilinksim.New()
	defer sim.Close()
	client := simulated(sim)
	sim.Say("alice", "hi")
	msg := receive(client)

	err := client.Send(context.Background(), &ilink.OutboundMessage{
		To:           "alice@im.wechat",
		ContextToken: msg.ContextToken, // from a previous inbound message
		Items:        []ilink.Item{ilink.TextMessage("Hello!"), ilink.TextMessage("你好 👋")},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, sent := range sim.Sent(0) {
		fmt.Println(sent.Text)
	}
	// Output:
	// Hello!
	// 你好 👋
}

// How to upload an image and send it.
func ExampleClient_UploadMedia() {
	sim := ilinksim.New()
	defer sim.Close()
	client := simulated(sim)
	sim.Say("alice", "a picture, please")
	msg := receive(client)

	ctx := context.Background()
	data := []byte("the bytes of photo.jpg")
	media, err := client.UploadMedia(ctx, data, &ilink.UploadOptions{
		FileName:  "photo.jpg",
		MediaType: ilink.UploadMediaTypeImage,
		ToUserID:  msg.From,
	})
	if err != nil {
		log.Fatal(err)
	}
	err = client.Reply(ctx, msg, ilink.Item{
		Type:  ilink.ItemTypeImage,
		Image: &ilink.ImageItem{Media: media},
	})
	if err != nil {
		log.Fatal(err)
	}
	shown := sim.Sent(0)[0].Media[0]
	_, seen, _ := sim.Media(shown.URL)
	fmt.Println(shown.Kind, shown.Size, "grey:", shown.Grey, "intact:", bytes.Equal(seen, data))
	// Output: image 22 grey: false intact: true
}

// How to decrypt a received picture.
func ExampleDecryptMedia() {
	sim := ilinksim.New()
	defer sim.Close()
	client := simulated(sim)
	if _, err := sim.Inject(ilinksim.In{From: "alice", Image: &ilinksim.Blob{Data: []byte("a picture")}}); err != nil {
		log.Fatal(err)
	}
	msg := receive(client)

	for _, item := range msg.Items {
		if item.Type != ilink.ItemTypeImage || item.Image == nil || item.Image.Media == nil {
			continue
		}
		img := item.Image
		// Use FullURL if available, otherwise construct from EncryptQueryParam.
		cdnURL := img.Media.FullURL
		if cdnURL == "" {
			cdnURL = sim.CDNURL + "?" + img.Media.EncryptQueryParam
		}
		plain, err := ilink.DownloadAndDecrypt(context.Background(), cdnURL, img.Media)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", plain)
	}
	// Output: a picture
}

// How to log in and keep the token.
func ExampleStartLogin() {
	sim := ilinksim.New()
	defer sim.Close()
	defer reroute(sim.URL)()

	ctx := context.Background()
	login, err := ilink.StartLogin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	show, _, _ := strings.Cut(login.URL, "?")
	fmt.Println("Scan this URL with WeChat:", show[:len("https://liteapp.weixin.qq.com")])
	confirm(sim) // the user's part

	token, err := login.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	// Persist token.BotToken for reuse across restarts.
	data, _ := json.Marshal(token)
	file := filepath.Join(os.TempDir(), "ilink-example-token.json")
	defer os.Remove(file)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.BotID)
	// Output:
	// Scan this URL with WeChat: https://liteapp.weixin.qq.com
	// helper@im.bot
}

// A login that shows a fresh QR code when one expires, and asks for the digits
// that some phones show.
func ExampleNewLogin() {
	sim := ilinksim.New()
	defer sim.Close()

	ctx := context.Background()
	login, err := ilink.NewLogin(ctx, ilink.LoginConfig{
		BaseURL:  sim.URL,
		OnQRCode: func(l *ilink.Login) { fmt.Println("Scan this one instead:", l.URL) },
		OnStatus: func(s ilink.LoginStatus) { fmt.Println("status:", s) },
		VerifyCode: func(ctx context.Context, wrong bool) (string, error) {
			fmt.Print("The digits on the phone: ")
			var digits string
			_, err := fmt.Scanln(&digits)
			return digits, err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	confirm(sim) // the user's part
	token, err := login.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token)
	// Output:
	// status: confirmed
	// token of helper@im.bot [redacted]
}

func ExampleSplitText() {
	for _, part := range ilink.SplitText("第一句话。第二句话比较长。Third sentence here. Fourth.", 20) {
		fmt.Println(part)
	}
	// Output:
	// 第一句话。第二句话比较长。
	// Third sentence here.
	// Fourth.
}

// confirm does what a user does on the phone.
func confirm(sim *ilinksim.Server) {
	err := sim.LoginAction(sim.QRCodes()[0], ilinksim.LoginAction{Action: "confirm", BotID: "helper"})
	if err != nil {
		log.Fatal(err)
	}
}

// reroute sends all requests of http.DefaultTransport to another server, until
// the function that it returns is called: StartLogin knows one server only.
func reroute(base string) (undo func()) {
	to, err := url.Parse(base)
	if err != nil {
		log.Fatal(err)
	}
	was := http.DefaultTransport
	http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = to.Scheme, to.Host, to.Host
		return was.RoundTrip(r)
	})
	return func() { http.DefaultTransport = was }
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
