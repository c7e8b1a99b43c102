package ilink

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

// wholeMessage has every field that the protocol names.
const wholeMessage = `{
 "seq": 12, "message_id": 18446744073709551614, "from_user_id": "u@im.wechat", "to_user_id": "b@im.bot",
 "client_id": "wx-1", "create_time_ms": 1700000000001, "update_time_ms": 1700000000002, "delete_time_ms": 1700000000003,
 "session_id": "s1", "group_id": "g1", "message_type": 1, "message_state": 2, "context_token": "AARzJWAF+/=", "run_id": "r1",
 "item_list": [
  {"type": 1, "create_time_ms": 5, "update_time_ms": 6, "is_completed": true, "msg_id": 9223372036854775809,
   "text_item": {"text": "你好 👨‍👩‍👧‍👦"},
   "ref_msg": {"title": "引用", "svr_id": 10000000000000000001,
     "message_item": {"type": 1, "text_item": {"text": "quoted"}},
     "partial_text": {"start": "q", "end": "d", "startindex": 0, "endindex": 1, "quotemd5": "abc"}}},
  {"type": 2, "image_item": {"media": {"encrypt_query_param": "p", "aes_key": "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY=", "encrypt_type": 1, "full_url": "https://x/y"},
    "thumb_media": {"encrypt_query_param": "tp", "aes_key": "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY="},
    "aeskey": "00112233445566778899aabbccddeeff", "url": "https://img", "mid_size": 160, "thumb_size": 32, "thumb_width": 10, "thumb_height": 20, "hd_size": 320}},
  {"type": 3, "voice_item": {"media": {"encrypt_query_param": "v"}, "encode_type": 6, "bits_per_sample": 16, "sample_rate": 24000, "playtime": 2500, "text": "语音"}},
  {"type": 4, "file_item": {"media": {"encrypt_query_param": "f"}, "file_name": "报告.pdf", "md5": "m", "len": "12345678901"}},
  {"type": 5, "video_item": {"media": {"encrypt_query_param": "vi"}, "video_size": 99, "play_length": 3000, "video_md5": "vm",
    "thumb_media": {"encrypt_query_param": "vt"}, "thumb_size": 16, "thumb_width": 30, "thumb_height": 40}},
  {"type": 11, "tool_call_start_item": {"tool_name": "t", "tool_call_id": "c1"}},
  {"type": 12, "tool_call_result_item": {"tool_name": "t", "tool_call_id": "c1", "status": "ok"}}
 ]}`

func TestMessageRoundTrip(t *testing.T) {
	var m Message
	if err := json.Unmarshal([]byte(wholeMessage), &m); err != nil {
		t.Fatal(err)
	}
	// By value and by pointer: a value must not fall back to the names of Go.
	for _, v := range []any{m, &m} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		equalJSON(t, "written again", b, wholeMessage)
		var back Message
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m, back) {
			t.Errorf("the message differs:\n%+v\n%+v", m, back)
		}
	}
	for i := range m.Items {
		b, err := json.Marshal(m.Items[i])
		if err != nil {
			t.Fatal(err)
		}
		var back Item
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(m.Items[i], back) {
			t.Errorf("item %d: %v: %+v, want %+v", i, err, back, m.Items[i])
		}
	}
}

