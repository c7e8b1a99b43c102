package ilinksim

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What clients that nobody here wrote meet at the real server, which is what the
// simulator does by default. newSim has the ways that are on request.

func (c *client) without(names ...string) *client {
	other := *c
	other.edit = func(h http.Header) {
		for _, n := range names {
			h.Del(n)
		}
	}
	return &other
}

func warned(sim *Server, part string) bool {
	for _, w := range sim.State().Warnings {
		if strings.Contains(w.Text, part) {
			return true
		}
	}
	return false
}

func TestOlderClientsAreServed(t *testing.T) {
	sim := newPlainSim(t)
	c := newClient(t, sim.AddBot("")).without("iLink-App-Id", "iLink-App-ClientVersion")
	sim.Say("alice", "hi")
	wantRet(t, "without iLink-App-*", c.send("alice", textItem("x"), nil), 0, "")
	if !warned(sim, "iLink-App-Id") {
		t.Error("no warning")
	}
	for _, body := range []string{`{"get_updates_buf":""}`, `{"get_updates_buf":"","base_info":{}}`} {
		if a := c.do("POST", c.bot.BaseURL+"/ilink/bot/getupdates", []byte(body), c.headers); a.status != 200 || a.ret() != 0 {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	if !warned(sim, "base_info") {
		t.Error("no warning of base_info")
	}
}

func TestIDsOfMessages(t *testing.T) {
	for _, quirks := range [][]Quirk{nil, {StringIDs}, {BigIDs}} {
		sim := newPlainSim(t, WithQuirks(quirks...))
		c := newClient(t, sim.AddBot(""))
		for range 8 {
			sim.Say("alice", "hi")
		}
		ids := [][]byte{}
		for _, m := range c.messages(c.poll("")) {
			ids = append(ids, m.ID)
		}
		for range 4 {
			ids = append(ids, c.send("alice", textItem("x"), nil).fields["message_id"])
		}
		var texts, big int
		for _, id := range ids {
			n, ok := parseID(id)
			if !ok {
				t.Fatalf("%s", id)
			}
			if id[0] == '"' {
				texts++
			}
			if n > 1<<63-1 {
				big++
			}
		}
		if (texts > 0) != (len(quirks) > 0 && quirks[0] == StringIDs) || (big > 0) != (len(quirks) > 0 && quirks[0] == BigIDs) || texts == len(ids) || big == len(ids) {
			t.Errorf("%v: %d texts, %d big ones of %d", quirks, texts, big, len(ids))
		}
	}
}

func TestSessionTimeoutForm(t *testing.T) {
	sim := newPlainSim(t)
	c := newClient(t, sim.AddBot("b"))
	if err := sim.ExpireToken("b"); err != nil {
		t.Fatal(err)
	}
	if a := c.poll(""); string(a.body) != `{"errcode":-14,"errmsg":"session timeout","ret":-14}` {
		t.Errorf("%s", a.body)
	}
}

func TestThumbnailOfZero(t *testing.T) {
	sim := newPlainSim(t)
	c := newClient(t, sim.AddBot(""))
	for _, zero := range []any{0, ""} {
		request := prepare([]byte("x"), 1).request
		for k, v := range map[string]any{"no_need_thumb": true, "thumb_rawsize": zero, "thumb_rawfilemd5": "", "thumb_filesize": zero} {
			request[k] = v
		}
		if a := c.post("getuploadurl", request); a.ret() != 0 || a.text("thumb_upload_param") != "" {
			t.Errorf("%q: %s", zero, a.body)
		}
	}
}

// TestGetConfigOfStrangers: it is the user that getconfig looks at first, and any token
// does where that is asked for.
func TestGetConfigOfStrangers(t *testing.T) {
	for _, quirks := range [][]Quirk{nil, {AnyContextToken}} {
		sim := newPlainSim(t, WithQuirks(quirks...))
		c := newClient(t, sim.AddBot(""))
		sim.Inject(In{From: "alice", Text: "hi"})
		c.poll("")
		known := float64(-2)
		if len(quirks) > 0 {
			known = 0
		}
		for user, want := range map[string]float64{"alice@im.wechat": known, "Alice@im.wechat": -3, "bob@im.wechat": -4} {
			a := c.post("getconfig", map[string]any{"ilink_user_id": user, "context_token": "never given out"})
			if float64(a.ret()) != want {
				t.Errorf("%v, %s: %s, want %v", quirks, user, a.body, want)
			}
		}
	}
}

// TestStatusPause: a status that isn't held is answered at once, with a pause that keeps a
// client that asks on and on from spinning.
func TestStatusPause(t *testing.T) {
	sim := newPlainSim(t)
	c := newClient(t, sim.AddBot(""))
	code := c.qrcode("{}")
	if err := sim.LoginAction(code, LoginAction{Action: "need_verifycode"}); err != nil {
		t.Fatal(err)
	}
	for name, qr := range map[string]string{"need_verifycode": code, "expired": "unknown"} {
		begun := time.Now()
		for range 3 {
			if a := c.status(qr, ""); a.text("status") != name {
				t.Errorf("%s: %s", name, a.body)
			}
		}
		if took := time.Since(begun); took < 2*spinPause {
			t.Errorf("three polls of %s took %v", name, took)
		}
	}
}

func TestFormsOfReceived(t *testing.T) {
	sim := newPlainSim(t, WithQuirks(FullURLOnly))
	c := newClient(t, sim.AddBot(""))
	for range 3 {
		sim.Inject(In{From: "alice", Image: &Blob{Data: []byte("pixels")}})
		sim.Inject(In{From: "alice", Video: &Blob{Data: []byte("film")}})
		sim.Inject(In{From: "alice", File: &Blob{Name: "a.txt", Data: []byte("text")}})
	}
	a := c.poll("")
	if a.fields["ret"] != nil || string(a.fields["sync_buf"]) != string(a.fields["get_updates_buf"]) || string(a.fields["longpolling_timeout_ms"]) == "" {
		t.Errorf("%s", a.body)
	}
	for _, m := range c.messages(a) {
		item := m.Items[0]
		if list, ok := item["button_item_list"].([]any); !ok || len(list) != 0 {
			t.Errorf("%v", item)
		}
		for _, name := range []string{"image_item", "video_item", "file_item"} {
			body, _ := item[name].(map[string]any)
			if body == nil {
				continue
			}
			media := body["media"].(map[string]any)
			inner, err := base64.StdEncoding.DecodeString(media["aes_key"].(string))
			key, err2 := hex.DecodeString(string(inner))
			if err != nil || err2 != nil || len(key) != 16 {
				t.Errorf("%s: key %v", name, media["aes_key"])
			}
			if name == "image_item" && body["aeskey"] != string(inner) {
				t.Errorf("%v", body)
			}
			if name == "video_item" && body["play_length"] != 3000.0 {
				t.Errorf("%v", body)
			}
			if down := c.do("GET", media["full_url"].(string), nil, func(http.Header) {}); down.status != 200 {
				t.Errorf("full_url: %d", down.status)
			}
			built := c.bot.CDNURL + "/download?encrypted_query_param=" + url.QueryEscape(media["encrypt_query_param"].(string))
			if down := c.do("GET", built, nil, func(http.Header) {}); down.status != 500 {
				t.Errorf("a built address: %d", down.status)
			}
		}
	}
	for quirk, check := range map[Quirk]func(answer) bool{
		PlaySeconds:  func(a answer) bool { return strings.Contains(string(a.body), `"play_length":3,`) },
		NoItemIDs:    func(a answer) bool { return !strings.Contains(string(a.body), `"msg_id"`) },
		RetOfUpdates: func(a answer) bool { return string(a.fields["ret"]) == "0" },
	} {
		sim := newPlainSim(t, WithQuirks(quirk))
		c := newClient(t, sim.AddBot(""))
		sim.Inject(In{From: "alice", Video: &Blob{Data: []byte("film")}})
		if a := c.poll(""); !check(a) {
			t.Errorf("%s: %s", quirk, a.body)
		}
	}
	if sim := New(); sim.opts.suggested != 35*time.Second {
		t.Error(sim.opts.suggested)
	} else {
		sim.Close()
	}
}

func TestQuoteStyles(t *testing.T) {
	sim := newPlainSim(t)
	c := newClient(t, sim.AddBot(""))
	said := sim.Say("alice", "what I said")
	c.send("alice", textItem("what the bot said"), map[string]any{"message_id": "client-7"})
	sent := sim.Sent(0)[0].MessageID
	c.poll("")
	for _, tt := range []struct {
		quote string
		style QuoteStyle
		want  string
	}{
		{said, "", `{"svr_id":` + said + `}`},
		{said, QuoteItem, `{"message_item":{"text_item":{"text":"what I said"},"type":1}}`},
		{sent, QuoteBot, `{"message_item":{"msg_id":"client-7","type":8}}`},
		{sent, QuoteBare, `{"message_item":{"button_item_list":[],"create_time_ms":T,"is_completed":true,"msg_id":"client-7","type":0,"update_time_ms":T}}`},
		{said, QuoteBare, `{"message_item":{"button_item_list":[],"create_time_ms":T,"is_completed":true,"msg_id":"` + said + `","type":0,"update_time_ms":T}}`},
	} {
		if _, err := sim.Inject(In{From: "alice", Text: "this", Quote: tt.quote, QuoteStyle: tt.style}); err != nil {
			t.Fatal(err)
		}
		var u struct {
			Msgs []struct {
				Items []struct {
					Ref json.RawMessage `json:"ref_msg"`
				} `json:"item_list"`
			}
		}
		if err := json.Unmarshal(c.poll("").body, &u); err != nil {
			t.Fatal(err)
		}
		got := string(u.Msgs[0].Items[0].Ref)
		for _, ms := range []int64{sim.Now().UnixMilli(), sim.Now().UnixMilli() + 1, sim.Now().UnixMilli() - 1} {
			got = strings.ReplaceAll(got, strconv.FormatInt(ms, 10)+",", "T,")
			got = strings.ReplaceAll(got, strconv.FormatInt(ms, 10)+"}", "T}")
		}
		if got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.style, got, tt.want)
		}
	}
}

