// The pieces of code in the documentation, each in a function that has the
// variables it needs. An elided body, "{ ... }", is an empty one.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ilinkd/ilinkd/ilink"
)

func overviewAuthentication(ctx context.Context) {
	login, err := ilink.StartLogin(ctx)
	if err != nil {
	}
	fmt.Println("Scan:", login.URL)
	token, err := login.Wait(ctx)
	if err != nil {
	}
	// persist token.BotToken for reuse
	_ = token.BotToken
}

func overviewReceiving(ctx context.Context, token *ilink.Token) {
	client := ilink.NewClient(token)
	err := client.ListenAndServe(ctx, ilink.HandlerFunc(func(ctx context.Context, msg *ilink.Message) error {
		fmt.Println(msg.From, ":", msg.Text())
		return client.Reply(ctx, msg, ilink.TextMessage("你好!"))
	}))
	_ = err
}

func overviewSending(ctx context.Context, client *ilink.Client, msg *ilink.Message) {
	err := client.Send(ctx, &ilink.OutboundMessage{
		To:           "o9cq800kum_xxx@im.wechat",
		ContextToken: msg.ContextToken,
		Items:        []ilink.Item{ilink.TextMessage("Hello")},
	})
	_ = err
}

func decryptMedia(ctx context.Context, cdnURL string, msg *ilink.Message, ciphertext []byte) {
	data, _ := ilink.DownloadAndDecrypt(ctx, cdnURL, msg.Items[0].Image.Media)
	// or, if you downloaded the bytes yourself:
	plain, err := ilink.DecryptMedia(msg.Items[0].Image.Media, ciphertext)
	_, _, _ = data, plain, err
}

func newClient(ctx context.Context, login *ilink.Login) {
	token, _ := login.Wait(ctx)
	client := ilink.NewClient(token)
	_ = client
}

func listenAndServe(ctx context.Context, client *ilink.Client) {
	err := client.ListenAndServe(ctx, ilink.HandlerFunc(func(ctx context.Context, msg *ilink.Message) error {
		return client.Reply(ctx, msg, ilink.TextMessage("pong"))
	}))
	_ = err
}

func reply(ctx context.Context, client *ilink.Client, msg *ilink.Message) error {
	return client.Reply(ctx, msg, ilink.TextMessage("pong"))
}

func uploadMedia(ctx context.Context, client *ilink.Client, msg *ilink.Message) {
	data, _ := os.ReadFile("photo.jpg")
	media, err := client.UploadMedia(ctx, data, &ilink.UploadOptions{
		FileName:  "photo.jpg",
		MediaType: ilink.UploadMediaTypeImage,
		ToUserID:  msg.From,
	})
	if err != nil {
	}
	err = client.Reply(ctx, msg, ilink.Item{
		Type:  ilink.ItemTypeImage,
		Image: &ilink.ImageItem{Media: media},
	})
	_ = err
}
