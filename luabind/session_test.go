package luabind

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestOnSessionExpired(t *testing.T) {
	b := load(t, `
function on_message(msg) end
function on_session_expired(info)
  print(info.bot, info.since, info.message, getmetatable(info))
  assert(ilink.send("alice@im.wechat", "I am offline."))
  print(pcall(ilink.upload, "logo.png"))
  assert(ilink.upload("logo.png", { to = "alice@im.wechat" }))
  if info.message == "" then error("no message") end
end`)
	writeFiles(t, b.dir, "logo.png", "x")
	info := SessionInfo{Since: time.UnixMilli(1700000000500), Message: "log in\xff"}
	if err := b.OnSessionExpired(context.Background(), info); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.host.logged(), "INFO testbot\t1700000000.5\tlog in\uFFFD\tnil",
		`INFO false	scripts/bot.lua:6: upload needs the receiver here, as in { to = "…" }: no message is being handled`)
	if r := b.host.sent[0]; r.InReplyTo != nil || r.To != "alice@im.wechat" {
		t.Errorf("%+v", r)
	}
	err := b.OnSessionExpired(context.Background(), SessionInfo{})
	if e := asScriptError(t, err); e.Error() != "scripts/bot.lua:8: no message" || !strings.HasSuffix(e.Traceback, "in on_session_expired") {
		t.Error(e.Detail())
	}
}