func TestCodesOfTheField(t *testing.T) {
	sim := newPlainSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	sim.Say("bob", "hi")
	wantRet(t, "a user in another case", c.send("ALICE@im.wechat", textItem("x"), nil), -3, "")
	wantRet(t, "getconfig before any message", c.post("getconfig", map[string]any{"ilink_user_id": "carol@im.wechat"}), -4, "")
	wantRet(t, "another bot_type", c.do("POST", c.bot.BaseURL+"/ilink/bot/get_bot_qrcode?bot_type=4", []byte(`{}`), c.headers), -2, "invalid arguments")
	wantRet(t, "a wrong context token", c.send("alice", textItem("x"), map[string]any{"context_token": "xyz"}), -2, "unknown error")
	wantRet(t, "generating", c.send("alice", textItem("x"), map[string]any{"client_id": "g", "message_state": 1}), 0, "")
	wantRet(t, "and then finished", c.send("alice", textItem("x"), map[string]any{"client_id": "g"}), -2, "invalid arguments")
	wantRet(t, "finished alone", c.send("alice", textItem("x"), map[string]any{"client_id": "h"}), 0, "")

	lax := newPlainSim(t, WithQuirks(AnyContextToken))
	d := newClient(t, lax.AddBot(""))
	lax.Say("alice", "hi")
	wantRet(t, "any context token", d.send("alice", textItem("x"), map[string]any{"context_token": "xyz"}), 0, "")
}

