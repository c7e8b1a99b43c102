package runtime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
)

// A user whose message fills the script's memory costs the others of the bot no try:
// they are handled when the script is loaded anew.
func TestMemoryOfOneUser(t *testing.T) {
	for _, mode := range []string{runtime.IsolationHost, runtime.IsolationProcess} {
		t.Run(mode, func(t *testing.T) {
			w := newWorld(t, `
function on_message(msg)
  if msg.text == "fill" then
    ilink.state.t = {}
    for i = 1, 1e7 do ilink.state.t[i] = { i } end
  end
  msg:reply("pong " .. msg.text)
end`, func(c *runtime.Config) {
				unlimited(c)
				(*runtime.Config).Hurry(c)
				c.Bots[0].Sandbox.Memory, c.Bots[0].Sandbox.Isolation = 16<<20, mode
				c.Delivery.Retries = 1
			})
			const users, rounds = 8, 10
			for round := range rounds {
				if round%4 == 1 {
					w.sim.Say("mallory", "fill")
				}
				for u := range users {
					w.sim.Say(fmt.Sprintf("user%d", u), fmt.Sprint(round))
				}
			}
			got := map[string][]string{}
			for _, s := range w.sent(users * rounds) {
				got[s.To] = append(got[s.To], s.Text)
			}
			for u := range users {
				texts := got[fmt.Sprintf("user%d@im.wechat", u)]
				for i, text := range texts {
					if text != fmt.Sprint("pong ", i) {
						t.Errorf("user%d: %q", u, texts)
						break
					}
				}
				if len(texts) != rounds {
					t.Errorf("user%d has %d answers", u, len(texts))
				}
			}
			for line := range strings.Lines(w.log.String()) {
				if strings.Contains(line, "from=user") && strings.Contains(line, "failed") {
					t.Errorf("%s", line)
				}
			}
		})
	}
}
