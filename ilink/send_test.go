package ilink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const sixteen = "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY=" // base64 of the hex of 001122…eeff

// uploaded is what an upload of 100 bytes returns.
func uploaded() *CDNMedia {
	return &CDNMedia{
		EncryptQueryParam: "enc+/=", AESKey: sixteen, EncryptType: 1, RawSize: 100, EncryptedSize: 112, MD5: "m", FileName: "n.bin",
	}
}

func sentItem(t *testing.T, it Item) []byte {
	t.Helper()
	c, f := newFake(func(*call) (*http.Response, error) { return ok(`{}`) })
	if _, err := c.SendMessage(t.Context(), &OutboundMessage{To: "u", ClientID: "c", Items: []Item{it}}); err != nil {
		t.Fatal(err)
	}
	var req struct {
		Msg struct {
			ItemList []json.RawMessage `json:"item_list"`
		} `json:"msg"`
	}
	if err := json.Unmarshal(f.last("sendmessage").body, &req); err != nil || len(req.Msg.ItemList) != 1 {
		t.Fatalf("%v: %s", err, f.last("sendmessage").body)
	}
	return req.Msg.ItemList[0]
}

// Fields that the protocol doesn't list have made sends fail: nothing more than
// this may go out.
func TestOutboundItems(t *testing.T) {
	const media = `{"encrypt_query_param":"enc+/=","aes_key":"` + sixteen + `","encrypt_type":1}`
	const thumb = `{"encrypt_query_param":"thumb","aes_key":"` + sixteen + `","encrypt_type":1}`
	thumbnail := func() *CDNMedia {
		return &CDNMedia{EncryptQueryParam: "thumb", AESKey: sixteen, EncryptType: 1, RawSize: 9, EncryptedSize: 16}
	}
	withThumb := uploaded()
	withThumb.Thumb = thumbnail()
	inbound := &CDNMedia{ // as a phone sends it, and an echo bot sends it back
		EncryptQueryParam: "enc+/=", AESKey: "ABEiM0RVZneImaq7zN3u/w==", EncryptType: 1, FullURL: "https://cdn/x?y",
	}
	empty := uploaded()
	empty.RawSize, empty.EncryptedSize = 0, 16
	for name, tc := range map[string]struct {
		item Item
		want string
	}{
		"text":           {TextMessage("你好 <b> 👍🏽"), `{"type":1,"text_item":{"text":"你好 <b> 👍🏽"}}`},
		"image":          {ImageMessage(uploaded()), `{"type":2,"image_item":{"media":` + media + `,"mid_size":112}}`},
		"file":           {FileMessage(uploaded()), `{"type":4,"file_item":{"media":` + media + `,"file_name":"n.bin","len":"100"}}`},
		"empty file":     {FileMessage(empty), `{"type":4,"file_item":{"media":` + media + `,"file_name":"n.bin","len":"0"}}`},
		"video":          {VideoMessage(uploaded()), `{"type":5,"video_item":{"media":` + media + `,"video_size":112}}`},
		"voice":          {Item{Type: ItemTypeVoice, Voice: &VoiceItem{Media: uploaded(), EncodeType: VoiceEncodeSilk, SampleRate: 16000, PlaytimeMs: 900, RecognText: "inbound only"}}, `{"type":3,"voice_item":{"media":` + media + `,"encode_type":6,"sample_rate":16000,"playtime":900}}`},
		"tool start":     {Item{Type: ItemTypeToolCallStart, ToolCallStart: &ToolCallStartItem{ToolName: "t", ToolCallID: "1"}}, `{"type":11,"tool_call_start_item":{"tool_name":"t","tool_call_id":"1"}}`},
		"tool result":    {Item{Type: ItemTypeToolCallResult, ToolCallResult: &ToolCallResultItem{ToolName: "t", ToolCallID: "1", Status: "ok"}}, `{"type":12,"tool_call_result_item":{"tool_name":"t","tool_call_id":"1","status":"ok"}}`},
		"named file":     {Item{Type: ItemTypeFile, File: &FileItem{Media: uploaded(), FileName: "报告.pdf", Size: 7}}, `{"type":4,"file_item":{"media":` + media + `,"file_name":"报告.pdf","len":"7"}}`},
		"image + thumb":  {ImageMessage(withThumb), `{"type":2,"image_item":{"media":` + media + `,"mid_size":112,"thumb_media":` + thumb + `,"thumb_size":16}}`},
		"video + thumb":  {Item{Type: ItemTypeVideo, Video: &VideoItem{Media: uploaded(), ThumbMedia: thumbnail(), PlayLengthMs: 5, ThumbWidth: 3, ThumbHeight: 4}}, `{"type":5,"video_item":{"media":` + media + `,"video_size":112,"play_length":5,"thumb_media":` + thumb + `,"thumb_size":16,"thumb_width":3,"thumb_height":4}}`},
		"plain size":     {Item{Type: ItemTypeVideo, Video: &VideoItem{Media: uploaded(), VideoSize: 100}}, `{"type":5,"video_item":{"media":` + media + `,"video_size":112}}`},
		"inbound image":  {Item{Type: ItemTypeImage, MsgID: "5", CreateTimeMs: 1, UpdateTimeMs: 2, IsCompleted: true, Image: &ImageItem{Media: inbound, URL: "https://u", MidSize: 48}}, `{"type":2,"image_item":{"media":` + media + `,"mid_size":48}}`},
		"inbound aeskey": {Item{Type: ItemTypeImage, Image: &ImageItem{Media: &CDNMedia{EncryptQueryParam: "enc+/=", EncryptType: 1}, AESKey: "00112233445566778899AABBCCDDEEFF", MidSize: 48}}, `{"type":2,"image_item":{"media":` + media + `,"mid_size":48}}`},
		"other contents": {Item{Type: ItemTypeText, Text: &TextItem{Text: "x"}, Image: &ImageItem{Media: inbound}, File: &FileItem{}}, `{"type":1,"text_item":{"text":"x"}}`},
		"quote":          {Item{Type: ItemTypeText, Text: &TextItem{Text: "x"}, RefMsg: &RefMessage{Title: "t", ServerID: "18446744073709551615", Item: &Item{Type: ItemTypeText, Text: &TextItem{Text: "q"}, MsgID: "9"}, Partial: &PartialText{Start: "a", End: "b"}}}, `{"type":1,"text_item":{"text":"x"},"ref_msg":{"title":"t","svr_id":18446744073709551615,"message_item":{"type":1,"text_item":{"text":"q"}},"partial_text":{"start":"a","end":"b","startindex":0,"endindex":0}}}`},
	} {
		equalJSON(t, name, sentItem(t, tc.item), tc.want)
		// What is kept in a queue, as JSON, goes out the same.
		b, err := json.Marshal(tc.item)
		if err != nil {
			t.Fatal(err)
		}
		var back Item
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		equalJSON(t, name+", stored", sentItem(t, back), tc.want)
	}
}

