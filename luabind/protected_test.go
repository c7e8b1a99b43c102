package luabind

import "testing"

// TestPCallKeepsVariables: gopher-lua loses updates after a pcall that fails
// (its issue 448).
func TestPCallKeepsVariables(t *testing.T) {
	wantLines(t, handle(t, `
local n=0; local function inc() n=n+1 end;
pcall(error,'x'); inc() inc(); print(n)
xpcall(function() error("x") end, function(e) inc() return e end) inc() print(n)
local m = 0
local function outer()
  local k = 0
  local function add() k = k + 1 m = m + 1 end
  pcall(function() add() local deep = 1 pcall(function() deep = deep + 1 error("y") end) assert(deep == 2) error("x") end)
  add()
  return k, add
end
local k, add = outer() add()
print(k, m)
-- What a failed function leaves behind works on.
local get, set
pcall(function() local v = 1 get, set = function() return v end, function(x) v = x end error("z") end)
set(5) print(get())
local function deep(n) local v = n get = function() return v end return 1 + deep(n + 1) end
print(pcall(deep, 1)) print(type(get()))
coroutine.wrap(function() n = 10 pcall(error) inc() end)() print(n)`),
		"INFO 2", "INFO 4", "INFO 2\t3", "INFO 5", "INFO false\tstack overflow", "INFO number", "INFO 11")
}

func TestPCallResults(t *testing.T) {
	wantLines(t, handle(t, `
print(pcall(function(...) return select("#", ...), ... end, 1, nil, nil))
print(select("#", pcall(function() end)), pcall(setmetatable({}, { __call = function(_, a) return a end }), 7))
print(pcall(error)) print(pcall(error, nil)) print(pcall(error, { 1 })) print(pcall(1))
print(pcall(error, "at", 0)) print(pcall(function() error("here") end)) print(pcall(function() error("bare", 0) end))
print(xpcall(function(a) return a end, print, 9))
print(xpcall(function() error("x", 0) end, function(e) return e .. "!", 2 end))
print(xpcall(function() error("x", 0) end, function(e) error("worse", 0) end))
print(select("#", xpcall(function() error("x", 0) end, function(e) end)))
local function inner() error("two up", 2) end
print(pcall(function()
  inner()
end))
print(pcall(string.rep))
print(pcall(pcall)) print(pcall(pcall, error, "e"))`),
		"INFO true\t3\t1\tnil\tnil", "INFO 1\ttrue\t7",
		"INFO false\tnil", "INFO false\tnil", "INFO false\t{1}",
		"INFO false\tattempt to call a number value",
		"INFO false\tat", "INFO false\tscripts/bot.lua:6: here", "INFO false\tbare",
		"INFO true\t9", "INFO false\tx!", "INFO false\tworse", "INFO 2",
		"INFO false\tscripts/bot.lua:13: two up",
		"INFO false\tscripts/bot.lua:15: bad argument #1 (string expected, got nil)",
		"INFO false\tscripts/bot.lua:16: bad argument #1 (value expected)", "INFO true\tfalse\tscripts/bot.lua:16: e")
}
