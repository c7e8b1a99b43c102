package luabind

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"
)

func TestSendOptions(t *testing.T) {
	for _, c := range []struct {
		args     string
		mode     string
		lifetime time.Duration
		parts    int
	}{
		{`"x"`, "", 0, 1},
		{`{ text = "x", mode = "fail" }`, ModeFail, 0, 1},
		{`{ text = "x", mode = "defer", lifetime = 60 }`, ModeDefer, time.Minute, 1},
		{`"x", { mode = "nudge", lifetime = 0.5 }`, ModeNudge, time.Second / 2, 1},
		{`{ mode = "fail" }, "x", { text = "y", lifetime = 1 }`, ModeFail, time.Second, 2},
		{`{ text = "x", mode = "fail" }, { text = "y", mode = "fail" }`, ModeFail, 0, 2},
		{`{ "x", "y", mode = "fail", lifetime = 3600 }`, ModeFail, time.Hour, 2},
		{`{ "x", { text = "y", mode = "fail" } }`, ModeFail, 0, 2},
		{`{ text = "x", lifetime = math.huge }`, "", longestLifetime, 1},
		{`{ text = "x", lifetime = 1e-300 }`, "", 1, 1},
	} {
		b := load(t, "function on_message(msg) msg:reply("+c.args+") end")
		b.says("x")
		if r := b.host.sent[0]; r.Mode != c.mode || r.Lifetime != c.lifetime || len(r.Parts) != c.parts {
			t.Errorf("%s: got %q, %v and %d parts", c.args, r.Mode, r.Lifetime, len(r.Parts))
		}
	}
}

func TestSendOptionMistakes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{`{ text = "x", mode = "later" }`, `mode must be "defer", "fail" or "nudge", got the text "later"`},
		{`{ text = "x", mode = "" }`, `mode must be "defer", "fail" or "nudge", got the text ""`},
		{`{ text = "x", mode = true }`, `mode must be "defer", "fail" or "nudge", got boolean true`},
		{`{ text = "x", mode = "fail" }, { text = "y", mode = "defer" }`, `mode is "fail" in one table and "defer" in another, and holds for the whole call`},
		{`{ text = "x", lifetime = 0 }`, `lifetime must be a number of seconds above 0 or a text such as "10m", got number 0`},
		{`{ text = "x", lifetime = 0/0 }`, `lifetime must be a number of seconds above 0 or a text such as "10m", got number NaN`},
		{`{ text = "x", lifetime = "60" }`, `lifetime must be a number of seconds above 0 or a text such as "10m", got the text "60"`},
		{`{ "x", lifetime = 60 }, { lifetime = 90 }`, "lifetime is 1m0s in one table and 1m30s in another, and holds for the whole call"},
		{`{ mode = "fail" }`, "got options and nothing to send: it needs a text, image, video or file as well"},
		{`{ text = "x", mod = "fail" }`, `doesn't know the field "mod"; did you mean mode? (it knows text, image, video, file, name, mode, lifetime, as)`},
	} {
		b := load(t, "function on_message(msg)\nmsg:reply("+c.args+")\nend")
		e := b.fails("x")
		// What reply needs to say first, it says as it always did.
		want := "scripts/bot.lua:2: reply: " + c.want
		if got := e.Error(); got != want && got != "scripts/bot.lua:2: reply "+c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.args, got, want)
		}
	}
}

