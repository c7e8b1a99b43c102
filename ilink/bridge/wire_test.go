package bridge

import (
	"encoding/json"
	"reflect"
	"testing"
)

// What the seed's types write is what they have written before.
func TestJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		value any
		want  string
	}{
		"updates request": {
			&GetUpdatesRequest{GetUpdatesBuf: "c", BaseInfo: BaseInfo{ChannelVersion: "1"}},
			`{"get_updates_buf":"c","base_info":{"channel_version":"1"}}`,
		},
		"empty updates request":  {&GetUpdatesRequest{}, `{"get_updates_buf":"","base_info":{}}`},
		"empty updates response": {&GetUpdatesResponse{}, `{"ret":0}`},
		"updates response": {
			&GetUpdatesResponse{
				Ret: -14, ErrCode: -14, ErrMsg: "gone", GetUpdatesBuf: "d", LongPollingTimeoutMs: 35000,
				Msgs: []WeixinMessage{{FromUserID: "a", MessageID: "18446744073709551615"}},
			},
			`{"ret":-14,"errcode":-14,"errmsg":"gone","msgs":[{"from_user_id":"a","message_id":"18446744073709551615"}],` +
				`"get_updates_buf":"d","longpolling_timeout_ms":35000}`,
		},
		"send request": {
			&SendMessageRequest{Msg: WeixinMessage{
				FromUserID: "a", ToUserID: "b", ClientID: "c", CreateTimeMs: 5, MessageType: 2, MessageState: 2,
				ItemList:     []MessageItem{{Type: 1, TextItem: &TextItem{Text: "hi"}}, {Type: 2}},
				ContextToken: "x",
			}},
			`{"msg":{"from_user_id":"a","to_user_id":"b","client_id":"c","create_time_ms":5,"message_type":2,` +
				`"message_state":2,"item_list":[{"type":1,"text_item":{"text":"hi"}},{"type":2}],"context_token":"x"},"base_info":{}}`,
		},
		"status": {
			&StatusResult{Status: "confirmed", Token: "t", BotID: "b", BaseURL: "u", UserID: "o"},
			`{"status":"confirmed","bot_token":"t","ilink_bot_id":"b","baseurl":"u","ilink_user_id":"o"}`,
		},
		"wait": {&StatusResult{Status: "wait"}, `{"status":"wait"}`},
	} {
		got, err := json.Marshal(tc.value)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, tc.want)
		}
		back := reflect.New(reflect.TypeOf(tc.value).Elem()).Interface()
		if err := json.Unmarshal(got, back); err != nil || !reflect.DeepEqual(back, tc.value) {
			t.Errorf("%s: read back: %v, %s", name, err, got)
		}
	}
}

func TestMessageID(t *testing.T) {
	for in, want := range map[string]MessageID{
		`18446744073709551615`:   "18446744073709551615",
		`"18446744073709551615"`: "18446744073709551615",
		`"9007199254740993"`:     "9007199254740993",
		`-1`:                     "18446744073709551615",
		`12e3`:                   "12000",
		`1.5`:                    "1.5",
		`0`:                      "",
		`"0"`:                    "",
		`null`:                   "",
		`""`:                     "",
		`"12e3"`:                 "12e3",
		`" 007 "`:                "7",
	} {
		var id MessageID
		if err := json.Unmarshal([]byte(in), &id); err != nil || id != want {
			t.Errorf("%s: %q, %v, want %q", in, id, err, want)
		}
	}
	for _, in := range []string{`true`, `{}`, `[]`} {
		var m WeixinMessage
		if err := json.Unmarshal([]byte(`{"message_id":`+in+`}`), &m); err == nil {
			t.Errorf("%s was read as %q", in, m.MessageID)
		}
	}
}
