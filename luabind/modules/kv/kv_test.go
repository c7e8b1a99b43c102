package kv_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/kv"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// keeper keeps data in memory, and remembers what it was asked.
type keeper struct {
	*librarytest.Host
	values map[string][]byte // by user and key
	asked  []luabind.KVRequest
	// meddle, if set, is called before each swap.
	meddle func()
}

func newKeeper(t *testing.T) *keeper {
	return &keeper{Host: librarytest.NewHost(t), values: map[string][]byte{}}
}

func (k *keeper) KV(_ context.Context, req luabind.KVRequest) (r luabind.KVResult, err error) {
	k.asked = append(k.asked, req)
	key := req.User + "/" + req.Key
	old, found := k.values[key]
	switch req.Op {
	case luabind.KVGet:
		return luabind.KVResult{Found: found, Value: old}, nil
	case luabind.KVSwap:
		if k.meddle != nil {
			k.meddle()
			old = k.values[key]
		}
		if !bytes.Equal(old, req.Old) {
			return r, nil
		}
		r = luabind.KVResult{Found: true, Value: req.Value}
	case luabind.KVAdd:
		n, ok := luabind.UnpackNumber(old)
		if found && !ok {
			return r, &luabind.HostError{Kind: "not_a_number", Message: "it is no number"}
		}
		req.Value = luabind.PackNumber(n + req.By)
		r.Value = req.Value
	case luabind.KVDelete:
		r.Found = found
	case luabind.KVList:
		for name := range k.values {
			if key, mine := strings.CutPrefix(name, req.User+"/"); mine && strings.HasPrefix(key, req.Key) && key > req.After {
				r.Keys = append(r.Keys, key)
			}
		}
		slices.Sort(r.Keys)
		r.Keys = r.Keys[:min(len(r.Keys), req.Limit)]
		return r, nil
	}
	if req.Value == nil {
		delete(k.values, key)
	} else {
		k.values[key] = req.Value
	}
	return r, nil
}

