--- memory of globals slowly | memory | messages=40
all = all or {} for i = 1, 20000 do all[#all + 1] = { i } end
--- memory of globals by strings | memory | messages=40
all = all or {} for i = 1, 20 do all[#all + 1] = ("x"):rep(1e5) .. i end
--- memory of upvalues over messages | memory | messages=40
local all = {}
function on_message(msg) for i = 1, 20000 do all[#all + 1] = function() return msg, i end end end
--- memory of messages kept | fine limit | messages=40
all = all or {} all[#all + 1] = msg
--- memory of ids as keys | memory | messages=60
seen = seen or {} for i = 1, 20000 do seen[msg.id .. i] = true seen[msg.id .. i] = nil end
--- memory of coroutines over messages | memory | messages=40
all = all or {} for i = 1, 1000 do local co = coroutine.wrap(function() coroutine.yield() end) co() all[#all + 1] = co end
--- memory of iterators over messages | memory | messages=40
all = all or {} for i = 1, 10 do all[#all + 1] = (("x"):rep(1e6) .. i):gmatch("x") end
--- memory of parts of strings over messages | memory | messages=40
all = all or {} for i = 1, 5 do local s = ("x"):rep(1e6) .. i all[#all + 1] = s:sub(#s * 0.3) end
--- memory of parts of parts | fine limit | messages=20
all = all or {} for i = 1, 5 do local s = ("x"):rep(1e6) .. i while #s > 100 do s = s:sub(#s * 0.3) end all[#all + 1] = s end
--- memory of matches | fine limit | messages=20
all = all or {} for i = 1, 5 do all[#all + 1] = (("x"):rep(1e6) .. i):match("%d+$") end
--- memory of captures | memory | messages=20
all = all or {} for i = 1, 5 do all[#all + 1] = { (("x"):rep(1e6) .. i):match("(.*)(x)(%d+)$") } end
--- memory of the state | memory limit | messages=40
for i = 1, 20000 do ilink.state[#ilink.state + 1] = { i } end
--- memory of the state by one string | fine limit | messages=10
ilink.state.s = ("x"):rep(8e6)
--- memory of the state with cycles | memory | messages=40
ilink.state.all = ilink.state.all or {} ilink.state.all.me = ilink.state for i = 1, 20000 do ilink.state.all[#ilink.state.all + 1] = { i } end
--- memory of the state with functions | memory | messages=40
ilink.state.f = print for i = 1, 20000 do ilink.state[#ilink.state + 1] = { i } end
--- memory at loading | load
all = {} while true do all[#all + 1] = {} end
function on_message(msg) end
--- memory at loading just below | fine limit | messages=20
all = {} for i = 1, 50000 do all[i] = { i } end
function on_message(msg) for i = 1, 20000 do local t = { i } end end
--- memory of weak tables over messages | limit memory | messages=40
all = all or setmetatable({}, { __mode = "kv" }) for i = 1, 20000 do all[{}] = {} end
--- memory of string library | memory | messages=40
for i = 1, 20000 do string["f" .. #msg.text .. i .. tostring(math.random())] = i end
--- memory of a metatable chain | memory | messages=40
top = top or {} for i = 1, 20000 do top = setmetatable({}, { __index = top }) end
--- memory of nested sorts | memory limit error
local big = {} for i = 1, 5e5 do big[i] = i end local function f() table.sort(big, f) return true end f()
--- memory of nested gsubs | memory limit error
local s, n = ("x"):rep(4e6), 0
local function f() n = n + 1 if n % 2 == 0 then return (s:gsub("x", f)) end return "y" end
s:gsub("x", f)
--- memory of nested formats | memory limit error
local s = ("x"):rep(4e6) local t = setmetatable({}, { __tostring = function(t) return ("%s%s"):format(s, t) end }) print(t)
--- memory of nested concats | memory limit error
local s, n = ("x"):rep(3e6), 0 local t t = setmetatable({}, { __concat = function(a, b) n = n + 1 return s .. n .. t end }) return t .. t
--- memory of arguments | memory limit
local function f(...) return f(("x"):rep(1e6) .. select("#", ...), ...) end f()
--- memory of arguments at once | memory limit
local s = ("x"):rep(8e6)
print(#(s .. 1), #(s .. 2), #(s .. 3), #(s .. 4), #(s .. 5), #(s .. 6), #(s .. 7), #(s .. 8), #(s .. 9), #(s .. 10), #(s .. 11), #(s .. 12))
select("#", s .. 1, s .. 2, s .. 3, s .. 4, s .. 5, s .. 6, s .. 7, s .. 8, s .. 9, s .. 10, s .. 11, s .. 12, s .. 13, s .. 14, s .. 15, s .. 16, s .. 17, s .. 18, s .. 19)
--- memory of scattered numbers | memory limit
local t = {} for i = 1, 1e9 do local x = i + 0.5 if i % 32 == 0 then t[#t + 1] = x end end
--- memory of long lists half deleted | memory limit
local all = {} while true do local t = {} for i = 1, 1000 do t[i] = i end for i = 1, 1000 do t[i] = nil end all[#all + 1] = t end
--- memory of empty hashes | memory limit
local all = {} while true do local t = {} t.x = 1 t.x = nil all[#all + 1] = t end
--- memory of sparse lists | memory limit
local all = {} while true do local t = {} t[1000] = 1 all[#all + 1] = t end
--- memory of varargs in closures | memory limit
local all = {} local function keep(...) local t = { ... } all[#all + 1] = function() return t end end while true do keep(unpack({}, 1, 250)) end
--- memory of threads with values | memory limit
local all = {} while true do local co = coroutine.wrap(function(...) coroutine.yield() return ... end) co(unpack({}, 1, 5000)) all[#all + 1] = co end
--- memory of error values | memory limit
local all = {} while true do local _, e = pcall(error, { ("x"):rep(1e5) .. #all }) all[#all + 1] = e end
--- memory of pcall results | memory limit
local function f() return ("x"):rep(1e6) .. os.clock(), pcall(f) end local t = { f() }
--- memory of replaced globals | fine limit | messages=10
s = ("x"):rep(8e6) .. msg.id
--- memory behind a metamethod | memory limit
local store = {} local t = setmetatable({}, { __newindex = function(_, k, v) store[k] = { v } end }) for i = 1, 1e9 do t[i] = i end
--- memory of utf8 | memory limit
local all = {} while true do all[#all + 1] = utf8.char(0x10FFFF):rep(1e5) .. #all end
--- memory of table.pack | memory limit
local all = {} while true do all[#all + 1] = table.pack(unpack({}, 1, 5000)) end
--- memory of os.date | memory limit
local all = {} while true do all[#all + 1] = os.date("*t") end
--- memory doubling by table.concat | error
local s = "x" while true do s = table.concat({ s, s }) end
--- memory of one list doubling | memory limit
local t = { 1 } while true do for i = 1, #t do t[#t + 1] = t[i] end end
--- memory of keys that are long | memory limit
local t = {} for i = 1, 1e9 do t[("k"):rep(1e5) .. i] = true t[("k"):rep(1e5) .. i] = nil end
