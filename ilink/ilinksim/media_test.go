package ilinksim

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
)

// An uploadTry is an upload as a client prepares it.
type uploadTry struct {
	plain   []byte
	key     []byte
	request map[string]any
}

func prepare(plain []byte, mediaType int) uploadTry {
	key := random(16)
	sum := md5.Sum(plain)
	return uploadTry{plain: plain, key: key, request: map[string]any{
		"filekey": randomHex(16), "media_type": mediaType, "to_user_id": "alice@im.wechat",
		"rawsize": len(plain), "rawfilemd5": hex.EncodeToString(sum[:]),
		"filesize": (len(plain)/16 + 1) * 16, "no_need_thumb": true, "aeskey": hex.EncodeToString(key),
	}}
}

// put uploads to wherever the getuploadurl answer says.
func (c *client) put(a answer, filekey string, ciphertext []byte) answer {
	c.t.Helper()
	target := a.text("upload_full_url")
	if target == "" {
		target = c.bot.CDNURL + "/upload?" + url.Values{
			"encrypted_query_param": {a.text("upload_param")}, "filekey": {filekey}}.Encode()
	}
	return c.do("POST", target, ciphertext, octets)
}

func octets(h http.Header) { h.Set("Content-Type", "application/octet-stream") }

// upload uploads and returns the encrypt_query_param.
func (c *client) upload(u uploadTry) string {
	c.t.Helper()
	a := c.post("getuploadurl", u.request)
	if _, has := a.fields["ret"]; has || a.status != 200 {
		c.t.Fatalf("getuploadurl: %s", a.body)
	}
	ciphertext, err := encrypt(u.key, u.plain)
	if err != nil {
		c.t.Fatal(err)
	}
	up := c.put(a, u.request["filekey"].(string), ciphertext)
	param := up.header.Get("x-encrypted-param")
	if up.status != 200 || param == "" {
		c.t.Fatalf("upload: %v %d %q", up.err, up.status, up.header.Get("x-error-message"))
	}
	return param
}

func hexKeyOf(key []byte) string {
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(key)))
}

func TestMediaRoundTrip(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	forms := map[string]bool{}
	for i, tt := range []struct {
		kind, itemType, mediaType int
		key                       string
		more                      func(u uploadTry) map[string]any
	}{
		{2, 2, 1, "image_item", func(u uploadTry) map[string]any { return map[string]any{"mid_size": u.request["filesize"]} }},
		{5, 5, 2, "video_item", func(u uploadTry) map[string]any { return map[string]any{"video_size": u.request["filesize"]} }},
		{4, 4, 3, "file_item", func(u uploadTry) map[string]any {
			return map[string]any{"len": strconv.Itoa(len(u.plain)), "file_name": "报告.pdf"}
		}},
		{3, 3, 4, "voice_item", func(u uploadTry) map[string]any { return nil }},
	} {
		plain := bytes.Repeat([]byte("0123456789abcdef"), 100*i) // 0 bytes too, and whole blocks
		u := prepare(plain, tt.mediaType)
		param := c.upload(u)
		body := map[string]any{"media": map[string]any{
			"encrypt_query_param": param, "aes_key": hexKeyOf(u.key), "encrypt_type": 1}}
		for k, v := range tt.more(u) {
			body[k] = v
		}
		wantRet(t, tt.key, c.send("alice", map[string]any{"type": tt.itemType, tt.key: body}, nil), 0, "")
		m := sim.Sent(i)[0]
		if len(m.Media) != 1 || m.Media[0].Grey || m.Media[0].Size != int64(len(plain)) || m.Text != "" {
			t.Errorf("%s: %+v", tt.key, m)
		}
		if m.Shown == (tt.itemType == 3) {
			t.Errorf("%s: shown %v", tt.key, m.Shown)
		}
		_, data, ok := sim.Media(m.Media[0].URL)
		served := c.control("GET", m.Media[0].URL, "", nil)
		if !ok || !bytes.Equal(data, plain) || !bytes.Equal(served.body, plain) {
			t.Errorf("%s: %d and %d bytes of %d", tt.key, len(data), len(served.body), len(plain))
		}
		down := c.do("GET", c.bot.CDNURL+"/download?encrypted_query_param="+url.QueryEscape(param), nil, octets)
		blob, ok := sim.Blob(param)
		if !ok || down.status != 200 || !bytes.Equal(down.body, blob) || len(blob) != u.request["filesize"] {
			t.Errorf("%s: download %d, %d bytes", tt.key, down.status, len(down.body))
		}
		forms[tt.key] = true
	}
	if st := sim.State(); st.Counts.Uploads != 4 || st.Counts.Downloads != 4 || len(st.Warnings) != 0 {
		t.Errorf("state: %+v", st)
	}
}

