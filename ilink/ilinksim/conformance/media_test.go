package conformance

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// sizes of media, in bytes: around the block of the cipher, and one that comes
// in more than one piece.
var sizes = []int{0, 1, 15, 16, 17, 64<<10 + 3}

// content is n bytes, the same for the same n.
func content(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func md5Hex(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// file writes n bytes into a file of that name and returns its path.
func file(t *testing.T, name string, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content(n), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// uploaded is what the client's upload functions return.
type uploaded struct {
	FileKey string `json:"filekey"`
	Param   string `json:"downloadEncryptedQueryParam"`
	Key     string `json:"aeskey"` // hex
	Size    int    `json:"fileSize"`
	Padded  int    `json:"fileSizeCiphertext"`
}

func (r *rig) uploadParams(path string) map[string]any {
	return map[string]any{
		"filePath": path, "toUserId": "alice@im.wechat", "opts": r.params(nil), "cdnBaseUrl": r.bot.CDNURL,
	}
}

// testUpload uploads and sends each kind in each size. getuploadurl answers in
// three forms in turns, so that each kind meets each of them.
func testUpload(t *testing.T, c *client) {
	r := newRig(t, c, unlimited())
	token := r.say("alice", "send me something").Token
	sends := 0
	for _, kind := range []struct {
		upload, send, kind, name string
	}{
		{"uploadImage", "sendImage", "image", "cat.png"},
		{"uploadVideo", "sendVideo", "video", "cat.mp4"},
		{"uploadFile", "sendFile", "file", "报告 1.pdf"},
	} {
		for _, n := range sizes {
			var up uploaded
			r.call(kind.upload, r.uploadParams(file(t, kind.name, n)), &up)
			if padded := (n/16 + 1) * 16; up.Size != n || up.Padded != padded {
				t.Errorf("%s: sizes %d and %d, want %d and %d", kind.upload, up.Size, up.Padded, n, padded)
			}
			ciphertext, ok := r.sim.Blob(up.Param)
			if !ok || len(ciphertext) != up.Padded {
				t.Errorf("%s: on the CDN %v with %d bytes, want %d", kind.upload, ok, len(ciphertext), up.Padded)
			}

			var got receipt
			r.call(kind.send, map[string]any{
				"to": "alice@im.wechat", "text": "", "fileName": kind.name, "uploaded": up, "opts": r.opts(token),
			}, &got)
			sent := r.sim.Sent(sends)
			if len(sent) != 1 {
				t.Fatalf("%s: %d sends recorded, want 1", kind.send, len(sent))
			}
			sends++
			if got.ServerID != sent[0].MessageID {
				t.Errorf("%s: the client has id %s, the simulator %s", kind.send, got.ServerID, sent[0].MessageID)
			}
			name := ""
			if kind.kind == "file" {
				name = kind.name
			}
			r.wantMedia(sent[0], kind.kind, name, n)

			// What was uploaded can be downloaded.
			var back downloaded
			r.call("download", map[string]any{
				"param": up.Param, "aesKey": base64.StdEncoding.EncodeToString([]byte(up.Key)), "cdnBaseUrl": r.bot.CDNURL,
			}, &back)
			if !bytes.Equal(back.Data, content(n)) {
				t.Errorf("%s: %d bytes came back, want the %d that were uploaded", kind.upload, len(back.Data), n)
			}
		}
	}
	if st := r.sim.State(); st.Counts.Uploads != sends || st.Counts.Downloads != sends {
		t.Errorf("counted %d uploads and %d downloads, want %d", st.Counts.Uploads, st.Counts.Downloads, sends)
	}
	r.noneRejected()
}

// wantMedia checks what a user would see of a send with one media item.
func (r *rig) wantMedia(m ilinksim.Sent, kind, name string, n int) {
	r.t.Helper()
	if len(m.Media) != 1 {
		r.t.Errorf("%s of %d bytes: %d media recorded, want 1", kind, n, len(m.Media))
		return
	}
	got := m.Media[0]
	url := got.URL
	got.URL = ""
	want := ilinksim.SentMedia{Kind: kind, Name: name, Size: int64(n), MD5: md5Hex(content(n))}
	if got != want || !m.Shown {
		r.t.Errorf("recorded %+v, shown %v; want %+v", got, m.Shown, want)
	}
	if _, data, ok := r.sim.Media(url); !ok || !bytes.Equal(data, content(n)) {
		r.t.Errorf("%s of %d bytes: content there %v, %d bytes; want the same", kind, n, ok, len(data))
	}
}

func testUploadRetries(t *testing.T, c *client) {
	r := newRig(t, c)
	path := file(t, "cat.png", 1000)
	// Errors of the server are tried three times.
	r.fault(ilinksim.Fault{Endpoint: "cdn_upload", Kind: ilinksim.FaultHTTP, Status: 503, Count: 1})
	r.fault(ilinksim.Fault{Endpoint: "cdn_upload", Kind: ilinksim.FaultCut, Count: 1})
	var up uploaded
	r.call("uploadImage", r.uploadParams(path), &up)
	if _, ok := r.sim.Blob(up.Param); !ok {
		t.Error("nothing on the CDN after the third try")
	}
	// Errors of the client are final.
	r.fault(ilinksim.Fault{Endpoint: "cdn_upload", Kind: ilinksim.FaultHTTP, Status: 403, Count: 3})
	r.wantError("uploadImage", r.uploadParams(path), "CDN upload client error 403")
	if n := r.fired(403); n != 1 {
		t.Errorf("tried %d times after a 403, want once", n)
	}
	if n := r.sim.State().Counts.Uploads; n != 1 {
		t.Errorf("%d uploads counted, want 1", n)
	}
}

// fired is how often the fault with that status has happened.
func (r *rig) fired(status int) int {
	for _, f := range r.sim.Faults() {
		if f.Fault.Status == status {
			return f.Fired
		}
	}
	return 0
}

// testSendMediaFile leaves it all to the client: it chooses by the name, and
// sends the caption in a message of its own before the file.
func testSendMediaFile(t *testing.T, c *client) {
	r := newRig(t, c, unlimited())
	token := r.say("alice", "send me something").Token
	for i, f := range []struct{ name, kind string }{
		{"a.jpg", "image"}, {"b.mov", "video"}, {"c.mp3", "file"},
	} {
		r.call("sendMediaFile", map[string]any{
			"filePath": file(t, f.name, 999), "to": "alice@im.wechat", "text": "caption",
			"opts": r.opts(token), "cdnBaseUrl": r.bot.CDNURL,
		}, nil)
		sent := r.sim.Sent(2 * i)
		if len(sent) != 2 || sent[0].Text != "caption" {
			t.Fatalf("%s: recorded %+v, want a caption and a file", f.name, sent)
		}
		name := ""
		if f.kind == "file" {
			name = f.name
		}
		r.wantMedia(sent[1], f.kind, name, 999)
	}
	r.noneRejected()
}

// downloaded is a file that the client downloaded.
type downloaded struct {
	Data []byte `json:"base64"` // encoding/json decodes base64
	Type string `json:"type"`
	Name string `json:"name"`
}

// testDownload receives media until each form of key and address has come in
// each size.
func testDownload(t *testing.T, c *client) {
	r := newRig(t, c)
	seen := map[string]bool{}
	for _, n := range sizes {
		blob := func() *ilinksim.Blob { return &ilinksim.Blob{Name: "报告 1.pdf", Data: content(n)} }
		// Images take turns of 6, the plain ones among them of 2.
		for range 6 {
			m := r.receive(ilinksim.In{From: "alice", Image: blob()})
			seen[r.download(m, m.item(t).Image, "image", n)] = true
			m = r.receive(ilinksim.In{From: "alice", Image: &ilinksim.Blob{Data: content(n), Plain: true}})
			seen[r.download(m, m.item(t).Image, "image", n)] = true
		}
		// The others take turns of 4, with one counter for all of them.
		for range 4 {
			m := r.receive(ilinksim.In{From: "alice", File: blob()})
			it := m.item(t).File
			if it.Name != "报告 1.pdf" || it.Len != fmt.Sprint(n) {
				t.Errorf("file_name %q, len %q, want 报告 1.pdf and %d", it.Name, it.Len, n)
			}
			seen[r.download(m, it, "file", n)] = true
		}
		for range 4 {
			m := r.receive(ilinksim.In{From: "alice", Video: blob()})
			seen[r.download(m, m.item(t).Video, "video", n)] = true
		}
		for range 4 {
			m := r.receive(ilinksim.In{From: "alice", Voice: blob(), Transcript: "你好"})
			seen[r.download(m, m.item(t).Voice, "voice", n)] = true
		}
	}
	var missing []string
	for _, n := range sizes {
		for kind, keys := range map[string][]string{
			"image": {"aeskey", "raw", "hex", "none"}, "file": {"raw", "hex"}, "video": {"raw", "hex"}, "voice": {"raw", "hex"},
		} {
			for _, key := range keys {
				for _, address := range []string{"param", "full_url"} {
					if form := fmt.Sprint(kind, " ", key, " ", address, " ", n); !seen[form] {
						missing = append(missing, form)
					}
				}
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("never received: %q", missing)
	}
}

// download has the client download a message's item in each way that it can,
// and returns which form it was.
func (r *rig) download(m message, it mediaItem, kind string, n int) (form string) {
	r.t.Helper()
	key, keyForm := it.Media.Key, "none"
	switch {
	case it.HexKey != "":
		raw, err := hex.DecodeString(it.HexKey)
		if err != nil {
			r.t.Fatalf("aeskey %q: %v", it.HexKey, err)
		}
		key, keyForm = base64.StdEncoding.EncodeToString(raw), "aeskey"
	case len(key) == 24:
		keyForm = "raw"
	case len(key) == 44:
		keyForm = "hex"
	case key != "":
		r.t.Fatalf("aes_key %q has no known form", key)
	}
	address := "param"
	if it.Media.FullURL != "" {
		address = "full_url"
	}
	form = fmt.Sprint(kind, " ", keyForm, " ", address, " ", n)

	check := func(call string, got downloaded) {
		r.t.Helper()
		if !bytes.Equal(got.Data, content(n)) {
			r.t.Errorf("%s, %s: %d bytes, want the %d that were sent", form, call, len(got.Data), n)
		}
	}
	var got downloaded
	r.call("downloadItem", map[string]any{"item": m.Items[0], "cdnBaseUrl": r.bot.CDNURL}, &got)
	check("downloadItem", got)

	// By the param alone and, where there is one, by the URL alone.
	ways := []map[string]any{{"param": it.Media.Param, "cdnBaseUrl": r.bot.CDNURL}}
	if it.Media.FullURL != "" {
		ways = append(ways, map[string]any{"param": "", "cdnBaseUrl": "", "fullUrl": it.Media.FullURL})
	}
	for _, way := range ways {
		call := "downloadPlain"
		if key != "" {
			call, way["aesKey"] = "download", key
		}
		var got downloaded
		r.call(call, way, &got)
		check(call, got)
	}
	return form
}

func testDownloadFails(t *testing.T, c *client) {
	r := newRig(t, c)
	it := r.receive(ilinksim.In{From: "alice", File: &ilinksim.Blob{Name: "a.txt", Data: content(100)}}).item(t).File
	params := func(param, key string) map[string]any {
		return map[string]any{"param": param, "aesKey": key, "cdnBaseUrl": r.bot.CDNURL}
	}
	r.wantError("download", params("unknown", it.Media.Key), "CDN download 404")
	r.wantError("download", params(it.Media.Param, base64.StdEncoding.EncodeToString(content(16))), "decrypt")
	r.fault(ilinksim.Fault{Endpoint: "cdn_download", Kind: ilinksim.FaultHTTP, Status: 502, Count: 1})
	r.wantError("download", params(it.Media.Param, it.Media.Key), "CDN download 502")
	var got downloaded
	r.call("download", params(it.Media.Param, it.Media.Key), &got)
	if !bytes.Equal(got.Data, content(100)) {
		t.Error("the download after the errors has other bytes")
	}
}