func TestSendResults(t *testing.T) {
	ids := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint(i+1))
		}
		return list
	}
	for _, c := range []struct {
		result SendResult
		want   string
	}{
		{SendResult{}, "sent nil 1 1 false nil | sent"},
		{SendResult{Status: StatusSent, MessageIDs: ids(1)}, "sent nil 1 1 false nil | sent"},
		{SendResult{Status: StatusSent, MessageIDs: ids(3)}, "sent nil 3 3 false nil | sent: 3 messages"},
		{SendResult{Status: StatusSent, MessageIDs: ids(1), Uncertain: true},
			"sent nil 1 1 true nil | sent; an answer of the server's was lost, so that something may have arrived twice"},
		{SendResult{Status: StatusDeferred, Reason: ReasonQuota, MessageIDs: ids(10), Parts: 25, Sent: 10},
			"deferred quota 25 10 false it is kept and needs no sending again: it follows when the user writes again | " +
				"deferred (quota): 10 of 25 messages sent, the rest follows when the user writes again"},
		{SendResult{Status: StatusDeferred, Reason: ReasonNetwork, Parts: 2},
			"deferred network 2 0 false it is kept and needs no sending again: it follows when the server can be reached again | " +
				"deferred (network): 2 messages follow when the server can be reached again"},
		{SendResult{Status: StatusDeferred},
			"deferred nil 1 0 false it is kept and needs no sending again: it follows as soon as it may be sent | " +
				"deferred: it follows as soon as it may be sent"},
	} {
		b := load(t, `function on_message(msg)
  local r = assert(msg:reply("x"))
  print(table.concat({ r.status, tostring(r.reason), r.parts, r.sent, tostring(r.uncertain), tostring(r.advice) }, " ") .. " | " .. tostring(r))
  assert(r.id == r.ids[1] and getmetatable(r) == "result")
end`)
		b.host.send = func(context.Context, SendRequest) (SendResult, error) { return c.result, nil }
		b.says("x")
		wantText(t, b.host.logged(), "INFO "+c.want)
	}
}

// TestResultIsPlainData: a script may change its own tables.
func TestResultIsPlainData(t *testing.T) {
	wantLines(t, handle(t, `
local r = msg:reply("x")
for k in pairs(r) do r[k] = nil end
print(tostring(r) == "")
r.status, r.reason, r.parts, r.sent = "deferred", {}, "no number", 2
print(r)
print(pcall(setmetatable, r, {}))`),
		"INFO true",
		"INFO deferred: 2 of 0 messages sent, the rest follows as soon as it may be sent",
		"INFO false\tscripts/bot.lua:8: cannot change a protected metatable")
}

// TestFailedStatuses: a status that is no success is a failure, which says what
// to do.
func TestFailedStatuses(t *testing.T) {
	for _, status := range []string{
		StatusWindowClosed, StatusQuota, StatusThrottled, StatusBadRequest, StatusExpired, StatusUncertain,
	} {
		for _, err := range []error{nil, &HostError{Kind: status}} {
			b := load(t, `function on_message(msg)
  local r, err = msg:reply("x")
  print(r, err.kind, err.ids[1], err)
end`)
			b.host.send = func(context.Context, SendRequest) (SendResult, error) {
				return SendResult{Status: status, MessageIDs: []string{"7"}}, err
			}
			b.says("x")
			if Advice(status, "") == "" {
				t.Errorf("%s: no advice", status)
			}
			wantText(t, b.host.logged(), "INFO nil\t"+status+"\t7\t"+Advice(status, ""))
		}
		if got, want := (SendResult{Status: status}).String(), status+": "+Advice(status, ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Advice(StatusSent, "") + Advice("not_found", ""); got != "" {
		t.Errorf("advice where there is none: %s", got)
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]string{"": follows("")}
	for _, reason := range []string{ReasonQuota, ReasonThrottled, ReasonSessionExpired, ReasonNetwork, ReasonQueue} {
		for other, text := range seen {
			if text == follows(reason) {
				t.Errorf("%q and %q say the same", reason, other)
			}
		}
		seen[reason] = follows(reason)
	}
	if follows(ReasonWindowClosed) != follows(ReasonQuota) {
		t.Error("both wait for the user")
	}
	if time.Now().Add(longestLifetime).Year() > 9999 || longestLifetime.Seconds() > math.MaxInt64 {
		t.Error("the longest life time is too long")
	}
}
