package main

import (
	"context"
	"github.com/ilinkd/ilinkd/ilink"
	"log"
	"os"
)

func main() {
	client := ilink.NewClient(ilink.Token{BotToken: "…"})
	ctx := context.Background()
	data, err := os.ReadFile("photo.jpg")
	if err != nil {
		log.Fatal(err)
	}
	media, err := client.UploadMedia(ctx, data, &ilink.UploadOptions{
		FileName:  "photo.jpg",
		MediaType: ilink.UploadMediaTypeImage,
		ToUserID:  "o9cq800kum_xxx@im.wechat",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Send the uploaded image in a message.
	err = client.Send(ctx, &ilink.OutboundMessage{
		To:           "o9cq800kum_xxx@im.wechat",
		ContextToken: "AARzJWAF…",
		Items: []ilink.Item{
			{
				Type:  ilink.ItemTypeImage,
				Image: &ilink.ImageItem{Media: media},
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
}
