package ilinksim

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzHandler throws requests at the handler; nothing may make it panic but
// the value that net/http takes for "cut the connection".
func FuzzHandler(f *testing.F) {
	const base = `{"base_info":{"channel_version":"1"},`
	for _, seed := range []struct{ method, path, body string }{
		{"POST", "/ilink/bot/getupdates", base + `"get_updates_buf":"x"}`},
		{"POST", "/ilink/bot/sendmessage", base + `"msg":{"to_user_id":"alice@im.wechat","client_id":"c","message_type":2,"item_list":[{"type":1,"text_item":{"text":"x"}}]}}`},
		{"POST", "/ilink/bot/sendmessage", base + `"msg":{"to_user_id":"alice@im.wechat","client_id":"c","message_type":2,"item_list":[{"type":2,"image_item":{"media":{"encrypt_query_param":"x"},"mid_size":1e400}}]}}`},
		{"POST", "/ilink/bot/sendmessage", base + `"msg":{"to_user_id":"alice@im.wechat","client_id":"c","message_type":2,"item_list":[null]}}`},
		{"POST", "/ilink/bot/sendmessage", base + `"msg":null}`},
		{"POST", "/ilink/bot/sendmessage", `[[[[`},
		{"POST", "/ilink/bot/getconfig", base + `"ilink_user_id":"alice@im.wechat"}`},
		{"POST", "/ilink/bot/sendtyping", base + `"ilink_user_id":"a","typing_ticket":"t","status":-1}`},
		{"POST", "/ilink/bot/recallmessage", base + `"msg_id":-1}`},
		{"POST", "/ilink/bot/recallmessage", base + `"msg_id":{"a":[]}}`},
		{"POST", "/ilink/bot/getuploadurl", base + `"rawsize":9223372036854775807,"filekey":"x","to_user_id":"a","rawfilemd5":"x","aeskey":"x"}`},
		{"POST", "/ilink/bot/msg/notifystart", base + `"x":1}`},
		{"POST", "/ilink/bot/get_bot_qrcode?bot_type=%zz", `{"local_token_list":5}`},
		{"GET", "/ilink/bot/get_qrcode_status?qrcode=&verify_code=1", ""},
		{"POST", "/c2c/upload?encrypted_query_param=x&filekey=y", "data"},
		{"PUT", "/c2c/upload", "data"},
		{"GET", "/c2c/download?encrypted_query_param=%00", ""},
		{"POST", "/sim/bots", `{"id":"@"}`},
		{"POST", "/sim/messages", `{"bot":"b","from":"a","items":[{"type":{}}],"quote":"1","quote_style":"full"}`},
		{"POST", "/sim/messages", `{"bot":"b","from":"a","image":{"base64":""},"partial_text":{}}`},
		{"GET", "/sim/sent?after=99999999999999999999", ""},
		{"GET", "/sim/sent?after=9223372036854775807&wait_ms=0", ""},
		{"POST", "/sim/faults", `{"endpoint":"*","kind":"cut","rate":1}`},
		{"POST", "/sim/faults", `{"endpoint":"cdn_upload","kind":"slow","delay_ms":1}`},
		{"DELETE", "/sim/faults?id=1", ""},
		{"POST", "/sim/login/x", `{"action":"confirm"}`},
		{"POST", "/sim/clock", `{"advance":"2562047h"}`},
		{"GET", "/sim/media/0", ""},
		{"GET", "/sim/state", ""},
		{"BREW", "/", ""},
	} {
		f.Add(seed.method, seed.path, seed.body)
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, method, "http://sim.test"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") {
			t.Skip()
		}
		sim := NewUnstarted(WithHold(time.Millisecond))
		defer sim.Close()
		bot := sim.AddBot("b")
		sim.Say("alice", "hi")
		(&client{t: t, bot: bot}).headers(r.Header)
		for range 2 { // the first may have added a fault
			func() {
				defer func() {
					if p := recover(); p != nil && !isAbort(p) {
						t.Errorf("%s %s %s: panic %v", method, path, body, p)
					}
				}()
				sim.Handler().ServeHTTP(httptest.NewRecorder(), r.Clone(ctx))
			}()
		}
	})
}

func isAbort(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}
