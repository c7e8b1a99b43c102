--- string rep | error
("x"):rep(1e9)
--- string rep huge | error
("x"):rep(1e14)
--- string rep of rep | error
local s = "x" for i = 1, 100 do s = s:rep(100) end
--- string rep loop | limit
while true do ("x"):rep(8e6) end
--- string rep empty | limit
while true do (""):rep(1e15) end
--- string rep separator | error
("x"):rep(1e7, ("y"):rep(1e6))
--- string rep kept | limit
local t = {} for i = 1, 1e6 do t[i] = ("x"):rep(8e6) .. i end
--- string rep caught | limit
while true do pcall(string.rep, "x", 1e15) end
--- string doubling | error
local s = "x" while true do s = s .. s end
--- string doubling caught | limit
local s = "x" while true do pcall(function() s = s .. s end) end
--- string doubling by upvalue | error
local s = "xy" local function d() s = s .. s end while true do d() end
--- string doubling in table | error
local t = { s = "x" } while true do t.s = t.s .. t.s end
--- string appending | limit
local s = "" while true do s = s .. "x" end
--- string appending numbers | limit
local s = "" for i = 1, 1e9 do s = s .. i .. "," end
--- string appending large | limit
local s, big = "", ("x"):rep(1e5) while true do s = s .. big if #s > 7e6 then s = "" end end
--- string many operands | limit
local s = ("x"):rep(8e6) while true do pcall(function() return s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s end) end
--- string concat metamethod grows | limit
local t t = setmetatable({}, { __concat = function(a, b) return ("x"):rep(8e6) end }) local k = {} while true do k[#k + 1] = t .. t end
--- string table concat | limit
local t = {} for i = 1, 1000 do t[i] = ("x"):rep(1e6) end table.concat(t)
--- string table concat same | limit
local s, t = ("x"):rep(1e6), {} for i = 1, 1e5 do t[i] = s end while true do pcall(table.concat, t) end
--- string table concat separator | limit
local t, s = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, ("x"):rep(8e6) while true do pcall(table.concat, t, s) end
--- string table concat many | limit
local t = {} for i = 1, 5e5 do t[i] = "x" end while true do table.concat(t) end
--- string table concat range | error
table.concat({}, "", 1, 1e15)
--- string table concat empty strings | limit
local t = setmetatable({}, {}) for i = 1, 1e5 do t[i] = "" end while true do table.concat(t) end
--- string format width | limit
while true do pcall(string.format, "%999999d", 1) end
--- string format precision | limit
while true do pcall(string.format, "%.99999f", 1) end
--- string format long | limit
local s = ("x"):rep(8e6) while true do pcall(string.format, "%s%s", s, s) end
--- string format quoted | limit
local s = ("\0"):rep(4e6) while true do pcall(string.format, "%q", s) end
--- string format many | limit
local f = ("%99d"):rep(2e5) while true do pcall(string.format, f, 1) end
--- string gsub grows | error
local s = ("x"):rep(1e6) s:gsub("x", ("y"):rep(1e6))
--- string gsub doubling | limit
local s = "x" while true do s = s:gsub(".", "%0%0") end
--- string gsub captures | limit
local s = ("x"):rep(8e6) while true do pcall(string.gsub, s, "(.*)", "%1%1%1%1%1%1%1%1") end
--- string gsub many | limit
local s = ("x"):rep(8e6) while true do s:gsub("x", "y") end
--- string gsub functions | limit
local s = ("x"):rep(8e6) while true do s:gsub("x", function() end) end
--- string gsub empty matches | limit
local s = ("x"):rep(8e6) while true do s:gsub("", "") end
--- string backtracking | limit
local s = ("a"):rep(30) s:find(("a?"):rep(30) .. s)
--- string backtracking stars | limit
local s = ("a"):rep(1e6) s:find((".*"):rep(20) .. "b")
--- string backtracking minus | limit
local s = ("a"):rep(1e6) s:match((".-"):rep(10) .. "b")
--- string backtracking captures | limit
local s = ("a"):rep(1e5) s:match("(.*)(.*)(.*)(.*)b")
--- string backtracking balance | limit
local s = ("("):rep(1e6) while true do s:find("%b()") end
--- string backtracking frontier | limit
local s = ("a"):rep(8e6) while true do s:find("%f[b]") end
--- string backtracking back references | limit
local s = ("a"):rep(1e5) s:find("(.*)%1%1%1b")
--- string long pattern | limit
local p = ("[%w]"):rep(1e6) while true do pcall(string.find, "x", p) end
--- string deep pattern | limit
local p = ("("):rep(1e6) while true do pcall(string.find, "x", p) end
--- string long set | limit
local s, p = ("b"):rep(1e5), "[" .. ("a"):rep(1e5) .. "]" while true do s:find(p) end
--- string gmatch | limit
local s = ("x"):rep(8e6) while true do for w in s:gmatch(".-") do end end
--- string find plain | limit
local s = ("a"):rep(4e6) while true do s:find(("a"):rep(2e6) .. "b", 1, true) end
--- string byte | limit
local s = ("x"):rep(8e6) while true do pcall(string.byte, s, 1, -1) end
--- string byte many | limit
local s = ("x"):rep(5000) while true do s:byte(1, -1) end
--- string char | limit
while true do pcall(string.char, unpack({}, 1, 20000)) end
--- string reverse | limit
local s = ("x"):rep(8e6) while true do s:reverse() end
--- string upper | limit
local s = ("x"):rep(8e6) while true do s:upper():lower() end
--- string sub kept | limit
local t = {} for i = 1, 1e6 do t[i] = (("x"):rep(8e6) .. i):sub(1, 10) end
--- string sub large kept | limit
local s, t = ("x"):rep(8e6), {} for i = 1, 1e6 do t[i] = s:sub(i) .. "y" end
--- string tonumber | limit
local s = ("1"):rep(8e6) while true do tonumber(s) tonumber(s, 16) end
--- string arithmetic | limit
local s = ("1"):rep(8e6) while true do pcall(function() return s + 1 end) end
--- string compare | limit
local a, b = ("x"):rep(8e6) .. "a", ("x"):rep(8e6 - 10) .. "b" while true do local c = a < b end
--- string equal | limit
local s = ("x"):rep(8e6 - 1) local a, b = s .. "a", s .. "b" while true do local c = a == b end
--- string keys | limit
local t, s = {}, ("x"):rep(1e6) for i = 1, 1e9 do t[s .. i] = 1 end
--- string key lookup | limit
local t, s = {}, ("x"):rep(8e6) while true do local x = t[s] end
--- string metatable | error
getmetatable("").__index = function() return 1 end
--- string methods | limit
string.rep = nil while true do pcall(function() return ("x"):rep(3) end) end
--- string utf8 | limit
local s = utf8.char(0x10FFFF):rep(2e6) while true do utf8.len(s) end
--- string utf8 codes | limit
local s = utf8.char(0x20AC):rep(2e6) while true do for p, c in utf8.codes(s) do end end
--- string utf8 offset | limit
local s = ("\128"):rep(8e6 - 1) while true do pcall(utf8.offset, s, 0, 8e6 - 1) end
--- string utf8 codepoint | limit
local s = ("x"):rep(8e6) while true do pcall(utf8.codepoint, s, 1, -1) end
--- string utf8 char | limit
while true do pcall(utf8.char, unpack({}, 1, 9000)) end
--- string error | limit
local s = ("x"):rep(8e6) while true do pcall(error, s) end
--- string errors kept | limit
local t, s = {}, ("x"):rep(1e6) while true do t[#t + 1] = select(2, pcall(error, s)) end
--- string error raised | error
error(("x\n"):rep(4e6))
--- string assert raised | error
assert(false, ("x"):rep(8e6))
--- string sent | error limit
local s = ("x"):rep(8e6) while true do msg:reply(s) end
--- string bad UTF-8 sent | error limit
local s = ("\255"):rep(2e6) while true do msg:reply(s) end