func TestQRCodeLives120Seconds(t *testing.T) {
	sim := newPlainSim(t, WithHold(time.Millisecond))
	c := newClient(t, sim.AddBot(""))
	code := c.do("POST", c.bot.BaseURL+"/ilink/bot/get_bot_qrcode?bot_type=3", []byte(`{}`), c.headers).text("qrcode")
	status := func() string {
		return c.do("GET", c.bot.BaseURL+"/ilink/bot/get_qrcode_status?qrcode="+code, nil, c.headers).text("status")
	}
	sim.Advance(119 * time.Second)
	if got := status(); got != "wait" {
		t.Error(got)
	}
	sim.Advance(2 * time.Second)
	for range 3 { // who asks on has to wait a little, and is told in the warnings
		if got := status(); got != "expired" {
			t.Error(got)
		}
	}
	if !warned(sim, "polled again and again after expired") {
		t.Errorf("%+v", sim.State().Warnings)
	}
}

func TestBurstWords(t *testing.T) {
	sim := newPlainSim(t, WithLimits(Limits{PerInbound: -1}))
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	for range 3 {
		wantRet(t, "burst", c.send("alice", textItem("x"), nil), 0, "")
	}
	for _, words := range []string{"rate limited", "freq limit", "prepare failed"} {
		wantRet(t, "throttled", c.send("alice", textItem("x"), nil), -2, words)
	}
}

