package main

import (
	"context"
	"github.com/ilinkd/ilinkd/ilink"
	"log"
	"os"
)

func main() {
	// Assume msg is an inbound *ilink.Message containing an image.
	var msg *ilink.Message
	for _, item := range msg.Items {
		if item.Type != ilink.ItemTypeImage || item.Image == nil {
			continue
		}
		img := item.Image
		if img.Media == nil {
			continue
		}
		// Use FullURL if available, otherwise construct from EncryptQueryParam.
		cdnURL := img.Media.FullURL
		if cdnURL == "" {
			cdnURL = "https://novac2c.cdn.weixin.qq.com/c2c?" + img.Media.EncryptQueryParam
		}
		plain, err := ilink.DownloadAndDecrypt(context.Background(), cdnURL, img.Media)
		if err != nil {
			log.Fatal(err)
		}
		os.WriteFile("received.jpg", plain, 0o644)
	}
}
