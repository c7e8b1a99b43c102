--- coroutines resume each other | limit
local a, b a = coroutine.create(function() while true do coroutine.resume(b) end end) b = coroutine.create(function() while true do coroutine.resume(a) end end) coroutine.resume(a)
--- coroutines resume each other yielding | limit
local a, b a = coroutine.create(function() while true do coroutine.resume(b) coroutine.yield() end end) b = coroutine.create(function() while true do coroutine.resume(a) coroutine.yield() end end) while true do coroutine.resume(a) end
--- coroutines recursive wrap | error
local function f() return coroutine.wrap(f)() end f()
--- coroutines recursive wrap caught | limit
local function f() pcall(coroutine.wrap(f)) end while true do f() end
--- coroutines recursive resume | limit
local function f() return coroutine.resume(coroutine.create(f)) end while true do f() end
--- coroutines recursive wide | limit
local function f() for i = 1, 3 do coroutine.resume(coroutine.create(f)) end end while true do f() end
--- coroutines in iterators | error
local function it() return coroutine.wrap(function() for x in it() do coroutine.yield(x) end end) end for x in it() do end
--- coroutines without end | limit
coroutine.wrap(function() while true do end end)()
--- coroutines pcall without end | limit
local co = coroutine.wrap(function() while true do pcall(function() while true do end end) end end) while true do pcall(co) end
--- coroutines ping pong | limit
local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end
--- coroutines made | limit
while true do coroutine.create(print) end
--- coroutines kept | limit
local t = {} while true do t[#t + 1] = coroutine.create(print) end
--- coroutines started and kept | limit
local t = {} while true do local co = coroutine.wrap(function() coroutine.yield() end) co() t[#t + 1] = co end
--- coroutines with deep stacks kept | limit
local t = {} while true do local co co = coroutine.wrap(function() local function d(n) if n == 0 then coroutine.yield() else d(n - 1) end return 1 end d(300) end) co() t[#t + 1] = co end
--- coroutines failing | limit
while true do coroutine.resume(coroutine.create(error)) end
--- coroutines resume self | limit
local co co = coroutine.create(function() while true do coroutine.resume(co) end end) coroutine.resume(co)
--- coroutines yield in metamethods | limit
while true do coroutine.resume(coroutine.create(function() return setmetatable({}, { __index = coroutine.yield }).x end)) end
--- coroutines yield in sort | limit
while true do coroutine.resume(coroutine.create(function() table.sort({ 3, 2, 1 }, coroutine.yield) end)) end
--- coroutines yield in gsub | limit
while true do coroutine.resume(coroutine.create(function() return ("x"):gsub("x", coroutine.yield) end)) end
--- coroutines yield in iterators | limit
while true do coroutine.resume(coroutine.create(function() for x in coroutine.yield do end end)) end
--- coroutines yield in pcall | limit
while true do coroutine.resume(coroutine.create(function() pcall(coroutine.yield) pcall(pcall, coroutine.yield) end)) end
--- coroutines yield in handler | limit
while true do pcall(coroutine.yield) end
--- coroutines wrap yield | limit
local f = coroutine.wrap(coroutine.yield) while true do pcall(f, f) end
--- coroutines many values | limit
local co = coroutine.wrap(function(...) while true do coroutine.yield(...) end end) while true do co(unpack({}, 1, 9000)) end
--- coroutines deep in each | error
local function f(n) if n == 0 then return coroutine.wrap(function() f(300) end)() end return f(n - 1) + 1 end f(300)
--- coroutines and metamethods deep | error
local t t = setmetatable({}, { __index = function(_, n) return coroutine.wrap(function() return t[n + 1] end)() end }) return t[1]
--- coroutines and sort deep | error
local function f() coroutine.wrap(function() table.sort({ 2, 1 }, f) end)() end f()
--- coroutines and gsub deep | limit
local function f() return coroutine.wrap(function() return (("x"):gsub("x", f)) end)() end while true do pcall(f) end
--- coroutines sending | limit
local co = coroutine.wrap(function() while true do msg:reply("x") coroutine.yield() end end) while true do co() end
