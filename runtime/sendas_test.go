package runtime_test

import (
	"context"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// TestSendAsAnotherBot: what a script sends as another bot comes from that one, and
// only where the configuration allows it.
func TestSendAsAnotherBot(t *testing.T) {
	f := follow(t, []string{"one", "two"},
		botTable("one", "one", "one.lua")+"[bot.allow]\nsend_as = [\"two\"]\n", botTable("two", "two", "two.lua"))
	f.write("one.lua", `
function on_message(msg)
  local sent, err = ilink.send(msg.from, msg.text, { file = "a.txt" }, { as = "two" })
  local _, other = ilink.send(msg.from, "x", { as = "other" })
  msg:reply((sent and sent.status or tostring(err)) .. ", " .. other.kind .. ": " .. other)
end`)
	f.write("a.txt", "text")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	say := func(bot, text string, n int) (texts []string) {
		t.Helper()
		for last := 0; len(texts) < n; {
			if last == 0 {
				if _, err := f.sim.Inject(ilinksim.In{Bot: bot, From: "alice", Text: text}); err != nil {
					t.Fatal(err)
				}
				last = len(f.sim.Sent(0))
			}
			got, err := f.sim.WaitSent(ctx, ilinksim.Filter{}, last)
			if err != nil {
				t.Fatalf("%v after %v; log:\n%s", err, texts, f.log)
			}
			for _, s := range got {
				last = s.N
				texts = append(texts, strings.TrimSuffix(s.Bot, "@im.bot")+": "+s.Text)
			}
		}
		return texts
	}
	say("two", "hello", 1) // so that it can write to alice
	texts := say("one", "psst", 3)
	want := `one: sent, not_allowed: the script may not send as "other": name that bot in runtime.toml, [bot.allow] send_as = ["other"]`
	if texts[0] != "two: psst" || texts[1] != "two: " || texts[2] != want {
		t.Errorf("got %q", texts)
	}
}
