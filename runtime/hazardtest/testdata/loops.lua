--- loop | limit
while true do end
--- loop repeat | limit
repeat until false
--- loop for | limit
for i = 1, math.huge do end
--- loop step zero | fine
for i = 1, 2, 0 do end
--- loop goto | limit
::a:: goto a
--- loop nested | limit
while true do for i = 1, 1e6 do for j = 1, 1e6 do end end end
--- loop pcall | limit
while true do pcall(function() while true do end end) end
--- loop pcall error | limit
while true do pcall(error, "x") end
--- loop pcall table error | limit
while true do pcall(error, {}) end
--- loop xpcall handler | limit
while true do xpcall(error, function() while true do end end) end
--- loop xpcall of handlers | limit
local function h() error("again") end while true do xpcall(error, h) end
--- loop deep pcall | limit
local function f() return pcall(f) end while true do f() end
--- loop deep pcall in both | limit
local function f() pcall(f) pcall(f) end while true do f() end
--- loop deep xpcall | limit
local function f() xpcall(f, f) end while true do f() end
--- loop pcall of pcall | limit
while true do pcall(pcall, pcall, pcall, error) end
--- loop iterator | limit
for x in function() return 1 end do end
--- loop iterator deep | error
local function it() for x in it do end return 1 end for x in it do end
--- loop next | limit
local t = { 1 } while true do next(t) end
--- loop pairs growing | limit
local t = { a = 1 } for i = 1, 1e9 do for k in pairs(t) do t[k .. i] = 1 break end end
--- loop ipairs growing | limit
local t = { 1 } for i in ipairs(t) do t[i + 1] = 1 end
--- loop wrong next | limit
local k = "a" local t = { a = 1, b = 2 } while true do next(t, "c") end
--- loop calls | limit
local function f() end while true do f() end
--- loop host calls | limit
while true do msg:typing() end
--- loop host calls in pcall | limit
while true do pcall(msg.typing, msg) end
--- loop log | limit
while true do print("x") end
--- loop long log | limit
local s = ("x"):rep(8e6) while true do print(s) end
--- loop log of tables | limit
local t = {} for i = 1, 1000 do t[i] = t end while true do print(t, t, t) end
--- loop cancelled | limit
while not ilink.cancelled() do end
--- loop sends | limit
while true do pcall(msg.reply, msg, "x") end
--- loop sends of lists | limit
local t = {} for i = 1, 1000 do t[i] = "x" end while true do msg:reply(t) end
--- loop arithmetic | limit
local x = 1 while true do x = x * 1.0000001 % 1e9 ^ 0.5 end
--- loop nan | limit
local x = 0/0 while x ~= x do end
--- loop unknown names | limit
while true do pcall(function() return ilink.sned end) end
--- loop long unknown names | limit
local k = ("x"):rep(4e6) while true do pcall(function() return ilink[k] end) end
--- loop require | limit
while true do pcall(require, "nothing") end
--- loop require bad | limit
while true do pcall(require, "../../etc/passwd") end
--- loop random | limit
while true do math.random(1, 1e15) end
--- loop time | limit
while true do os.time(os.date("*t")) end
--- loop date | error
local f = ("%c"):rep(1e5) while true do os.date(f) end
--- loop clock | limit
while os.clock() < 1e12 do end