func TestLengthsOfTexts(t *testing.T) {
	long := strings.Repeat("长", 3000)
	for _, tt := range []struct {
		quirks []Quirk
		want   int
	}{{nil, 2000}, {[]Quirk{LongTexts}, 3000}} {
		sim := newPlainSim(t, WithQuirks(tt.quirks...))
		c := newClient(t, sim.AddBot(""))
		sim.Say("alice", "hi")
		c.send("alice", textItem(long), nil)
		if got := len([]rune(sim.Sent(0)[0].Text)); got != tt.want {
			t.Errorf("%v: %d", tt.quirks, got)
		}
	}
	sim := newPlainSim(t, WithQuirks(SplitTexts))
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", long)
	if texts := c.texts(); len(texts) != 2 || texts[0]+texts[1] != long || len([]rune(texts[0])) != 2048 {
		t.Errorf("%d pieces", len(texts))
	}
}

func TestMediaOfTheField(t *testing.T) {
	open := func(sim *Server, c *client, data []byte) (plain []byte, err error) {
		sim.Inject(In{From: "alice", Image: &Blob{Data: data}})
		body := c.messages(c.poll(""))[0].Items[0]["image_item"].(map[string]any)
		key, _ := hex.DecodeString(body["aeskey"].(string))
		down := c.do("GET", body["media"].(map[string]any)["full_url"].(string), nil, func(http.Header) {})
		var out bytes.Buffer
		d, err := newDecrypter(key, &out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = d.Write(down.body); err == nil {
			err = d.finish()
		}
		return out.Bytes(), err
	}
	sim := newPlainSim(t, WithQuirks(ReusedCipher))
	c := newClient(t, sim.AddBot(""))
	if plain, err := open(sim, c, []byte("the same")); err != nil || string(plain) != "the same" {
		t.Errorf("first: %q %v", plain, err)
	}
	if plain, _ := open(sim, c, []byte("the same")); string(plain) == "the same" {
		t.Error("the second one could be read")
	}

	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	sim = newPlainSim(t, WithQuirks(Recompress))
	c = newClient(t, sim.AddBot(""))
	if plain, err := open(sim, c, picture.Bytes()); err != nil || !bytes.HasPrefix(plain, []byte("\xff\xd8")) {
		t.Errorf("recompressed: %x %v", plain[:min(4, len(plain))], err)
	}
}

func TestQuirkNames(t *testing.T) {
	for _, q := range Quirks() {
		if got, err := ParseQuirks([]string{strings.ReplaceAll(string(q), "_", "-")}); err != nil || got[0] != q {
			t.Errorf("%s: %v %v", q, got, err)
		}
	}
	if _, err := ParseQuirks([]string{"nonsense"}); err == nil {
		t.Error("nonsense is no quirk")
	}
}