func TestGetUploadURLForms(t *testing.T) {
	for _, tt := range []struct {
		quirks []Quirk
		want   string
	}{
		{nil, "upload_full_url filekey taskid |upload_full_url filekey taskid |upload_param filekey taskid |upload_full_url filekey taskid "},
		{[]Quirk{OneUploadForm}, "upload_param |upload_full_url |upload_param |upload_full_url "},
	} {
		sim := newPlainSim(t, WithQuirks(tt.quirks...))
		c := newClient(t, sim.AddBot(""))
		var got []string
		for range 4 {
			a := c.post("getuploadurl", prepare([]byte("x"), 3).request)
			form := ""
			for _, name := range []string{"upload_param", "upload_full_url", "thumb_upload_param", "filekey", "taskid"} {
				if a.text(name) != "" {
					form += name + " "
				}
			}
			got = append(got, form)
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%v: got %q", tt.quirks, got)
		}
	}
}

func TestThumbnail(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	u := prepare([]byte("the picture"), 1)
	thumb := []byte("small")
	sum := md5.Sum(thumb)
	delete(u.request, "no_need_thumb")
	wantRet(t, "no thumb", c.post("getuploadurl", u.request), -2, "thumb_rawsize required")
	u.request["thumb_rawsize"] = len(thumb)
	wantRet(t, "half a thumb", c.post("getuploadurl", u.request), -2, "invalid arguments")
	u.request["thumb_rawfilemd5"], u.request["thumb_filesize"] = hex.EncodeToString(sum[:]), 16
	a := c.post("getuploadurl", u.request)
	if a.text("thumb_upload_param") == "" {
		t.Fatalf("got %s", a.body)
	}
	ciphertext, _ := encrypt(u.key, thumb)
	up := c.do("POST", c.bot.CDNURL+"/upload?"+url.Values{
		"encrypted_query_param": {a.text("thumb_upload_param")}, "filekey": {u.request["filekey"].(string)}}.Encode(), ciphertext, octets)
	if up.status != 200 {
		t.Errorf("thumb: %d %s", up.status, up.header.Get("x-error-message"))
	}
}

func TestBadUploadRequests(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	for _, tt := range []struct {
		field  string
		value  any
		ret    int
		errmsg string
	}{
		{"filekey", nil, -2, "filekey required"},
		{"filekey", "abc", -2, "invalid arguments"},
		{"to_user_id", nil, -2, "to_user_id required"},
		{"media_type", 0, -2, "invalid arguments"},
		{"media_type", 5, -2, "invalid arguments"},
		{"rawsize", nil, -2, "rawsize required"},
		{"rawsize", -1, -2, "invalid arguments"},
		{"rawsize", 200 << 20, -1, ""},
		{"rawsize", "12", -2, "invalid arguments"},
		{"rawfilemd5", nil, -2, "rawfilemd5 required"},
		{"rawfilemd5", strings.Repeat("z", 32), -2, "invalid arguments"},
		{"filesize", 11, -2, "invalid arguments"},
		{"aeskey", nil, -2, "aeskey required"},
		{"aeskey", "AAAAAAAAAAAAAAAAAAAAAA==", -2, "invalid arguments"},
	} {
		u := prepare([]byte("hello world"), 3)
		u.request[tt.field] = tt.value
		if tt.value == nil {
			delete(u.request, tt.field)
		}
		wantRet(t, tt.field, c.post("getuploadurl", u.request), tt.ret, tt.errmsg)
	}
}

