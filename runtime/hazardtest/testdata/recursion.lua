--- recursion | error
local function f() return 1 + f() end f()
--- recursion mutual | error
local a, b function a() return b() + 1 end function b() return a() + 1 end a()
--- recursion tail | error
local function f() return f() end f()
--- recursion tail mutual | error
local a, b function a() return b() end function b() return a() end a()
--- recursion tail args | error
local function f(...) return f(1, ...) end f()
--- recursion tail in pcall | limit
local function f() return f() end while true do pcall(f) end
--- recursion in pcall | limit
local function f() return 1 + f() end while true do pcall(f) end
--- recursion index | error
local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x
--- recursion index table | limit
local t = {} setmetatable(t, { __index = t }) while true do pcall(function() return t.x end) end
--- recursion index chain | limit
local t = {} for i = 1, 1e5 do t = setmetatable({}, { __index = t }) end while true do pcall(function() return t.x end) end
--- recursion newindex | error
local t = setmetatable({}, { __newindex = function(t, k, v) t[k] = v end }) t.x = 1
--- recursion call | error
local t = setmetatable({}, {}) getmetatable(t).__call = t t()
--- recursion call function | error
local t = setmetatable({}, { __call = function(self) return self() + 1 end }) t()
--- recursion concat | error
local t t = setmetatable({}, { __concat = function(a, b) return t .. t end }) return t .. 1
--- recursion eq | error
local m = { __eq = function(a, b) return a == b end } return setmetatable({}, m) == setmetatable({}, m)
--- recursion lt | error
local m m = { __lt = function(a, b) return a < b end } return setmetatable({}, m) < setmetatable({}, m)
--- recursion le by lt | error
local m m = { __lt = function(a, b) return a <= b end } return setmetatable({}, m) <= setmetatable({}, m)
--- recursion len | error
local t t = setmetatable({}, { __len = function() return #t end }) return #t
--- recursion add | error
local t t = setmetatable({}, { __add = function() return t + t end }) return t + 1
--- recursion unm | error
local t t = setmetatable({}, { __unm = function() return -t end }) return -t
--- recursion tostring | error
local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) print(t)
--- recursion print | error
local t t = setmetatable({}, { __tostring = function() print(t) return "x" end }) print(t)
--- recursion sort | error
local function f() table.sort({ 3, 2, 1 }, f) end f()
--- recursion gsub | error
local function f() return (("x"):gsub("x", f)) end f()
--- recursion gmatch | error
local function f() for w in ("x"):gmatch("x") do f() end end f()
--- recursion pcall index | limit
local t t = setmetatable({}, { __index = function(_, k) return select(2, pcall(function() return t[k] end)) end }) while true do local x = t.x end
--- recursion metamethods and pcall | limit
local t t = setmetatable({}, { __index = function() pcall(function() return t.x end) return t.y end }) pcall(function() return t.x end) while true do pcall(function() return t.x end) end
--- recursion in arguments | error
local function f(n) return f(f(n)) end f(1)
--- recursion fibonacci | limit
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end fib(60)
--- recursion ackermann | limit
local function a(m, n) if m == 0 then return n + 1 elseif n == 0 then return a(m - 1, 1) end return a(m - 1, a(m, n - 1)) end while true do pcall(a, 4, 4) end
