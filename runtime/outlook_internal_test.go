package runtime

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOutlook: what waits, for whom and until when.
func TestOutlook(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		look := func() Outlook {
			t.Helper()
			synctest.Wait()
			o, err := b.bot.outlook(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		begun := time.Now()
		after := func(times []time.Time) (all []string) {
			for _, at := range times {
				all = append(all, at.Sub(begun).String())
			}
			return all
		}
		b.script(`
function on_message(msg)
  if msg.text == "ask" then msg:ask("Name?", { timeout = 60 }) end
  if msg.text == "sleep" then time.sleep(30) end
  if msg.text == "timer" then ilink.after(600, function() end) end
  if msg.text == "push" then ilink.send("zoe", "hi") end
  msg:reply("done")
end
ilink.every("1h", function() end, { name = "hourly" })`)
		wantEqual(t, "outlook", look(), Outlook{})
		b.says("alice", "ask")
		b.says("bob", "sleep")
		b.says("bob", "behind it")
		b.says("carol", "timer")
		time.Sleep(10 * time.Second) // what is sent has its pace
		o := look()
		wantEqual(t, "busy", o.Busy, false)
		wantEqual(t, "asks", after(o.Asks), "[1m0s]")
		wantEqual(t, "sleeps", after(o.Sleeps), "[30s]")
		wantEqual(t, "timers", after(o.Timers), "[10m0s]")
		wantEqual(t, "comes", []bool{o.Comes(begun.Add(29*time.Second), o.Asks, o.Sleeps), o.Comes(begun.Add(30*time.Second), o.Asks, o.Sleeps)}, "[false true]")
		wantEqual(t, "asking and sleeping", []int{b.bot.status().Asking, b.bot.status().Sleeping}, "[1 1]")

		b.says("alice", "Anna")
		time.Sleep(25 * time.Second)
		b.says("carol", "push")
		time.Sleep(10 * time.Second)
		o = look()
		wantEqual(t, "handlers", len(o.Asks)+len(o.Sleeps), 0)
		wantEqual(t, "busy", o.Busy, false)
		wantEqual(t, "waits for zoe", o.Queued, 1)
		wantEqual(t, "sent by itself", o.SendsAt.IsZero(), true)
	})
}

// TestWarnOfStranger: once for each user to whom a script sends and who has never
// written; a window that has closed is no reason.
func TestWarnOfStranger(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(`function on_message(msg) ilink.send("zoe", msg.text) ilink.send(msg.from, "yes") end`)
		b.says("alice", "one", "two")
		time.Sleep(time.Minute)
		const warning = "never written to the bot"
		wantEqual(t, "warnings", strings.Count(b.logged(), warning), 1)
		b.opens("zoe")
		time.Sleep(25 * time.Hour) // her window closes
		b.says("alice", "three")
		time.Sleep(time.Minute)
		wantEqual(t, "warnings of one who has written", strings.Count(b.logged(), warning), 1)
	})
}
