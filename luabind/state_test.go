package luabind

import (
	"errors"
	"strings"
	"testing"
)

// withState is what the generation before has left.
func withState(packed []byte) option { return func(c *Config) { c.State = packed } }

// state packs what a script keeps.
func (b *bot) state() []byte {
	b.t.Helper()
	packed, err := b.State()
	if err != nil {
		b.t.Fatal(err)
	}
	return packed
}

func TestStateIsHandedOver(t *testing.T) {
	one := load(t, `
ilink.state.users = { alice = { name = "爱丽丝", visits = 1, tags = { "a", "b" } } }
local secret = ilink.state
function on_message(msg)
  local alice = ilink.state.users.alice
  alice.visits = alice.visits + 1
  secret[7] = true
end`)
	one.says("hello")
	two := load(t, `
loaded = ilink.state.users.alice.name
function on_message(msg)
  local alice = ilink.state.users.alice
  print(loaded, alice.visits, #alice.tags, alice.tags[2], ilink.state[7], ilink.state.missing)
end`, withState(one.state()))
	one.says("this one is lost") // it was packed before
	two.says("hello")
	wantText(t, two.host.logged(), "INFO 爱丽丝\t2\t2\tb\ttrue\tnil")
	wantText(t, handle(t, "print(next(ilink.state))"), "INFO nil")
}

func TestStateNamesWhatCannotBeHandedOver(t *testing.T) {
	for script, want := range map[string]string{
		`ilink.state.users = { alice = { callback = print } }`:                   "ilink.state.users.alice.callback is a function",
		`ilink.state.jobs = { coroutine.create(print) }`:                         "ilink.state.jobs[1] is a thread",
		`ilink.state.me = ilink.state`:                                           "ilink.state.me contains itself",
		`ilink.state.log = ilink.log`:                                            "ilink.state.log is a ilink.log",
		`setmetatable(ilink.state, { __index = string })`:                        "ilink.state has a metatable",
		`ilink.state[{}] = 1`:                                                    "has a key that is a table",
		`for i = 1, 9 do ilink.state[i] = ("x"):rep(2^20) end`:                   "ilink.state is larger than 8 MiB",
		`local t = ilink.state for i = 1, 100 do t.deeper = {} t = t.deeper end`: "is nested deeper than",
	} {
		b := load(t, script+"\nfunction on_message() end")
		_, err := b.State()
		se := asScriptError(t, err)
		if se.Kind != KindLoad || !strings.Contains(se.Error(), want) || !strings.HasPrefix(se.Error(), "scripts/bot.lua: ") {
			t.Errorf("%s: got %s error %q, want %q in it", script, se.Kind, se, want)
		}
	}
}

func TestStateIsNotAssigned(t *testing.T) {
	b := load(t, `
function on_message(msg) ilink.state = { users = {} } end`)
	if se := b.fails("hello"); !strings.Contains(se.Message, "ilink.state can't be assigned; put values into it, as in ilink.state.name = …") {
		t.Error(se)
	}
}

func TestStateOfAClosedSandbox(t *testing.T) {
	b := load(t, "function on_message() end")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.State(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestStateThatIsNone(t *testing.T) {
	for _, packed := range []string{"", "x", "t", "{\x01"} {
		if _, err := tryLoad(t, "function on_message() end", withState([]byte(packed))); err == nil {
			t.Errorf("%q was taken over", packed)
		}
	}
}

// BenchmarkState packs and unpacks what 10,000 users leave, three fields each.
func BenchmarkState(b *testing.B) {
	const script = `
ilink.state.users = {}
for i = 1, 10000 do
  ilink.state.users["user" .. i .. "@im.wechat"] = { name = "user " .. i, visits = i, last = 1700000000.5 }
end
function on_message() end`
	old := load(b, script)
	packed := old.state()
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			old.state()
		}
		b.ReportMetric(float64(len(packed)), "bytes")
	})
	b.Run("unpack", func(b *testing.B) {
		vm := old.vm
		kept := vm.state
		for b.Loop() {
			if err := vm.restoreState(packed); err != nil {
				b.Fatal(err)
			}
		}
		vm.state = kept
	})
}