func TestMessageFields(t *testing.T) {
	var m Message
	if err := json.Unmarshal([]byte(wholeMessage), &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != "18446744073709551614" || m.MessageID != -2 {
		t.Errorf("ID %q, MessageID %d", m.ID, m.MessageID)
	}
	if m.From != "u@im.wechat" || m.To != "b@im.bot" || m.Type != MessageTypeUser || m.State != 2 || !m.IsGroup() {
		t.Errorf("%+v", m)
	}
	if m.Text() != "你好 👨‍👩‍👧‍👦" {
		t.Errorf("text %q", m.Text())
	}
	ref := m.Items[0].RefMsg
	if ref.ServerID != "10000000000000000001" || ref.Item.Text.Text != "quoted" || *ref.Partial != (PartialText{
		Start: "q", End: "d", EndIndex: 1, QuoteMD5: "abc",
	}) {
		t.Errorf("ref %+v", ref)
	}
	if m.Items[0].MsgID != "9223372036854775809" || !m.Items[0].IsCompleted || m.Items[0].CreateTimeMs != 5 {
		t.Errorf("item %+v", m.Items[0])
	}
	if f := m.Items[3].File; f.Size != 12345678901 || f.FileName != "报告.pdf" {
		t.Errorf("file %+v", f)
	}
	if v := m.Items[2].Voice; v.EncodeType != VoiceEncodeSilk || v.PlaytimeMs != 2500 || v.RecognText != "语音" {
		t.Errorf("voice %+v", v)
	}
	if v := m.Items[4].Video; v.VideoSize != 99 || v.PlayLengthMs != 3000 || v.ThumbMedia.EncryptQueryParam != "vt" {
		t.Errorf("video %+v", v)
	}
}

func TestMessageIDWithoutID(t *testing.T) {
	b, err := json.Marshal(Message{MessageID: -2})
	if err != nil {
		t.Fatal(err)
	}
	equalJSON(t, "message", b, `{"message_id":18446744073709551614}`)
}

func TestMessageKey(t *testing.T) {
	key := func(text string) string {
		var m Message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		return m.Key()
	}
	number, text := key(`{"message_id":9007199254740993}`), key(`{"message_id":"9007199254740993","client_id":"x"}`)
	if number != text {
		t.Errorf("the two forms of an id differ: %q, %q", number, text)
	}
	if got := key(`{"message_id":0,"client_id":"c9"}`); got != "c:c9" {
		t.Errorf("by client id: %q", got)
	}
	if got := key(`{"seq":3,"from_user_id":"u","create_time_ms":7}`); got != "s:3:u:7" {
		t.Errorf("by seq: %q", got)
	}
	if key(`{"seq":3,"from_user_id":"u","create_time_ms":7}`) == key(`{"seq":3,"from_user_id":"u","create_time_ms":8}`) {
		t.Error("two times, one key")
	}
}

func TestMessageText(t *testing.T) {
	m := Message{Items: []Item{
		TextMessage("a"), {Type: ItemTypeImage, Image: &ImageItem{}}, {Type: ItemTypeText}, TextMessage("界"),
		{Type: ItemTypeVoice, Text: &TextItem{Text: "not of its type"}},
	}}
	if got := m.Text(); got != "a界" {
		t.Errorf("got %q", got)
	}
	if (&Message{}).Text() != "" || (&Message{}).IsGroup() {
		t.Error("an empty message has text or a group")
	}
}

func TestItemMedia(t *testing.T) {
	media := &CDNMedia{EncryptQueryParam: "p", AESKey: "old"}
	const hexKey = "00112233445566778899aabbccddeeff"
	image := Item{Type: ItemTypeImage, Image: &ImageItem{Media: media, AESKey: hexKey}}
	got := image.Media()
	if key, err := parseKey(got.AESKey); err != nil || len(key) != 16 || key[1] != 0x11 {
		t.Errorf("key %x, %v", key, err)
	}
	if media.AESKey != "old" {
		t.Error("the item itself was changed")
	}
	for _, it := range []Item{
		{Type: ItemTypeImage, Image: &ImageItem{Media: media}}, {Type: ItemTypeVoice, Voice: &VoiceItem{Media: media}},
		{Type: ItemTypeFile, File: &FileItem{Media: media}}, {Type: ItemTypeVideo, Video: &VideoItem{Media: media}},
	} {
		if it.Media() != media {
			t.Errorf("%v: %+v", it.Type, it.Media())
		}
	}
	for _, it := range []Item{TextMessage("x"), {Type: ItemTypeImage}, {}, {Type: ItemTypeFile, File: &FileItem{}}} {
		if it.Media() != nil {
			t.Errorf("%v: %+v", it.Type, it.Media())
		}
	}
}

// Older documents show how an image is fetched with Image.Media alone: the key
// that the protocol prefers must be there too.
func TestInboundImageKeyIsInMedia(t *testing.T) {
	const hexKey = "00112233445566778899aabbccddeeff"
	for name, tc := range map[string]struct{ aeskey, mediaKey, want string }{
		"only aeskey":     {hexKey, "", "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY="},
		"another in both": {hexKey, "AAAAAAAAAAAAAAAAAAAAAA==", "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY="},
		"the same, raw":   {hexKey, "ABEiM0RVZneImaq7zN3u/w==", "ABEiM0RVZneImaq7zN3u/w=="},
		"only media":      {"", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA=="},
		"none":            {"", "", ""},
		"not a key":       {"zz", "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA=="},
	} {
		var it Item
		text := `{"type":2,"image_item":{"aeskey":"` + tc.aeskey + `","media":{"aes_key":"` + tc.mediaKey + `"}}}`
		if err := json.Unmarshal([]byte(text), &it); err != nil {
			t.Fatal(err)
		}
		if got := it.Image.Media.AESKey; got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	var it Item
	if err := json.Unmarshal([]byte(`{"type":2,"image_item":{"aeskey":"`+hexKey+`"}}`), &it); err != nil || it.Media() != nil {
		t.Errorf("no media: %v, %+v", err, it.Media())
	}
}

func TestItemTypeString(t *testing.T) {
	for typ, want := range map[ItemType]string{
		1: "text", 2: "image", 3: "voice", 4: "file", 5: "video", 11: "tool_call_start", 12: "tool_call_result", 0: "unknown", 99: "unknown",
	} {
		if typ.String() != want {
			t.Errorf("%d: %q", int(typ), typ)
		}
	}
}

func TestMessageInALog(t *testing.T) {
	var m Message
	if err := json.Unmarshal([]byte(wholeMessage), &m); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("got", "msg", &m)
	if s := buf.String(); strings.Contains(s, "AARzJWAF") || strings.Contains(s, "00112233") || !strings.Contains(s, "u@im.wechat") {
		t.Errorf("logged %s", s)
	}
	if got := (*Message)(nil).LogValue().String(); got != "no message" {
		t.Errorf("nil: %q", got)
	}
}

func TestMalformedMessages(t *testing.T) {
	for _, text := range []string{
		`1`, `"x"`, `[]`, `{"item_list":{}}`, `{"message_id":{}}`, `{"item_list":[{"type":"one"}]}`,
		`{"item_list":[{"type":4,"file_item":{"len":[]}}]}`, `{"context_token":5}`, `{"seq":"many"}`,
	} {
		var m Message
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s: read as %+v", text, m)
		}
	}
	var it Item
	if err := json.Unmarshal([]byte(`{"type":[]}`), &it); err == nil {
		t.Errorf("read as %+v", it)
	}
}
