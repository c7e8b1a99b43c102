package ilink_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func TestSimMedia(t *testing.T) {
	sizes := []int{0, 1, 15, 16, 17, 32<<10 - 1, 32 << 10, 32<<10 + 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20}
	sim, c := newSim(t, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	sim.Say("alice", "hi")
	msg := next(t, c)
	kinds := []struct {
		kind int
		item func(*ilink.CDNMedia) ilink.Item
	}{
		{ilink.UploadMediaTypeImage, ilink.ImageMessage},
		{ilink.UploadMediaTypeFile, ilink.FileMessage},
		{ilink.UploadMediaTypeVideo, ilink.VideoMessage},
		{ilink.UploadMediaTypeVoice, func(m *ilink.CDNMedia) ilink.Item {
			return ilink.Item{Type: ilink.ItemTypeVoice, Voice: &ilink.VoiceItem{Media: m, EncodeType: ilink.VoiceEncodeSilk}}
		}},
	}
	for i, size := range sizes {
		data := bytes.Repeat([]byte{byte(i), 0xff, byte(size)}, size/3+1)[:size]
		for _, k := range kinds {
			media, err := c.Upload(t.Context(), bytes.NewReader(data), &ilink.UploadOptions{
				MediaType: k.kind, ToUserID: msg.From, FileName: "名字.bin",
			})
			if err != nil {
				t.Fatalf("kind %d, %d bytes: %v", k.kind, size, err)
			}
			before := len(sim.Sent(0))
			if err := c.Reply(t.Context(), msg, k.item(media)); err != nil {
				t.Fatalf("kind %d, %d bytes: %v", k.kind, size, err)
			}
			shown := sim.Sent(before)[0].Media[0]
			_, seen, _ := sim.Media(shown.URL)
			if shown.Grey || !bytes.Equal(seen, data) {
				t.Errorf("kind %d, %d bytes: %+v", k.kind, size, shown)
			}
			// What we sent can be fetched again.
			r, err := c.Download(t.Context(), media)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			r.Close()
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("kind %d, %d bytes: fetched %d, %v", k.kind, size, len(got), err)
			}
		}
	}
}

func TestSimThumbnail(t *testing.T) {
	sim, c := newSim(t)
	sim.Say("alice", "hi")
	msg := next(t, c)
	media, err := c.UploadMedia(t.Context(), []byte("a video"), &ilink.UploadOptions{
		MediaType: ilink.UploadMediaTypeVideo, ToUserID: msg.From, ThumbData: []byte("its thumbnail"),
	})
	if err != nil || media.Thumb == nil {
		t.Fatalf("%+v, %v", media, err)
	}
	if err := c.Reply(t.Context(), msg, ilink.VideoMessage(media)); err != nil {
		t.Fatal(err)
	}
	if got := sim.Sent(0)[0]; got.Media[0].Grey || !strings.Contains(string(got.Items), `"thumb_media"`) {
		t.Errorf("%+v", got)
	}
	cipher, _ := sim.Blob(media.Thumb.EncryptQueryParam)
	if plain, err := ilink.DecryptMedia(media.Thumb, cipher); err != nil || string(plain) != "its thumbnail" {
		t.Errorf("%q, %v", plain, err)
	}
}

func TestSimInboundMedia(t *testing.T) {
	sim, c := newSim(t)
	data := []byte("bytes of the user, 字节")
	fetch := func(in ilinksim.In) {
		t.Helper()
		in.From = "alice"
		if _, err := sim.Inject(in); err != nil {
			t.Fatal(err)
		}
		item := next(t, c).Items[0]
		media := item.Media()
		if media == nil {
			t.Fatalf("%+v has no media", item)
		}
		r, err := c.Download(t.Context(), media)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v: %q, %v", item.Type, got, err)
		}
		// The way of older documents.
		cdnURL := media.FullURL
		if cdnURL == "" {
			cdnURL = sim.CDNURL + "?" + media.EncryptQueryParam
		}
		if got, err := ilink.DownloadAndDecrypt(t.Context(), cdnURL, media); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v, with %s: %q, %v", item.Type, cdnURL, got, err)
		}
	}
	blob := &ilinksim.Blob{Data: data, Name: "文件.txt"}
	for range 6 { // the simulator goes through the forms of keys and URLs
		fetch(ilinksim.In{Image: blob})
		fetch(ilinksim.In{File: blob})
		fetch(ilinksim.In{Video: blob})
		fetch(ilinksim.In{Voice: blob, Transcript: "听写"})
		fetch(ilinksim.In{Image: &ilinksim.Blob{Data: data, Plain: true}})
	}
}

// What came can go out again: an echo bot is what everybody tries first.
func TestSimEchoOfMedia(t *testing.T) {
	sim, c := newSim(t, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	for i := range 6 {
		if _, err := sim.Inject(ilinksim.In{From: "alice", Image: &ilinksim.Blob{Data: []byte("picture")}}); err != nil {
			t.Fatal(err)
		}
		msg := next(t, c)
		if err := c.Reply(t.Context(), msg, msg.Items...); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	for i, m := range sim.Sent(0) {
		// That the file is the user's own upload is another matter.
		if strings.Contains(m.Media[0].Reason, "aes_key") {
			t.Errorf("%d: %s", i, m.Media[0].Reason)
		}
	}
}

func TestSimFaultsOfTheCDN(t *testing.T) {
	sim, c := newSim(t)
	sim.Say("alice", "hi")
	msg := next(t, c)
	opts := &ilink.UploadOptions{ToUserID: msg.From}
	addFault(t, sim, ilinksim.Fault{Endpoint: "cdn_upload", Kind: ilinksim.FaultHTTP, Status: 500, Count: 1})
	media, err := c.UploadMedia(t.Context(), bytes.Repeat([]byte("x"), 100_000), opts)
	if err != nil {
		t.Fatalf("5xx once: %v", err)
	}
	addFault(t, sim, ilinksim.Fault{Endpoint: "cdn_upload", Kind: ilinksim.FaultHTTP, Status: 403, Count: 1})
	var te *ilink.TransportError
	if _, err := c.UploadMedia(t.Context(), []byte("x"), opts); !errors.As(err, &te) || te.Status != 403 {
		t.Errorf("4xx: %v", err)
	}
	gone := *media
	gone.EncryptQueryParam = "no+such="
	if _, err := c.Download(t.Context(), &gone); !errors.As(err, &te) || te.Status != 404 || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("x-error-message: %v", err)
	}
	sim.ClearFaults()
}