func TestCDNRefusals(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	plain := []byte("hello world")
	for name, tt := range map[string]struct {
		method  string
		edit    func(u *uploadTry, ciphertext []byte) []byte
		query   func(url.Values)
		headers func(http.Header)
		status  int
	}{
		"put":             {method: "PUT", status: 404},
		"unknown param":   {query: func(q url.Values) { q.Set("encrypted_query_param", "x") }, status: 400},
		"wrong filekey":   {query: func(q url.Values) { q.Set("filekey", "x") }, status: 400},
		"no octet-stream": {headers: func(h http.Header) { h.Set("Content-Type", "text/plain") }, status: 400},
		"too short":       {edit: func(_ *uploadTry, b []byte) []byte { return b[:15] }, status: 400},
		"too long":        {edit: func(_ *uploadTry, b []byte) []byte { return append(b, b...) }, status: 400},
		"plaintext":       {edit: func(u *uploadTry, _ []byte) []byte { return append(u.plain, "12345"...) }, status: 400},
		"another key": {edit: func(u *uploadTry, _ []byte) []byte {
			b, _ := encrypt([]byte("another key 1234"), u.plain)
			return b
		}, status: 400},
		"another size": {edit: func(u *uploadTry, _ []byte) []byte {
			b, _ := encrypt(u.key, u.plain[1:])
			return b
		}, status: 400},
		"another md5": {edit: func(u *uploadTry, _ []byte) []byte {
			b, _ := encrypt(u.key, []byte("HELLO WORLD"))
			return b
		}, status: 400},
		"fine": {status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			u := prepare(plain, 3)
			body, _ := encrypt(u.key, plain)
			if tt.edit != nil {
				body = tt.edit(&u, body)
			}
			var param string
			for param == "" { // the form with the full URL alone comes too
				param = c.post("getuploadurl", u.request).text("upload_param")
			}
			q := url.Values{"encrypted_query_param": {param}, "filekey": {u.request["filekey"].(string)}}
			if tt.query != nil {
				tt.query(q)
			}
			if tt.method == "" {
				tt.method = "POST"
			}
			if tt.headers == nil {
				tt.headers = octets
			}
			a := c.do(tt.method, c.bot.CDNURL+"/upload?"+q.Encode(), body, tt.headers)
			if a.err != nil || a.status != tt.status {
				t.Errorf("%v, status %d", a.err, a.status)
			}
			if (a.header.Get("x-error-message") == "") != (tt.status == 200) || (a.header.Get("x-encrypted-param") != "") != (tt.status == 200) {
				t.Errorf("headers: %v", a.header)
			}
		})
	}
	a := c.do("GET", c.bot.CDNURL+"/download?encrypted_query_param=x", nil, octets)
	if a.status != 404 || a.header.Get("x-error-message") == "" {
		t.Errorf("unknown download: %d %v", a.status, a.header)
	}
}

