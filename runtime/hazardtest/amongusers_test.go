package hazardtest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// longestWait is how long an honest user waits for an answer at most while another user of
// the same bot does harm: some handlers that end by their limits of computing time, and the
// script loaded anew.
const longestWait = 15 * time.Second

// TestHazardsAmongUsers: one user's messages bring a bot to do harm, and the other users of
// the same bot are answered all the same, each message once and in order, and soon. The
// harmful messages come to their end as well.
func TestHazardsAmongUsers(t *testing.T) {
	hazards := slices.DeleteFunc(corpus(t), func(h hazard) bool {
		// What a script does while it is loaded, started and ended is no user's doing; nor is
		// that it takes away its own handler, or puts others before it for all.
		return slices.Contains(h.expect, "load") || strings.Contains(h.source, "on_start") || strings.Contains(h.source, "on_stop") ||
			!strings.Contains(h.source, "function on_message") || strings.Contains(h.name, "hook") || strings.Contains(h.name, "middleware")
	})
	if only := os.Getenv("ILINKD_HAZARD"); only != "" {
		hazards = slices.DeleteFunc(hazards, func(h hazard) bool { return !strings.Contains(h.name, only) })
	} else if testing.Short() || raceEnabled && !full {
		hazards = sample(hazards, 40)
	} else if !full {
		hazards = sample(hazards, 8)
	}
	w := newWorld(t)
	var worst time.Duration
	for _, h := range hazards {
		w.load(nil)
		h.source += `
local hazard, interrupt = on_message, on_interrupt
on_interrupt = interrupt and function(msg)
  return msg.from == "mallory@im.wechat" and interrupt(msg)
end
function on_message(msg)
  if msg.from == "mallory@im.wechat" then return hazard(msg) end
  msg:reply("pong " .. msg.text)
end`
		begun := time.Now()
		loaded := w.load(&h)
		if loaded.failed != nil {
			t.Errorf("%s: %v", h.name, loaded.failed)
			continue
		}
		longest := w.among(loaded)
		t.Logf("%-50s %6d ms, the longest wait was %v", h.name, time.Since(begun).Milliseconds(), longest.Round(time.Millisecond))
		worst = max(worst, longest)
		w.log.clear()
	}
	w.load(nil)
	t.Logf("%d hazards; the longest wait of an honest user was %v", len(hazards), worst.Round(time.Millisecond))
}

// among has a bot do harm for one user while three others ask it, and returns how long the
// longest of these has waited for an answer.
func (w *world) among(h hostile) (longest time.Duration) {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var mu sync.Mutex
	asked := 0
	var users sync.WaitGroup
	for u := range 3 {
		users.Go(func() {
			user := fmt.Sprintf("user%d", u)
			seen := 0
			for n := 0; n < 3 || ctx.Err() == nil; n++ {
				begun := time.Now()
				if _, err := w.sim.Inject(ilinksim.In{Bot: h.bot, From: user, Text: fmt.Sprint(n)}); err != nil {
					w.t.Error(err)
					return
				}
				limit, cancel := context.WithTimeout(context.Background(), longestWait)
				sent, err := w.sim.WaitSent(limit, ilinksim.Filter{Bot: h.bot, To: user + "@im.wechat"}, seen)
				cancel()
				if err != nil || sent[0].Text != fmt.Sprint("pong ", n) {
					w.t.Errorf("%s: %s got %+v after %v for message %d: %v; status %+v; log:\n%s", h.name, user, sent, time.Since(begun), n, err, w.status(h.bot), w.log.of(h.bot))
					return
				}
				seen = sent[0].N
				mu.Lock()
				longest = max(longest, time.Since(begun))
				asked++
				mu.Unlock()
				pause(ctx, 5*time.Millisecond)
			}
		})
	}
	harmful := min(h.messages, 6) + 1
	for range harmful {
		if _, err := w.sim.Inject(ilinksim.In{Bot: h.bot, From: "mallory", Text: "x"}); err != nil {
			w.t.Fatal(err)
		}
	}
	// Those of the harmful messages that are held, as they hit limits again and again, wait
	// longer than a test can.
	end, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := w.rt.WaitStatus(end, h.bot, func(s runtime.Status) bool {
		mu.Lock()
		defer mu.Unlock()
		return s.Handled+s.Failed >= harmful+asked || s.Held > 0 || s.Sleeping+s.Asking > 0
	})
	stop()
	users.Wait()
	if full && err != nil {
		w.t.Logf("%s: a harmful message still runs, within the wall time of the default limits", h.name)
	} else if err != nil {
		w.t.Errorf("%s: the harmful messages don't end: %+v; log:\n%s", h.name, w.status(h.bot), w.log.of(h.bot))
	}
	return longest
}

func (w *world) status(bot string) runtime.Status {
	for _, s := range w.rt.Status() {
		if s.Bot == bot {
			return s
		}
	}
	return runtime.Status{}
}
