--- table kept | limit
local t = {} while true do t[#t + 1] = {} end
--- table kept in globals | limit
t = {} while true do t[#t + 1] = {} end
--- table kept in caught calls | limit
while true do pcall(function() local t = {} while true do t[#t + 1] = { t } end end) end
--- table kept in upvalues | limit
local all = {} local function keep() local t = {} all = { all, function() return t end } end while true do keep() end
--- table nested | limit
local t = {} while true do t = { t } end
--- table of numbers | limit
local t = {} for i = 1, 1e9 do t[i] = i end
--- table of keys | limit
local t = {} for i = 1, 1e9 do t["k" .. i] = i end
--- table of fractions | limit
local t = {} for i = 1, 1e9 do t[i + 0.5] = i end
--- table of deleted keys | limit
local t = {} for i = 1, 1e9 do t["k" .. i] = i t["k" .. i] = nil end
--- table of closures | limit
local t = {} while true do t[#t + 1] = function() return t end end
--- table of strings | limit
local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end
--- table constructor | limit
while true do local t = { {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {} } end
--- table huge index | fine
local t = {} t[67108863] = 1
--- table huge index loop | limit
while true do local t = {} t[1048575] = 1 end
--- table huge indices kept | limit
local all = {} while true do local t = {} t[1048575] = 1 all[#all + 1] = t end
--- table huge insert | fine
local t = {} for i = 1, 9 do table.insert(t, 60000000 + i, 1) end
--- table huge inserts kept | limit
local all = {} while true do local t = {} table.insert(t, 1000000, 1) all[#all + 1] = t end
--- table shifts | limit
local t = {} for i = 1, 5e5 do t[i] = i end while true do table.insert(t, 1, 0) end
--- table removal shifts | limit
local t = {} for i = 1, 5e5 do t[i] = i end while #t > 0 do table.remove(t, 1) end
--- table sparse next | limit
local t = {} t[1048575] = 1 while true do next(t) end
--- table sparse pairs | limit
local t = {} t[1048575] = 1 while true do for k in pairs(t) do end end
--- table sparse length | limit
local t = {} t[1048575] = 1 t[1048575] = nil while true do local n = #t end
--- table sparse append | limit
local t = {} t[1048575] = 1 t[1048575] = nil while true do table.insert(t, 1) t[#t] = nil end
--- table deleted next | limit
local t = {} for i = 1, 3e5 do t["k" .. i] = 1 end for i = 1, 3e5 do t["k" .. i] = nil end t.x = 1 while true do next(t) end
--- table sort | limit
local t = {} for i = 1, 5e5 do t[i] = i * 7919 % 500009 end while true do table.sort(t) end
--- table sort inconsistent | limit
local t = {} for i = 1, 1e5 do t[i] = i end while true do table.sort(t, function() return math.random() < 0.5 end) end
--- table sort always | limit
local t = {} for i = 1, 1e5 do t[i] = i end while true do table.sort(t, function() return true end) end
--- table sort changing | fine
local t = {} for i = 1, 1e4 do t[i] = -i end table.sort(t, function(a, b) t[#t + 1] = 1 return a < b end)
--- table sort emptying | limit
local t = {} for i = 1, 1e4 do t[i] = -i end table.sort(t, function(a, b) t[#t] = nil return a < b end)
--- table sort failing | limit
while true do pcall(table.sort, { 1, "x", {} }) end
--- table sort nil | limit
while true do pcall(table.sort, { 3, nil, 1, nil, 2 }) end
--- table sort strings | limit
local t, s = {}, ("x"):rep(1e6) for i = 1, 30 do t[i] = s .. i end while true do table.sort(t, function(a, b) return a > b end) table.sort(t) end
--- table unpack | error
unpack({}, 1, 1e15)
--- table unpack overflow | error
unpack({}, -2^53, 2^53)
--- table unpack loop | limit
while true do pcall(unpack, {}, 1, 1e5) end
--- table unpack large | limit
while true do pcall(select, "#", unpack({}, 1, 29999)) end
--- table pack | limit
while true do pcall(table.pack, unpack({}, 1, 29000)) end
--- table move | limit
table.move({ 1 }, 1, 2^53, 2)
--- table move overlapping | limit
local t = {} for i = 1, 1e5 do t[i] = i end while true do table.move(t, 1, 1e5, 2) end
--- table move far | limit
while true do table.move({ 1 }, 1, 1, 1048575, {}) end
--- table move with metamethods | limit
table.move(setmetatable({}, { __index = function() return 1 end }), 1, 2^40, 1, setmetatable({}, { __newindex = function() end }))
--- table maxn | limit
local t = {} for i = 1, 5e5 do t["k" .. i] = 1 end while true do table.maxn(t) end
--- table select | error
local function f(...) while true do select(-1, ...) end end f(unpack({}, 1, 20000))
--- table varargs | error
local function f(...) local t = { ... } return f(1, 2, 3, ...) end f()
--- table nan key | limit
while true do pcall(function() local t = {} t[0/0] = 1 end) end
--- table weak | limit
local t = setmetatable({}, { __mode = "kv" }) while true do t[{}] = {} end
--- table globals | limit
for i = 1, 1e9 do _G["g" .. i] = i end
--- table own libraries | limit
string, table, math, os, pcall, print = nil while true do end
--- table _G cycles | limit
local t = { _G } t[2] = t while true do print(t) end
--- table message changed | limit
while true do msg.items, msg.text = msg, msg print(msg) end
--- table protected | limit
while true do pcall(setmetatable, msg, {}) pcall(getmetatable(msg)) end
