package ilink

import "testing"

func TestContentKey(t *testing.T) {
	text := func(change func(*Message)) *Message {
		m := &Message{ID: "1", From: "a@im.wechat", CreateTimeMs: 1000, ContextToken: "t", Items: []Item{{Type: ItemTypeText, Text: &TextItem{Text: "1"}, MsgID: "1"}}}
		change(m)
		return m
	}
	image := func(param, key, url string) *Message {
		m := &Message{ID: param, From: "a@im.wechat", CreateTimeMs: 1000}
		m.Items = []Item{{Type: ItemTypeImage, Image: &ImageItem{AESKey: key, URL: url, Media: &CDNMedia{EncryptQueryParam: param, AESKey: key, FullURL: url}}}}
		return m
	}
	first := text(func(*Message) {})
	for _, tt := range []struct {
		name  string
		other *Message
		same  bool
	}{
		{"another id, token and item id", text(func(m *Message) { m.ID, m.ContextToken, m.Items[0].MsgID = "2", "u", "2" }), true},
		{"no id", text(func(m *Message) { m.ID, m.Items[0].MsgID = "", "" }), true},
		{"another client id and sequence number", text(func(m *Message) { m.ClientID, m.Seq = "c", 9 }), true},
		{"said again a moment later", text(func(m *Message) { m.CreateTimeMs++ }), false},
		{"another sender", text(func(m *Message) { m.From = "b@im.wechat" }), false},
		{"another group", text(func(m *Message) { m.GroupID = "g" }), false},
		{"another text", text(func(m *Message) { m.Items[0].Text = &TextItem{Text: "2"} }), false},
		{"an image", image("p", "k", "u"), false},
	} {
		if same := first.ContentKey() == tt.other.ContentKey(); same != tt.same {
			t.Errorf("%s: the same %v", tt.name, same)
		}
	}
	if first.Items[0].MsgID != "1" {
		t.Error("the message was changed")
	}
	if a, b := image("p", "k", "u"), image("q", "l", "v"); a.ContentKey() != b.ContentKey() || a.Items[0].Image.Media == nil {
		t.Error("an image under other keys")
	}
	if k := text(func(m *Message) { m.CreateTimeMs = 0 }).ContentKey(); k != "" {
		t.Errorf("without a time: %q", k)
	}
}

func TestKeyOfItem(t *testing.T) {
	m := &Message{ClientID: "c", Items: []Item{{MsgID: "7"}}}
	if m.Key() != "i:7" {
		t.Error(m.Key())
	}
	m.ID = "8"
	if m.Key() != "m:8" {
		t.Error(m.Key())
	}
}