func TestKV(t *testing.T) {
	for _, c := range []modulestest.Case{
		{Name: "set and get", Script: `
			kv.set("k", { 1, 2, name = "Ann", [true] = { "你好" } })
			local v = kv.get("k")
			print(#v, v.name, v[true][1], kv.get("none"), kv.get("none", 7), kv.get("k", 7).name)`, Want: "2\tAnn\t你好\tnil\t7\tAnn"},
		{Name: "false is a value", Script: `kv.set("k", false) print(kv.get("k", true))`, Want: "false"},
		{Name: "a copy", Script: `local t = {} kv.set("k", t) t.x = 1 kv.get("k").x = 2 print(kv.get("k").x)`, Want: "nil"},
		{Name: "nil deletes", Script: `kv.set("k", 1) kv.set("k", nil) print(kv.get("k"))`, Want: "nil"},
		{Name: "delete", Script: `kv.set("k", 1) print(kv.delete("k"), kv.delete("k"))`, Want: "true\tfalse"},
		{Name: "incr", Script: `print(kv.incr("n"), kv.incr("n", 2.5), kv.incr("n", -1), kv.incr("n", { expires = 1 }))`, Want: "1\t3.5\t2.5\t3.5"},
		{Name: "incr of a text", Script: `kv.set("k", "x") kv.incr("k")`, Error: "kv.incr: it is no number"},
		{Name: "update", Script: `
			local function add(t) t = t or {} t[#t + 1] = #t + 1 return t end
			kv.update("k", add)
			print(#kv.update("k", add), kv.update("k", function() return nil end), kv.get("k"))`, Want: "2\tnil\tnil"},
		{Name: "update without a return", Script: `kv.update("k", function(old) old = 1 end)`, Error: "the function returned nothing"},
		{Name: "update with an error", Script: `print(pcall(kv.update, "k", function() error("no", 0) end))`, Want: "false\tno"},
		{Name: "users", Script: `
			local me, bob = kv.user(msg), kv.user("bob")
			me:set("k", 1) bob:set("k", 2) kv.set("k", 3)
			print(me:get("k"), bob:get("k"), kv.get("k"), kv.user("alice@im.wechat"):incr("k"), me:delete("k"), me:update("k", function() return 9 end))
			print(#me:keys())`, Want: "1\t2\t3\t2\ttrue\t9\n1"},
		{Name: "keys", Script: `
			for _, k in ipairs { "a:1", "b", "a:2", "a:3" } do kv.set(k, 1) end
			print(table.concat(kv.keys("a:"), " "), #kv.keys(), table.concat(kv.keys("a:", { after = "a:1", limit = 1 }), " "))`, Want: "a:1 a:2 a:3\t4\ta:2"},
		{Name: "a key that is a number", Script: `kv.set(7, 1) print(kv.get("7"))`, Want: "1"},

		{Name: "no key", Script: `kv.get()`, Error: `kv.get needs a key, such as "visits", got nil`},
		{Name: "a colon", Script: `kv:get("k")`, Error: "write kv.get(…), with a dot"},
		{Name: "a dot", Script: `kv.user(msg).get("k")`, Error: "write user:get(…), with a colon"},
		{Name: "no user", Script: `kv.user()`, Error: "kv.user needs a message or a user's id, such as msg.from, got nil"},
		{Name: "a misspelt function", Script: `kv.increment("k")`, Error: "kv.increment does not exist"},
		{Name: "no value", Script: `kv.set("k")`, Error: "kv.set needs a value second"},
		{Name: "a function", Script: `kv.set("k", { users = { alice = { cb = print } } })`, Error: `kv.set: the value.users.alice.cb is a function`},
		{Name: "a message", Script: `kv.set("k", msg)`, Error: "kv.set: the value is a message, with methods that can't be kept"},
		{Name: "too large", Script: `kv.set("k", ("x"):rep(2^20))`, Error: "kv.set: the value is larger than 1 MiB"},
		{Name: "an unknown option", Script: `kv.set("k", 1, { expire = 1 })`, Error: "did you mean expires?"},
		{Name: "expires at once", Script: `kv.set("k", 1, { expires = 0 })`, Error: "kv.set: expires is after how many seconds"},
	} {
		t.Run(c.Name, func(t *testing.T) {
			printed, err := modulestest.NewBot(t, newKeeper(t), "function on_message(msg)\n"+c.Script+"\nend", kv.New()).Handle(nil)
			switch {
			case c.Error == "" && err != nil, c.Error != "" && (err == nil || !strings.Contains(err.Error(), c.Error)):
				t.Errorf("the error is %v, and should have %q", err, c.Error)
			case printed != c.Want:
				t.Errorf("printed\n%s\nand should\n%s", printed, c.Want)
			}
		})
	}
}

func TestUpdateIsTriedAgain(t *testing.T) {
	k := newKeeper(t)
	others := 2
	k.meddle = func() {
		if others > 0 {
			others--
			n, _ := luabind.UnpackNumber(k.values["/n"])
			k.values["/n"] = luabind.PackNumber(n + 10)
		}
	}
	printed, err := modulestest.NewBot(t, k, `function on_message() print(kv.update("n", function(n) return (n or 0) + 1 end)) end`, kv.New()).Handle(nil)
	if err != nil || printed != "21" {
		t.Errorf("printed %q, %v", printed, err)
	}
}

func TestNotWhileLoading(t *testing.T) {
	k := newKeeper(t)
	script := `ok, err = pcall(kv.set, "k", 1) function on_message() print(err) end`
	printed, err := modulestest.NewBot(t, k, script, kv.New()).Handle(nil)
	if err != nil || !strings.Contains(printed, "kv.set works in handlers only") || len(k.asked) > 0 {
		t.Errorf("printed %q, %v, asked %v", printed, err, k.asked)
	}
}

func TestDefinitions(t *testing.T) {
	librarytest.Module(t, kv.New(), newKeeper(t), `function on_message(msg) class("kv.User", kv.user(msg)) end`)
}
