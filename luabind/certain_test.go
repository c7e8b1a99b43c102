package luabind

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestCertain(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir,
		"scripts/broken.lua", "local x =\nlocal y",
		"scripts/fails.lua", "local t = nil\nreturn t.x",
		"scripts/raises.lua", "error('busy')",
		"scripts/circle.lua", "return require('circle')",
	)
	for _, c := range []struct {
		body string
		want bool
	}{
		// Faults of Lua's own.
		{"local t; return t.x", true},
		{"local t; t.x = 1", true},
		{"nothere()", true},
		{"msg:repyl('x')", true},
		{"return 1 + {}", true},
		{"return msg .. 'x'", true},
		{"return 1 < 'x'", true},
		{"return {} < {}", true},
		{"return -{}", true},
		{"return #nil", true},
		{"local t = {} t[nil] = 1", true},
		{"for i = 1, {} do end", true},
		{"for k in nil do end", true},
		{"local function f() return f() + 1 end f()", true},
		{"local function f() return f() end f()", true},
		// The same, found while a function of Go's works for the script.
		{"table.sort({ 1, 'x' })", true},
		{"table.sort({ 2, 1 }, function(a, b) return a.x end)", true},
		{"('x'):gsub('x', function() nothere() end)", true},
		{"print(setmetatable({}, { __tostring = function() local t; return t.x end }))", true},
		{"local function f() ('x'):gsub('x', f) end f()", true},
		{"local function f() table.sort({ 2, 1 }, f) end f()", true},
		{"local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x", true},
		// After an error that was caught.
		{"pcall(error, 'x') nothere()", true},
		{"pcall(error, 'x') table.sort({ 1, 'x' })", true},
		{"pcall(require, 'nope') error('x')", false},
		{"pcall(function() nothere() end) error('x')", false},
		// What isn't in the source.
		{"require('broken')", true},
		{"require('fails')", true},
		{"require('nope')", true},
		{"require('../x')", true},
		{"require('circle')", true},
		{"require('raises')", false},
		{"pcall(require, 'broken') require('broken')", true},
		{"ilink.sned()", true},
		{"ilink.send = 1", true},
		{"return ilink.log.wran", true},
		// The script's own errors, whatever they say.
		{"error('x')", false},
		{"error()", false},
		{"error({ message = 'x' })", false},
		{"error('stack overflow')", false},
		{"error('stack overflow', 0)", false},
		{"error('attempt to call a non-function object', 0)", false},
		{"error('attempt to compare nil with nil')", false},
		{"error('scripts/bot.lua:1: attempt to compare nil with nil', 0)", false},
		{"assert(false)", false},
		{"assert(nil, 'attempt to compare nil with nil')", false},
		{"local ok, e = pcall(function() nothere() end) error(e, 0)", false},
		{"local ok, e = xpcall(function() nothere() end, function(e) return e end) error(e, 0)", false},
		{"('x'):gsub('x', function() error('y') end)", false},
		// Errors of the host's and of functions.
		{"msg:reply(nil)", false},
		{"string.rep()", false},
		{"assert(msg:reply(''))", false},
		// What is nil may be so because of a failure.
		{"local r = msg:reply('') return r.id", false},
		{"local r = msg:reply('x') return r.nothing.x", true},
	} {
		writeFiles(t, dir, "scripts/bot.lua", "function on_message(msg)\n"+c.body+"\nend")
		b, err := tryLoadDir(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		if e := b.fails("x"); e.Certain() != c.want {
			t.Errorf("%s: %v, and %s %v", c.body, e.Certain(), e.Kind, e)
		}
	}
}

func TestCertainByKind(t *testing.T) {
	_, err := tryLoad(t, "x = =")
	if !asScriptError(t, err).Certain() {
		t.Error("a syntax error")
	}
	_, err = tryLoad(t, "x = 1")
	if !asScriptError(t, err).Certain() {
		t.Error("no on_message")
	}
	b := load(t, "function on_message(msg) while true do end end", withLimits(small))
	if !b.fails("x").Certain() {
		t.Error("the instruction limit")
	}
	b = load(t, "function on_message(msg) msg:reply('x') end", withLimits(Limits{Wall: time.Millisecond}))
	waiting(b)
	if b.fails("x").Certain() {
		t.Error("the wall limit")
	}
	ctx, cancel := context.WithCancel(context.Background())
	b = load(t, "function on_message(msg) msg:reply('x') end")
	started := waiting(b)
	go func() {
		<-started
		cancel()
	}()
	if asScriptError(t, b.OnMessage(ctx, textEvent("1", "x"))).Certain() {
		t.Error("killed")
	}
	b = load(t, "function on_message(msg) msg:reply('x') end")
	b.host.send = func(context.Context, SendRequest) (SendResult, error) { panic(errors.New("stack overflow")) }
	if b.fails("x").Certain() {
		t.Error("a panic of the host's")
	}
}