func TestGreyBoxes(t *testing.T) {
	sim := newSim(t, WithLimits(Limits{Disabled: true}))
	c := newClient(t, sim.AddBot("a"))
	other := newClient(t, sim.AddBot("b"))
	if _, err := sim.Inject(In{Bot: "a", From: "alice", Text: "hi"}); err != nil {
		t.Fatal(err)
	}
	image := prepare([]byte("hello world"), 1)
	imageParam := c.upload(image)
	file := prepare([]byte("hello world"), 3)
	fileParam := c.upload(file)
	video := prepare([]byte("hello world"), 2)
	videoParam := c.upload(video)
	theirs := prepare([]byte("hello world"), 1)
	theirParam := other.upload(theirs)
	type m = map[string]any
	media := func(param, key string) m {
		return m{"encrypt_query_param": param, "aes_key": key, "encrypt_type": 1}
	}
	good := hexKeyOf(image.key)
	for name, tt := range map[string]struct {
		item   m
		reason string // part of it; "" for fine
	}{
		"fine":          {m{"type": 2, "image_item": m{"media": media(imageParam, good), "mid_size": 16}}, ""},
		"raw key":       {m{"type": 2, "image_item": m{"media": media(imageParam, rawKey(image.key)), "mid_size": 16}}, "raw 16 bytes"},
		"bare hex key":  {m{"type": 2, "image_item": m{"media": media(imageParam, hex.EncodeToString(image.key)), "mid_size": 16}}, "aes_key"},
		"no key":        {m{"type": 2, "image_item": m{"media": media(imageParam, ""), "mid_size": 16}}, "missing"},
		"not base64":    {m{"type": 2, "image_item": m{"media": media(imageParam, "%"), "mid_size": 16}}, "no base64"},
		"another key":   {m{"type": 2, "image_item": m{"media": media(imageParam, hexKeyOf(file.key)), "mid_size": 16}}, "announced"},
		"no size":       {m{"type": 2, "image_item": m{"media": media(imageParam, good)}}, "mid_size"},
		"plain size":    {m{"type": 2, "image_item": m{"media": media(imageParam, good), "mid_size": 11}}, "mid_size"},
		"unknown":       {m{"type": 2, "image_item": m{"media": media("x", good), "mid_size": 16}}, "uploaded"},
		"another bot's": {m{"type": 2, "image_item": m{"media": media(theirParam, hexKeyOf(theirs.key)), "mid_size": 16}}, "uploaded"},
		"another kind":  {m{"type": 2, "image_item": m{"media": media(fileParam, hexKeyOf(file.key)), "mid_size": 16}}, "media_type 3"},
		"video":         {m{"type": 5, "video_item": m{"media": media(videoParam, hexKeyOf(video.key)), "video_size": 16}}, ""},
		"video no size": {m{"type": 5, "video_item": m{"media": media(videoParam, hexKeyOf(video.key))}}, "video_size"},
		"file":          {m{"type": 4, "file_item": m{"media": media(fileParam, hexKeyOf(file.key)), "file_name": "a", "len": "11"}}, ""},
		"len a number":  {m{"type": 4, "file_item": m{"media": media(fileParam, hexKeyOf(file.key)), "file_name": "a", "len": 11}}, "len"},
		"len wrong":     {m{"type": 4, "file_item": m{"media": media(fileParam, hexKeyOf(file.key)), "file_name": "a", "len": "16"}}, "len"},
		"no name":       {m{"type": 4, "file_item": m{"media": media(fileParam, hexKeyOf(file.key)), "len": "11"}}, "file_name"},
		"odd type":      {m{"type": 2, "image_item": m{"media": media(imageParam, good), "mid_size": []int{1}}}, "wrong type"},
	} {
		t.Run(name, func(t *testing.T) {
			after := len(sim.Sent(0))
			wantRet(t, "send", c.send("alice", tt.item, nil), 0, "")
			got := sim.Sent(after)[0].Media[0]
			if got.Grey != (tt.reason != "") || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Every form of key and URL comes, and decrypts.
func TestInboundMedia(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	content := []byte("what the user sent 图片")
	keyForms, urlForms := map[string]int{}, map[string]int{}
	for i := range 12 {
		in := In{From: "alice"}
		file := &Blob{Name: "a.txt", Data: content}
		kind := []string{"image", "file", "video", "voice", "plain", "image"}[i%6]
		switch kind {
		case "image":
			in.Image = file
		case "plain":
			in.Image = &Blob{Data: content, Plain: true}
		case "file":
			in.File = file
		case "video":
			in.Video = file
		case "voice":
			in.Voice, in.Transcript = file, "你好"
		}
		if _, err := sim.Inject(in); err != nil {
			t.Fatal(err)
		}
		key := map[string]string{"plain": "image_item"}[kind]
		if key == "" {
			key = kind + "_item"
		}
		raw, err := json.Marshal(c.messages(c.poll(""))[0].Items[0][key])
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Media struct {
				Param string `json:"encrypt_query_param"`
				Key   string `json:"aes_key"`
				URL   string `json:"full_url"`
			} `json:"media"`
			AESKey string `json:"aeskey"`
			Len    string `json:"len"`
			Text   string `json:"text"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		target := body.Media.URL
		urlForms["full "+strconv.FormatBool(target != "")]++
		if target == "" {
			target = c.bot.CDNURL + "/download?encrypted_query_param=" + url.QueryEscape(body.Media.Param)
		}
		got := c.do("GET", target, nil, octets).body
		var aesKey []byte
		form := "none"
		if body.AESKey != "" {
			form = "hex"
			aesKey, _ = hex.DecodeString(body.AESKey)
		} else if body.Media.Key != "" {
			form = "base64 raw"
			aesKey, _ = base64.StdEncoding.DecodeString(body.Media.Key)
			if len(aesKey) == 32 {
				form = "base64 hex"
				aesKey, _ = hex.DecodeString(string(aesKey))
			}
		}
		keyForms[kind+" "+form]++
		if aesKey != nil {
			var plain bytes.Buffer
			d, err := newDecrypter(aesKey, &plain)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Write(got); err != nil {
				t.Fatal(err)
			}
			if err := d.finish(); err != nil {
				t.Fatalf("%s %s: %v", kind, form, err)
			}
			got = plain.Bytes()
		}
		if !bytes.Equal(got, content) {
			t.Errorf("%s %s: got %q", kind, form, got)
		}
		if kind == "file" && body.Len != strconv.Itoa(len(content)) || kind == "voice" && body.Text != "你好" {
			t.Errorf("%s: %s", kind, raw)
		}
	}
	for _, want := range []string{"image hex", "image base64 raw", "image base64 hex", "plain none"} {
		if keyForms[want] == 0 {
			t.Errorf("no %s in %v", want, keyForms)
		}
	}
	if urlForms["full true"] == 0 || urlForms["full false"] == 0 {
		t.Errorf("urls: %v", urlForms)
	}
}

// Long uploads go to files, which Close removes.
func TestSpool(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	plain := bytes.Repeat([]byte("spooled "), maxInMemory/8+1)
	u := prepare(plain, 3)
	param := c.upload(u)
	dir := sim.spool.dir
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("spool: %v %v", entries, err)
	}
	if blob, ok := sim.Blob(param); !ok || len(blob) != u.request["filesize"] {
		t.Errorf("blob of %d bytes", len(blob))
	}
	bad := prepare(plain, 3)
	a := c.post("getuploadurl", bad.request)
	body := make([]byte, bad.request["filesize"].(int))
	if up := c.put(a, bad.request["filekey"].(string), body); up.status != 400 {
		t.Errorf("bad upload: %v %d", up.err, up.status)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the bad upload is still there: %v", entries)
	}
	sim.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("spool after Close: %v", err)
	}
}

func TestDecrypterRefusesBadPadding(t *testing.T) {
	key := random(16)
	good, err := encrypt(key, []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		fine bool
	}{
		"good": {good, true}, "empty": {nil, false}, "one block, no padding": {good[:16], false},
		"half a block": {good[:24], false}, "one byte": {good[:1], false},
	} {
		var out bytes.Buffer
		d, err := newDecrypter(key, &out)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range tt.data { // byte by byte
			if _, err := d.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.finish(); (err == nil) != tt.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}
