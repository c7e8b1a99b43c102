--- more loops by goto out of blocks | limit
::top:: do local x = 1 if x then goto top end end
--- more loops by metamethod and pcall | limit
local t = setmetatable({}, { __index = function(t, k) return t[k .. "x"] end }) while true do pcall(function() return t.x end) end
--- more loops in __eq | limit
local m = { __eq = function() while true do end end } return setmetatable({}, m) == setmetatable({}, m)
--- more loops in __lt | limit
local m = { __lt = function() while true do end end } return setmetatable({}, m) < setmetatable({}, m)
--- more loops in __call | limit
setmetatable({}, { __call = function() while true do end end })()
--- more loops in __unm and __len | limit
local t = setmetatable({}, { __unm = function() while true do end end }) return -t
--- more loops in __concat | limit
return setmetatable({}, { __concat = function() while true do end end }) .. "x"
--- more loops in a sort's comparison of metatables | limit
local m = { __lt = function(a, b) while true do end end } table.sort({ setmetatable({}, m), setmetatable({}, m) })
--- more loops in gsub's table | limit
(("x"):rep(10)):gsub("x", setmetatable({}, { __index = function() while true do end end }))
--- more loops in __tostring of an error | limit error
error(setmetatable({}, { __tostring = function() while true do end end, __index = function() while true do end end }))
--- more loops in xpcall's handler of its own error | limit
local function h(e) error(e) end while true do xpcall(error, h, ("x"):rep(1e5)) end
--- more loops in an iterator that is a table | limit
for x in setmetatable({}, { __call = function() return 1 end }) do end
--- more loops with huge steps | limit fine
for i = 1, 1e308, 1e-300 do end
--- more loops that count down | limit
for i = 1, -math.huge, -1 do end
--- more loops with nan | fine limit
for i = 0/0, 1 do end
--- more deep sort and pcall | limit error
local function f() pcall(table.sort, { 3, 2, 1 }, f) end while true do f() end
--- more deep gsub and pcall | limit error
local function f() pcall(string.gsub, "x", "x", f) end while true do f() end
--- more deep coroutine and pcall | limit error
local function f() pcall(coroutine.wrap(function() pcall(f) end)) end while true do f() end
--- more deep sort in coroutine in gsub in pcall | limit error
local function f() pcall(string.gsub, "x", "x", function() coroutine.wrap(function() table.sort({ 2, 1 }, f) end)() end) end while true do f() end
--- more deep __index of __index functions | limit error
local function make(n) return setmetatable({}, { __index = function(_, k) return make(n + 1)[k] end }) end while true do pcall(function() return make(1).x end) end
--- more deep __newindex tables | limit error
local t = {} for i = 1, 1e4 do t = setmetatable({}, { __newindex = t }) end while true do pcall(function() t.x = 1 end) end
--- more deep __call chain | limit error
local t = print for i = 1, 1e5 do t = setmetatable({}, { __call = t }) end while true do pcall(t) end
--- more deep __concat chain | limit error
local t t = setmetatable({}, { __concat = function(a, b) return a .. b end }) while true do pcall(function() return t .. t end) end
--- more deep tostring | limit error
local t t = setmetatable({}, { __tostring = function() return tostring(t) .. "x" end }) while true do pcall(tostring, t) end
--- more deep xpcall of error handlers | limit error
local function f(n) return xpcall(error, function() return f(n) end) end while true do f(1) end
--- more deep require | limit
while true do pcall(require, ("a."):rep(1e5)) end
--- more coroutine status without end | limit
local co = coroutine.create(function() end) while true do coroutine.status(co) end
--- more coroutine running without end | limit
while true do coroutine.running() coroutine.isyieldable() end
--- more coroutines that yield themselves | limit
local co co = coroutine.create(function() while true do coroutine.yield(co) end end) while true do coroutine.resume(co) end
--- more coroutines with huge results | limit
while true do local co = coroutine.wrap(function() return unpack({}, 1, 29000) end) pcall(co) end
--- more coroutines resumed in their sort | limit
local co co = coroutine.create(function() table.sort({ 3, 2, 1 }, function() coroutine.resume(co) return true end) end) while true do coroutine.resume(co) end
--- more coroutines wrapped deeply | limit error
local f = print for i = 1, 1000 do local g = f f = coroutine.wrap(function(...) g(...) end) end while true do pcall(f) end
--- more coroutines across messages | fine error limit | messages=5
co = co or coroutine.wrap(function() while true do coroutine.yield() end end) for i = 1, 10 do co() end
--- more coroutines of another message | limit error fine | messages=5
local me = coroutine.running() last = last or coroutine.create(function() while true do end end) coroutine.resume(last)
--- more patterns of many captures | limit error
local p = ("(.-)"):rep(31) while true do pcall(string.find, ("a"):rep(1e4), p .. "b") end
--- more patterns with nested quantifiers | limit
local s = ("ab"):rep(1e4) while true do s:find("(a*b*)*(a*b*)*c") s:find((".-"):rep(8) .. "c") end
--- more patterns anchored | limit
local s = ("a"):rep(1e6) while true do s:match("^(.-)(.-)(.-)b$") end
--- more patterns that are wrong | limit
while true do pcall(string.find, "x", "[") pcall(string.find, "x", "%") pcall(string.gsub, "x", "(", "") pcall(string.gsub, "x", "x", "%9") end
--- more patterns of huge sets | limit
local p = "[" .. ("a-z"):rep(1e5) .. "]" while true do pcall(string.find, ("A"):rep(1e4), p) end
--- more gsub with huge counts | limit
while true do ("x"):rep(1e5):gsub("", "yy", 1e15) end
--- more gsub with huge replacement | limit
local r = ("%0"):rep(1e5) while true do pcall(string.gsub, ("x"):rep(100), ".", r) end
--- more gmatch with empty matches | limit
while true do for w in (("x"):rep(1e6)):gmatch("()") do end end
--- more gmatch that is never finished | limit
local t = {} while true do t[#t % 100 + 1] = (("x"):rep(1e5)):gmatch(".*") t[1]() end
--- more rep with huge separator | limit
while true do pcall(string.rep, "", 1e9, ("x"):rep(1e6)) end
--- more rep negative and fractional | error
while true do ("x"):rep(-1e15) ("x"):rep(0.5) pcall(string.rep, "x", 0/0) pcall(string.rep, "x", math.huge) end
--- more sub with huge indices | limit
local s = ("x"):rep(8e6) while true do s:sub(-1e15, 1e15) s:sub(1e15) s:sub(2) end
--- more byte with huge indices | limit
local s = ("x"):rep(8e6) while true do pcall(string.byte, s, -1e15, 1e15) pcall(string.byte, s, 1, 7999) end
--- more format of everything | limit
local f = ("%s%q%d%g%x%c%5.2f"):rep(100) while true do pcall(string.format, f, "a", "b") pcall(string.format, "%s", {}) pcall(string.format, ("%"):rep(1e5)) end
--- more format of huge numbers | limit
while true do ("%99.99f %99.99g %99.99e"):format(1e308, 1e308, 1e-308) end
--- more tonumber in all bases | limit
local s = ("z"):rep(1e6) while true do for b = 2, 36 do pcall(tonumber, s, b) end end
--- more tonumber of spaces | limit
local s = (" "):rep(8e6) .. "1" while true do tonumber(s) end
--- more numbers by arithmetic on texts | limit
local s = ("1"):rep(1e6) while true do pcall(function() return s * s + s - s end) end
--- more comparing of long texts | limit
local a, b = ("x"):rep(8e6), ("x"):rep(8e6) while true do local c = a == b, a < b, a <= b end
--- more long texts as keys | limit
local t, s = {}, ("x"):rep(8e6) while true do t[s] = 1 t[s] = nil rawset(t, s, 1) rawget(t, s) end
--- more long texts by upper and lower | limit
local s = ("aB"):rep(4e6) while true do s = s:upper() s = s:lower() end
--- more lengths of sparse tables | limit
local t = {} t[1048575] = 1 t[1048575] = nil while true do local n = #t + #t + #t end
--- more table.getn and maxn | limit
local t = {} t[1048575] = 1 t[1048575] = nil t.x = 1 while true do table.getn(t) table.maxn(t) end
--- more table.remove of sparse tables | limit
while true do local t = {} t[1000000] = 1 t[1000000] = nil table.remove(t) table.insert(t, 1, 1) end
--- more table.insert at the front | limit
local t = {} while true do table.insert(t, 1, 1) end
--- more table.insert at wrong places | limit error
for i = 1, 1e9 do pcall(table.insert, {}, -i, 1) pcall(table.insert, {}, 1e15, 1) pcall(table.insert, {}, 0/0, 1) pcall(table.insert, {}, 1, 2, 3) end
--- more table.remove at wrong places | limit
while true do table.remove({}, 1e15) table.remove({ 1 }, -1e15) table.remove({ 1, 2 }, 0.5) end
--- more table.concat of numbers | limit
local t = {} for i = 1, 2e5 do t[i] = i + 0.123456789 end while true do table.concat(t, ", ") end
--- more table.concat backwards | limit
while true do table.concat({ 1 }, "", 2^53, -2^53) pcall(table.concat, {}, "", -2^53, 2^53) end
--- more table.concat of nothing with huge ranges | limit error
while true do pcall(table.concat, {}, ("x"):rep(1e6), 1, 1e9) end
--- more table.unpack with huge ranges | limit
while true do pcall(table.unpack, {}, -1e15, 1e15) pcall(table.unpack, {}, 1, 29999) end
--- more table.move far and long | limit
while true do pcall(table.move, { 1 }, -2^53, 2^53, 1) pcall(table.move, { 1, 2, 3 }, 1, 3, 2^53) pcall(table.move, {}, 1, 1e7, 2) end
--- more table.sort of one value | limit
local t = {} for i = 1, 1e5 do t[i] = 1 end while true do table.sort(t) table.sort(t, function(a, b) return a < b end) end
--- more table.sort that errs at the end | limit
local t = {} for i = 1, 1e5 do t[i] = i end t[1e5] = "x" while true do pcall(table.sort, t) end
--- more table.sort of long texts | limit
local t, s = {}, ("x"):rep(7e6) for i = 1, 5 do t[i] = s .. i end while true do table.sort(t) end
--- more next on changed tables | limit error
local t = {} for i = 1, 1e5 do t["k" .. i] = i end for k in pairs(t) do t[k] = nil t[k .. "x"] = 1 end while true do next(t) end
--- more next with wrong keys | limit
while true do pcall(next, {}, 1) pcall(next, { a = 1 }, {}) pcall(next, {}, 0/0) end
--- more pairs over many empty places | limit
local t = {} for i = 1, 1e6 do t[i] = false end for i = 1, 1e6 do t[i] = nil end while true do for k in pairs(t) do end next(t) end
--- more ipairs without end | limit
for i in ipairs(setmetatable({}, { __index = function() return 1 end })) do end while true do end
--- more rawset of everything | limit
local t = {} for i = 1, 1e9 do rawset(t, i * 1.5, i) rawset(t, -i, t) end
--- more select with huge counts | limit
while true do pcall(select, 1e15, 1) pcall(select, -1e15, 1) select("#", unpack({}, 1, 8000)) end
--- more select in a recursion | limit error
local function f(n, ...) if n == 0 then return select("#", ...) end return f(n - 1, n, ...) end while true do pcall(f, 1e4) end
--- more math with huge arguments | limit
while true do pcall(math.random, -2^53, 2^53) pcall(math.random, 0) math.fmod(1e308, 1e-308) math.ldexp(1, 1e9) math.max(unpack({ 1, 2, 3 })) end
--- more bits with huge arguments | limit
while true do pcall(bit.lshift, 1, 1e15) pcall(bit.bxor, unpack({}, 1, 8000)) pcall(bit.tohex, 1, 1e9) end
--- more utf8 with huge arguments | limit
while true do pcall(utf8.char, 2^53) pcall(utf8.codepoint, ("x"):rep(1e5), 1, 1e5) pcall(utf8.offset, "x", 1e15) pcall(utf8.len, "x", -1e15, 1e15) end
--- more os.date with huge formats | limit error
local f = ("x"):rep(8e6) while true do pcall(os.date, f) end
--- more os.date with huge times | limit
while true do pcall(os.date, "%c", 1e300) pcall(os.date, "%c", -1e300) pcall(os.date, "*t", 0/0) pcall(os.time, { year = 1e15, month = 1e15, day = 1e15 }) end
--- more os.time of strange tables | limit
while true do pcall(os.time, setmetatable({}, { __index = function() return 1e300 end })) end
--- more getmetatable of texts | error
getmetatable("").__index = nil
--- more setmetatable of texts | error
setmetatable("", {})
--- more rawset of the text's metatable | error
rawset(getmetatable(""), "__index", {})
--- more string functions replaced | fine | messages=2
for k in pairs(string) do string[k] = function() while true do end end end
--- more globals replaced | fine limit error | messages=3
for k in pairs(_G) do if k ~= "on_message" then _G[k] = nil end end
--- more _G with a metatable | fine limit error | messages=3
setmetatable(_G, { __index = function() while true do end end, __newindex = function() while true do end end }) x = 1
--- more package tricks | error
return package.loaded, package.path
--- more debug tricks | error
return debug.getregistry()
--- more io tricks | error
return io.open("/etc/passwd")
--- more load tricks | error
return load("while true do end")()
--- more string.dump | error
return string.dump(print)
--- more newproxy | error
return newproxy(true)
--- more getfenv | error
getfenv(0).print = nil
--- more collectgarbage | error
while true do collectgarbage() end
--- more os.exit | error
os.exit(3)
--- more os.execute | error
os.execute("kill -9 $PPID")
--- more os.getenv | error
return os.getenv("HOME")
--- more require out of the folder | error
require("../../../etc/passwd")
--- more require absolute | error
require("/etc/passwd")
--- more require of a null | error
require("\0")
--- more __gc | fine
for i = 1, 1000 do setmetatable({}, { __gc = function() while true do end end, __mode = "kv" }) end
--- more __metatable | fine
local t = setmetatable({}, { __metatable = setmetatable({}, { __tostring = function() while true do end end }) }) pcall(setmetatable, t, {})
--- more error that is a thread | error
error(coroutine.create(print))
--- more error that is a function | error
error(function() while true do end end)
--- more error that is nil | error
error(nil)
--- more error that is huge | error
error(("x"):rep(8e6))
--- more error of many lines | error
error(("\n"):rep(8e6))
--- more error of bytes | error
error(("\255\27"):rep(1e6))
--- more error with a huge table | error
local t = {} for i = 1, 1e5 do t[i] = { t } end error(t)
--- more error with a huge message | error
error({ message = ("x"):rep(8e6) })
--- more error at a huge level | error
error("x", 1e15)
--- more error in error in pcall | limit
while true do pcall(function() error(select(2, pcall(error, ("x"):rep(1e5)))) end) end
--- more error whose message grows | limit
local m = "x" while true do local _, e = pcall(function() error(m) end) m = e .. e if #m > 1e6 then m = "x" end end
--- more assert with huge values | limit
while true do pcall(assert, false, ("x"):rep(1e6)) pcall(assert, nil, {}) end
--- more global hook that calls itself | error limit
function on_message(msg) return on_message(msg) end
--- more global hook in pcall | limit error
function on_message(msg) pcall(on_message, msg) pcall(on_message, msg) end
--- more closures over loop variables | limit
local t = {} for i = 1, 1e9 do t[i % 1000] = function() return i, t end end
--- more vararg tables | limit
local function f(...) local t = { ..., ... } return #t end while true do f(unpack({}, 1, 8000)) end
--- more huge constructors | limit
while true do local t = { unpack({}, 1, 20000) } end
--- more tail calls through pcall | limit error
local function f(n) return pcall(f, n + 1) end while true do f(1) end
--- more tail calls of Go functions | limit
local function f() return select(1, f) end while true do f()() end
--- more json of itself | limit error
local json = require("json") local t = {} t.t = t while true do pcall(json.encode, t) end
--- more json of deep tables | limit error
local json = require("json") local t = {} for i = 1, 1e5 do t = { t } end while true do pcall(json.encode, t) end
--- more json of wide tables | limit error
local json = require("json") local t = {} for i = 1, 2e5 do t[i] = i end while true do pcall(json.encode, t) end
--- more json of huge texts | limit error
local json = require("json") local s = ("\1"):rep(8e6) while true do pcall(json.encode, s) pcall(json.encode, { s, s, s, s }) end
--- more json nested texts | limit error
local json = require("json") local s = ("["):rep(4e6) while true do pcall(json.decode, s) pcall(json.decode, ('{"a":'):rep(1e6)) end
--- more json of many values | limit error
local json = require("json") local s = "[" .. ("{},"):rep(1e6) .. "{}]" local all = {} while true do all[#all + 1] = json.decode(s) end
--- more json of long numbers | limit error
local json = require("json") local s = ("1"):rep(8e6) while true do pcall(json.decode, s) end
--- more base64 and hex | limit error
local b, h = require("base64"), require("hex") local s = ("x"):rep(7e6) while true do pcall(b.encode, s) pcall(h.encode, s) pcall(b.decode, s) pcall(h.decode, s) end
--- more hashes | limit error
local hash = require("hash") local s = ("x"):rep(8e6) while true do for k, f in pairs(hash) do pcall(f, s, s) end end
--- more urls | limit error
local url = require("url") local s = ("%20&a=b"):rep(1e6) while true do for k, f in pairs(url) do pcall(f, s, s) end end