func TestSendMessageRequest(t *testing.T) {
	c, f := newFake(func(*call) (*http.Response, error) { return ok(`{"ret":0}`) })
	res, err := c.SendMessage(t.Context(), &OutboundMessage{
		To: "u@im.wechat", GroupID: "g", ContextToken: "AAR+/= 好<>&", ClientID: "my-id", RunID: "run", Items: []Item{TextMessage("x")},
	})
	if err != nil || res.ClientID != "my-id" {
		t.Fatalf("%+v, %v", res, err)
	}
	equalJSON(t, "whole", f.last("sendmessage").body, `{"msg":{"from_user_id":"","to_user_id":"u@im.wechat","client_id":"my-id",
		"message_type":2,"message_state":2,"item_list":[{"type":1,"text_item":{"text":"x"}}],"context_token":"AAR+/= 好<>&",
		"run_id":"run","group_id":"g"},"base_info":{"channel_version":"2.4.9","bot_agent":"ilinkd/1"}}`)
	if _, err := c.SendMessage(t.Context(), &OutboundMessage{To: "u", ClientID: "c", Items: []Item{TextMessage("x")}}); err != nil {
		t.Fatal(err)
	}
	equalJSON(t, "least", f.last("sendmessage").body, `{"msg":{"from_user_id":"","to_user_id":"u","client_id":"c",
		"message_type":2,"message_state":2,"item_list":[{"type":1,"text_item":{"text":"x"}}]},
		"base_info":{"channel_version":"2.4.9","bot_agent":"ilinkd/1"}}`)
}

func TestSendMessageAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		`{"ret":0,"message_id":18446744073709551615}`: "18446744073709551615",
		`{"message_id":"9007199254740993"}`:           "9007199254740993",
		`{"message_id":0}`:                            "",
		`{"ret":0}`:                                   "",
		`{}`:                                          "",
		``:                                            "",
		"\n":                                          "",
		// It was sent: an id that can't be read is no failure.
		`{"ret":0,"message_id":{"a":1}}`: "",
	} {
		c, _ := newFake(func(*call) (*http.Response, error) { return ok(answer) })
		res, err := c.SendMessage(t.Context(), &OutboundMessage{To: "u", Items: []Item{TextMessage("x")}})
		if err != nil || res.MessageID != want || !strings.HasPrefix(res.ClientID, "ilinkd-") {
			t.Errorf("%s: %+v, %v", answer, res, err)
		}
	}
}

