package faulttest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// world is a simulator, and ilinkd with its configuration in a folder.
type world struct {
	*process
	sim  *ilinksim.Server
	bots []string
	data string // folder
	seen int    // number of the last send looked at
}

// setup is what differs between worlds.
type setup struct {
	bots   int    // 0: one
	script string // "": echo
	config string // tables of the configuration but [ilink] and [[bot]]
	data   string // the data folder; "": data beside the configuration
	sim    []ilinksim.Option
}

const echo = `function on_message(msg) msg:reply("re: " .. msg.text) end`

// quick are limits of the server that are kept to as the real ones are, only
// faster, with the configuration that goes with them.
func quick(s setup) setup {
	s.config = "[limits]\nmin_gap = \"20ms\"\n" + s.config
	s.sim = append(s.sim, ilinksim.WithLimits(ilinksim.Limits{Burst: 3, BurstWindow: 60 * time.Millisecond}))
	return s
}

// newWorld makes a world; ilinkd is not started yet.
func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	binary(t)
	dir := t.TempDir()
	w := &world{process: newProcess(t, dir), sim: ilinksim.New(s.sim...)}
	t.Cleanup(w.sim.Close)
	t.Cleanup(w.kill) // before the simulator
	if s.script == "" {
		s.script = echo
	}
	if s.data == "" {
		s.data = filepath.Join(dir, "data")
	}
	w.data = s.data
	config := fmt.Sprintf("data = %q\n[ilink]\nbase_url = %q\ncdn_url = %q\n%s\n", s.data, w.sim.URL, w.sim.CDNURL, s.config)
	for i := range max(1, s.bots) {
		name := fmt.Sprintf("bot%d", i)
		account := w.sim.AddBot(name)
		token, err := json.Marshal(ilink.Token{BotToken: account.Token, BotID: account.ID, BaseURL: account.BaseURL})
		if err != nil {
			t.Fatal(err)
		}
		w.write(name+".token.json", string(token))
		config += fmt.Sprintf("[[bot]]\nname = %q\nscript = \"bot.lua\"\ntoken_file = %q\n", name, name+".token.json")
		w.bots = append(w.bots, name)
	}
	w.write("bot.lua", s.script)
	w.write("runtime.toml", config)
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// say has a user write to a bot.
func (w *world) say(bot, user, text string) (messageID string) {
	w.t.Helper()
	id, err := w.sim.Inject(ilinksim.In{Bot: bot, From: user, Text: text})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// fault has something go wrong.
func (w *world) fault(f ilinksim.Fault) {
	w.t.Helper()
	if _, err := w.sim.AddFault(f); err != nil {
		w.t.Fatal(err)
	}
}

// texts waits for n further sends to a user, "" for any, and returns their texts.
func (w *world) texts(user string, n int) []string {
	w.t.Helper()
	ctx, done := context.WithTimeout(w.t.Context(), patience)
	defer done()
	var got []string
	for len(got) < n {
		more, err := w.sim.WaitSent(ctx, ilinksim.Filter{To: user}, w.seen)
		if err != nil {
			w.t.Fatalf("%d of %d sends to %q came: %q; rejected: %+v", len(got), n, user, got, w.sim.Rejected(0))
		}
		for _, s := range more {
			w.seen = s.N
			got = append(got, s.Text)
		}
	}
	return got
}

// idle has another user of the bot ask and be answered for a while, so that
// whatever was due is out, and checks that nothing was sent but that. For what
// was sent in the very last moments it isn't clear to the client whether a user's
// message came before or behind it, and it then rather counts it. How long such
// moments are goes by how long the server takes to answer, at most two seconds.
func (w *world) idle(user string) {
	w.t.Helper()
	longest := 100 * time.Millisecond
	for begun := time.Now(); time.Since(begun) < min(3*longest, 3*time.Second); {
		asked := time.Now()
		before := len(w.sim.Sent(0))
		w.say("", user, "are you there?")
		if got := w.texts("", 1); got[0] != "re: are you there?" {
			w.t.Errorf("%q was sent", got)
		}
		if n := len(w.sim.Sent(0)); n != before+1 {
			w.t.Errorf("%d sends, want %d", n, before+1)
		}
		longest = max(longest, time.Since(asked))
	}
}

// polling waits until all bots poll.
func (w *world) polling() {
	w.t.Helper()
	w.until("all bots poll", func() bool {
		return !slices.ContainsFunc(w.sim.State().Bots, func(b ilinksim.BotState) bool { return !b.Polling })
	})
}

// until waits for a condition.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("it never came about: %s", what)
		}
	}
}

// noneRefused checks that the server has refused no send, but for what a fault
// made of it.
func (w *world) noneRefused() {
	w.t.Helper()
	refused := slices.DeleteFunc(w.sim.Rejected(0), func(r ilinksim.Rejected) bool { return r.Reason == ilinksim.ReasonFault })
	if len(refused) > 0 {
		w.t.Errorf("%d sends were refused: %+v", len(refused), refused)
	}
}
