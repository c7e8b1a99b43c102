package runtime_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
)

// TestModules: scripts have the standard modules, and what runtime.toml allows them.
func TestModules(t *testing.T) {
	t.Setenv("ILINKD_TEST_KEY", "s3cret")
	w := newWorld(t, `function on_message(msg)
		assert(time.sleep(0))
		local ok, err = pcall(function() return env.PATH end)
		msg:reply(json.encode({ env.ILINKD_TEST_KEY, env.get("ILINKD_TEST_UNSET", "none"), ok, text.len("你好"), re.test("x", "x"), random.int(3, 3) }))
		msg:reply(tostring(err))
	end`, func(c *runtime.Config) {
		c.Bots[0].Allow.Env = []string{"ILINKD_TEST_KEY", "ILINKD_TEST_UNSET"}
	})
	w.sim.Say("alice", "hi")
	sent := w.sent(2)
	if got, want := sent[0].Text, `["s3cret","none",false,2,true,3]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	contains(t, sent[1].Text, `the script may not read the environment variable PATH`, `[bot.allow] env = ["PATH"]`)
}
