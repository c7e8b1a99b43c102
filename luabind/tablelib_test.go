package luabind

import (
	"testing"
	"time"
)

func TestTables(t *testing.T) {
	wantLines(t, handle(t, `
local function show(t) return table.concat(t, " ") end
local t = { 1, 2, 3 }
table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, "x") print(show(t), #t)
print(table.remove(t), table.remove(t, 1), table.remove(t, 2), show(t))
print(select("#", table.remove({})), select("#", table.remove({ 1 }, 5)), table.remove({ 1, 2 }, 2))
local u = { 1, 2, 3, 4 } u[4] = nil u[3] = nil
print(table.remove(u), #u, table.remove(u), #u, table.remove(u))
print(show(table.move({ 1, 2, 3 }, 1, 3, 2)), show(table.move({ 1, 2, 3 }, 2, 3, 1)), show(table.move({ 1, 2, 3 }, 1, 3, 3, { 7, 8 })), #table.move({}, 1, 0, 5))
print(table.pack().n, table.pack(nil, nil).n, table.pack(1, 2)[2], table.unpack({ 1, 2, 3 }, 2), (unpack({ 1, 2 })))
print(select("#", unpack({}, 1, 3)), select("#", unpack({}, 3, 1)), unpack({ 1, 2, 3 }, -1, 1))
print(table.maxn({ 1, 2, nil, 4, [100] = 1, [2.5] = 1, x = 1 }), table.maxn({}), table.getn({ 1, 2 }))
local s = { "b", "a", 3 } print(pcall(table.sort, s))
s = { 5, 2, 8, 1 } table.sort(s) print(show(s)) table.sort(s, function(a, b) return a > b end) print(show(s))
s = { "b", "a", "C" } table.sort(s) print(show(s))
s = {} for i = 1, 500 do s[i] = (i * 7919) % 500 end
table.sort(s, function(a, b) return a <= b end) table.sort(s, function() return true end) print(#s)
table.sort(s, function(a, b) s[#s + 1] = 1 return a < b end) print(s[1], s[500])
local p = setmetatable({}, { __index = function(_, i) return i * 10 end })
print(show(table.move(p, 1, 3, 1, {})), table.concat({ 1, 2.5, "x" }, 0), pcall(table.insert, {}), pcall(table.concat, { true }))`),
		"INFO 0 1 x 2 3 4\t6", "INFO 4\t0\tx\t1 2 3", "INFO 0\t0\t2", "INFO 2\t1\t1\t0", "INFO 1 1 2 3\t2 3 3\t7 8 1 2 3\t0",
		"INFO 0\t2\t2\t2\t1", "INFO 3\t0\tnil\tnil\t1", "INFO 100\t0\t2",
		"INFO false\tscripts/bot.lua:14: attempt to compare number with string",
		"INFO 1 2 5 8", "INFO 8 5 2 1", "INFO C a b", "INFO 500", "INFO 0\t499",
		"INFO 10 20 30\t102.50x\tfalse\tfalse\tscripts/bot.lua:21: table.concat: item 1 is a boolean; only strings and numbers can be joined")
}

// TestTableWork: work on tables is charged for, or ends with the time.
func TestTableWork(t *testing.T) {
	for _, body := range []string{
		"local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, 0) end",
		"local t = {} for i = 1, 1e5 do t[i] = i end while true do table.remove(t, 1) table.insert(t, 1) end",
		"local t = { [1048575] = 1 } t[1048575] = nil while true do local n = #t end",
		"local t = { [1048575] = 1 } while true do next(t) end",
		"local t = {} t[1048575] = 1 while true do for k in pairs(t) do end end",
		"while true do local t = {} t[1048575] = 1 end",
		"local t = {} for i = 1, 3e5 do t[i] = i % 7 end while true do table.sort(t) end",
		"local t = {} for i = 1, 3e5 do t[i] = 1 end while true do table.concat(t) end",
		"local t = {} for i = 1, 3e5 do t['k' .. i] = 1 end while true do table.maxn(t) end",
		"while true do pcall(unpack, {}, 1, 29000) end",
		"while true do pcall(table.pack, unpack({}, 1, 5000)) end",
		"table.move({}, 1, 1e15, 2)",
		"table.move({ 1 }, 1, 2 ^ 53, 1, {})",
		"table.concat(setmetatable({}, {}), '', 1, 0) while true do select(-1, unpack({}, 1, 9000)) end",
		"local s = ('x'):rep(4e6) local a, b = s .. 'a', s .. 'b' while true do local x = a < b end",
		"local s = ('x'):rep(4e6) while true do table.sort({ s .. 1, s .. 2, s .. 3 }) end",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend", withLimits(Limits{CPU: 100 * time.Millisecond}))
		start := time.Now()
		e := b.fails("x")
		if took := time.Since(start); e.Kind != KindLimit || took > 2*time.Second {
			t.Errorf("%s: %v after %v", body, e, took)
		}
	}
}