func TestSendRefusedHere(t *testing.T) {
	c, f := newFake(func(*call) (*http.Response, error) { return ok(`{}`) })
	one := []Item{TextMessage("x")}
	for name, msg := range map[string]*OutboundMessage{
		"nil": nil, "no items": {To: "u"}, "no receiver": {Items: one},
		"no content": {To: "u", Items: []Item{{Type: ItemTypeText}}}, "no type": {To: "u", Items: []Item{{Text: &TextItem{Text: "x"}}}},
		"content of another type": {To: "u", Items: []Item{{Type: ItemTypeImage, Text: &TextItem{Text: "x"}}}},
	} {
		if err := c.Send(t.Context(), msg); !errors.Is(err, ErrBadRequest) {
			t.Errorf("Send, %s: %v", name, err)
		}
		if _, err := c.SendMessage(t.Context(), msg); !errors.Is(err, ErrBadRequest) {
			t.Errorf("SendMessage, %s: %v", name, err)
		}
	}
	if _, err := c.SendMessage(t.Context(), &OutboundMessage{To: "u", Items: append(one, one...)}); !errors.Is(err, ErrBadRequest) {
		t.Errorf("two items: %v", err)
	}
	if err := c.Reply(t.Context(), nil, one...); !errors.Is(err, ErrBadRequest) {
		t.Errorf("Reply to nil: %v", err)
	}
	if len(f.calls) != 0 {
		t.Errorf("%d calls", len(f.calls))
	}
}

func TestSendSeveralItems(t *testing.T) {
	send := func(clientID string, failAt int) (ids []string, err error) {
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.n == failAt {
				return ok(`{"ret":-2,"errmsg":"rate limited"}`)
			}
			return ok(`{}`)
		})
		err = c.Send(t.Context(), &OutboundMessage{
			To: "u", ContextToken: "ct", ClientID: clientID, RunID: "r", Items: []Item{TextMessage("0"), TextMessage("1"), TextMessage("2")},
		})
		for i, c := range f.calls {
			msg := c.json(t)["msg"].(map[string]any)
			items := msg["item_list"].([]any)
			if len(items) != 1 || items[0].(map[string]any)["text_item"].(map[string]any)["text"] != fmt.Sprint(i) ||
				msg["context_token"] != "ct" || msg["run_id"] != "r" || msg["to_user_id"] != "u" {
				t.Errorf("request %d: %v", i, msg)
			}
			ids = append(ids, msg["client_id"].(string))
		}
		return ids, err
	}
	if ids, err := send("id", -1); err != nil || !slices.Equal(ids, []string{"id", "id-2", "id-3"}) {
		t.Errorf("%q, %v", ids, err)
	}
	ids, err := send("", -1)
	if err != nil || len(ids) != 3 || ids[1] != ids[0]+"-2" || len(ids[0]) < 20 {
		t.Errorf("made up: %q, %v", ids, err)
	}
	ids, err = send("id", 1)
	if !errors.Is(err, ErrThrottled) || len(ids) != 2 || !strings.Contains(err.Error(), "item 2 of 3") {
		t.Errorf("second fails: %q, %v", ids, err)
	}
}

func TestReply(t *testing.T) {
	c, f := newFake(func(*call) (*http.Response, error) { return ok(`{}`) })
	err := c.Reply(t.Context(), &Message{From: "u@im.wechat", GroupID: "g", ContextToken: "AAR=="}, TextMessage("pong"))
	if err != nil {
		t.Fatal(err)
	}
	msg := f.last("sendmessage").json(t)["msg"].(map[string]any)
	if msg["to_user_id"] != "u@im.wechat" || msg["group_id"] != "g" || msg["context_token"] != "AAR==" {
		t.Errorf("%v", msg)
	}
}

func TestNewClientID(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id := NewClientID()
		if seen[id] || len(id) > 60 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func TestRecall(t *testing.T) {
	c, f := newFake(func(c *call) (*http.Response, error) {
		if c.n == 4 {
			return ok(`{"ret":-2,"errmsg":"invalid arguments"}`)
		}
		return ok("")
	})
	ctx := context.Background()
	for _, tc := range []struct {
		err  error
		want string
	}{
		{c.RecallMessage(ctx, 7), "7"}, {c.RecallMessage(ctx, -1), "18446744073709551615"},
		{c.Recall(ctx, "9223372036854775808"), "9223372036854775808"}, {c.Recall(ctx, "007"), "7"},
	} {
		if tc.err != nil {
			t.Error(tc.err)
		}
		i := slices.IndexFunc(f.calls, func(c *call) bool { return fmt.Sprint(c.json(t)["msg_id"]) == tc.want })
		if i < 0 {
			t.Errorf("no call with %s", tc.want)
		}
	}
	if err := c.Recall(ctx, "5"); !errors.Is(err, ErrBadRequest) {
		t.Error(err)
	}
	n := len(f.calls)
	if c.Recall(ctx, "") == nil || c.RecallMessage(ctx, 0) == nil || len(f.calls) != n {
		t.Error("recalled nothing")
	}
}
