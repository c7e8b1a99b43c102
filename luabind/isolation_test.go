package luabind

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// TestGlobals pins what scripts can reach: a name more is a decision.
func TestGlobals(t *testing.T) {
	b := load(t, "function on_message() end")
	g := b.vm.main.G.Global
	var names []string
	g.ForEach(func(k, v lua.LValue) {
		if lib, ok := v.(*lua.LTable); ok && v != g && k.String() != "ilink" {
			lib.ForEach(func(f, _ lua.LValue) { names = append(names, k.String()+"."+f.String()) })
		}
		names = append(names, k.String())
	})
	slices.Sort(names)
	wantText(t, strings.Join(names, " "), "_G _VERSION assert "+
		"bit bit.arshift bit.band bit.bnot bit.bor bit.bswap bit.bxor bit.lshift bit.rol bit.ror bit.rshift bit.tobit bit.tohex "+
		"bit32 bit32.arshift bit32.band bit32.bnot bit32.bor bit32.btest bit32.bxor bit32.extract bit32.lrotate bit32.lshift bit32.replace bit32.rrotate bit32.rshift "+
		"coroutine coroutine.create coroutine.isyieldable coroutine.resume coroutine.running coroutine.status coroutine.wrap coroutine.yield "+
		"error getmetatable ilink ipairs math math.abs math.acos math.asin "+
		"math.atan math.atan2 math.ceil math.cos math.cosh math.deg math.exp math.floor math.fmod math.frexp math.huge math.ldexp "+
		"math.log math.log10 math.max math.min math.mod math.modf math.pi math.pow math.rad math.random math.randomseed math.sin "+
		"math.sinh math.sqrt math.tan math.tanh next on_message os os.clock os.date os.difftime os.time pairs pcall print rawequal "+
		"rawget rawset require select setmetatable string string.byte string.char string.find string.format string.gmatch "+
		"string.gsub string.len string.lower string.match string.rep string.reverse string.sub string.upper table table.concat "+
		"table.getn table.insert table.maxn table.move table.pack table.remove table.sort table.unpack tonumber tostring type "+
		"unpack utf8 utf8.char utf8.charpattern utf8.codepoint utf8.codes utf8.len utf8.offset xpcall")
}

// TestNoSecrets walks through all that a handler can reach.
func TestNoSecrets(t *testing.T) {
	b := load(t, `
local seen, found = {}, 0
local function look(v, path)
  found = found + 1
  assert(not tostring(v):find("SECRET"), path)
  if type(v) == "userdata" then
    for _, k in ipairs{ "kind", "name", "mime", "size", "read", "save" } do look(v[k], path .. "." .. k) end
    for _, k in ipairs{ "item", "file", "uploaded", "path", "aes_key", "AESKey", "Media", "media", "token", "url" } do
      assert(not pcall(function() return v[k] end), k)
    end
  end
  local mt = getmetatable(v)
  if mt ~= nil and mt ~= seen then
    assert(type(mt) == "string", path .. "'s metatable is open")
    assert(not pcall(setmetatable, v, {}), path)
  end
  if type(v) ~= "table" or seen[v] then return end
  seen[v] = true
  for k, x in pairs(v) do look(k, path .. " key") look(x, path .. "." .. tostring(k)) end
  for k, x in next, v do look(x, path) end
  assert(rawget(v, "event") == nil)
end

function on_message(msg)
  for _, name in ipairs{ "reply", "typing", "download" } do look(msg[name], name) end
  assert(msg.event == nil and msg.__index == nil and msg.__metatable == nil and msg.context_token == nil)
  look(msg, "msg")
  look(assert(msg:reply("x")), "result")
  look(select(2, msg:reply("")), "error")
  look(assert(msg:download()), "file")
  look(assert(ilink.upload(msg.items[2].media)), "uploaded")
  look(ilink, "ilink")
  look(ilink.log, "ilink.log")
  look(_G, "_G")
  print(found > 100)
  ilink.log(msg, _G)
end`)
	ev := imageEvent()
	ev.Message.Items = append([]ilink.Item{ilink.TextMessage("hi")}, ev.Message.Items...)
	ev.Quote = &Quote{ID: "1", Item: &ev.Message.Items[1]}
	if err := b.OnMessage(context.Background(), ev); err != nil {
		t.Fatal(asScriptError(t, err).Detail())
	}
	log := b.host.logged()
	if !strings.HasPrefix(log, "INFO true") || strings.Contains(log, "SECRET") || strings.Contains(log, "0xc0") {
		t.Error(log)
	}
}

// TestVMsAreApart: what a script does to its VM is no other's matter.
func TestVMsAreApart(t *testing.T) {
	bad := load(t, `
string.upper = function() return "changed" end
math.randomseed(1)
pairs = nil
shared = 1
function on_message(msg) print(("x"):upper(), math.random(1e9)) end`)
	good := load(t, `function on_message(msg) print(("x"):upper(), shared, pairs ~= nil, math.random(1e9)) end`)
	bad.says("x")
	good.says("x")
	if log := good.host.logged(); !strings.HasPrefix(log, "INFO X\tnil\ttrue") ||
		strings.HasSuffix(log, bad.host.logged()[len("INFO changed\t"):]) {
		t.Error(log)
	}
}

// TestKeptClosures: what a handler left behind keeps its variables, though the
// thread that it ran on is used again.
func TestKeptClosures(t *testing.T) {
	b := load(t, `
kept = {}
function on_message(msg)
  local text, n = msg.text, 0
  if text == "show" then
    local out = {}
    for i, f in ipairs(kept) do out[i] = f() end
    return print(table.concat(out, " "))
  end
  for i = 1, 2 do
    local j = i * 10
    table.insert(kept, function() n = n + 1 return text .. j .. n end)
  end
  if text == "caught" then pcall(function() local x = 1; table.insert(kept, function() return x end) error("x") end) end
  if text == "failed" then error("on purpose") end
end`)
	b.says("a")
	b.says("b")
	b.says("caught")
	b.fails("failed")
	b.says("c")
	b.says("show")
	b.says("show")
	log := b.host.logged()
	for _, want := range []string{"a101 a202 b101 b202", "c101 c202", "a103 a204", "failed101 failed", " 1 "} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in %s", want, log)
		}
	}
}

func TestGoFunctionAsHandler(t *testing.T) {
	b := load(t, "on_message = print")
	b.says("hi")
	if log := b.host.logged(); !strings.Contains(log, `text = "hi"`) {
		t.Error(log)
	}
}

func TestStringsMetatable(t *testing.T) {
	wantLines(t, handle(t, `
print(getmetatable(""), pcall(function() getmetatable("").__index = 1 end))
print(("你好"):len(), #"👋", ("x"):rep(3), ("x"):rep(0), ("x"):rep(-1), ("ab"):rep(2))
print(os.time{ year = 2024, month = 1, day = 2 } > 0, type(os.clock()), os.difftime(5, 3), #os.date("%Y"))
print(math.huge, -math.huge, math.random() < 1, math.random(3) <= 3, math.random(5, 5))
print(0.1 + 0.2, 1700000000.5, 1e15, 2^53, tostring(1.5), 1/3)
print(pcall(math.random, 1, 2^70))`),
		"INFO string\tfalse\tscripts/bot.lua:3: attempt to index a non-table object(string) with key '__index'",
		"INFO 6\t4\txxx\t\t\tabab",
		"INFO true\tnumber\t2\t4",
		"INFO inf\t-inf\ttrue\ttrue\t5",
		"INFO 0.3\t1700000000.5\t1000000000000000\t9007199254740992\t1.5\t0.33333333333333",
		"INFO false\tscripts/bot.lua:8: math.random: there is nothing to choose from between 1 and 9223372036854775807",
	)
}

// goModule is a module of an embedding program.
type goModule struct {
	name  string
	open  func(vm *VM) (lua.LValue, error)
	value lua.LValue
}

func (m goModule) Name() string { return m.name }

func (m goModule) Open(vm *VM) (lua.LValue, error) {
	if m.open != nil {
		return m.open(vm)
	}
	return m.value, nil
}

func TestGoModule(t *testing.T) {
	type key struct{}
	inside := make(chan struct{})
	m := goModule{name: "shop", open: func(vm *VM) (lua.LValue, error) {
		t := vm.State().NewTable()
		t.RawSetString("bot", lua.LString(vm.Bot()))
		t.RawSetString("price", vm.State().NewFunction(func(L *lua.LState) int {
			item := L.CheckString(1)
			var price int
			var who any
			vm.Block(L, func(ctx context.Context) {
				who = ctx.Value(key{})
				inside <- struct{}{}
				price = len(item)
			})
			L.Push(lua.LNumber(price))
			L.Push(lua.LString(fmt.Sprint(who)))
			return 2
		}))
		return t, nil
	}}
	b := load(t, `
local shop = require("shop")
function on_message(msg)
  if msg.text == "price" then print(shop.bot, pcall(shop.price, "apple")) else print("other") end
end`, withModules(m))
	done := make(chan error)
	go func() {
		done <- b.OnMessage(context.WithValue(context.Background(), key{}, "caller's value"), textEvent("1", "price"))
	}()
	// The VM is free meanwhile.
	for b.Running() == 0 {
		c := make(chan struct{})
		go close(c)
		<-c
	}
	b.says("other")
	<-inside
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.host.logged(), "INFO other", "INFO testbot\ttrue\t5\tcaller's value")
}

func TestGoModuleAtLoad(t *testing.T) {
	m := goModule{name: "conf", open: func(vm *VM) (lua.LValue, error) {
		var got string
		vm.Block(vm.State(), func(context.Context) { got = "while opening" })
		t := vm.State().NewTable()
		t.RawSetString("got", lua.LString(got))
		t.RawSetString("get", vm.State().NewFunction(func(L *lua.LState) int {
			vm.Block(L, func(ctx context.Context) { got = fmt.Sprint(ctx.Err()) })
			L.Push(lua.LString(got))
			return 1
		}))
		return t, nil
	}}
	b := load(t, "print(conf.got, conf.get()) function on_message() end", withModules(m))
	wantText(t, b.host.logged(), "INFO while opening\t<nil>")
}

func TestBadGoModules(t *testing.T) {
	for _, c := range []struct {
		m    goModule
		want string
	}{
		{goModule{name: "no name"}, `luabind: "no name" is no name for a module: use letters, digits and _`},
		{goModule{name: "ilink"}, `luabind: the module "ilink" can't be added: the name is taken`},
		{goModule{name: "string"}, `luabind: the module "string" can't be added: the name is taken`},
		{goModule{name: "x"}, `luabind: open the module "x": it returned no value`},
		{goModule{name: "x", open: func(*VM) (lua.LValue, error) { panic("oh") }}, `luabind: open the module "x": panic: oh`},
		{goModule{name: "x", open: func(*VM) (lua.LValue, error) { return nil, fmt.Errorf("no luck") }}, `luabind: open the module "x": no luck`},
	} {
		_, err := tryLoad(t, "function on_message() end", withModules(c.m))
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
