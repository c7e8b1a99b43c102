--- host reply of a huge text | error limit fine
msg:reply(("x"):rep(8e6))
--- host reply of huge texts in a loop | limit error
for i = 1, 1e9 do msg:reply(("x"):rep(1e6)) end
--- host reply of bytes that are no text | error limit fine
msg:reply(("\255"):rep(8e6))
--- host reply of a long list | error limit fine
local t = {} for i = 1, 1e5 do t[i] = "x" end msg:reply(t)
--- host reply of a list of huge texts | error limit fine
local s, t = ("\255"):rep(8e6), {} for i = 1, 1000 do t[i] = s end msg:reply(t)
--- host reply of many arguments | error limit fine
local s, t = ("\255"):rep(1e6), {} for i = 1, 5000 do t[i] = s end msg:reply(unpack(t))
--- host reply of itself | error
local t = {} t[1] = t msg:reply(t)
--- host reply of a table with many fields | limit
local t = { text = "x" } for i = 1, 3e5 do t["k" .. i] = i end msg:reply(t)
--- host reply of a huge unknown field | error
msg:reply({ [("x"):rep(8e6)] = 1 })
--- host reply of a sparse list | error limit
local t = {} t[1000000] = "x" for i = 1, 1e6 do pcall(msg.reply, msg, t) end
--- host reply of a function that never ends | error
msg:reply(setmetatable({}, { __tostring = function() while true do end end }))
--- host reply with wrong selves | error
msg.reply(("x"):rep(8e6), "x")
--- host replies caught | limit
while true do pcall(msg.reply, msg, {}) end
--- host replies with huge options | error
msg:reply({ text = "x", mode = ("x"):rep(8e6) })
--- host reply of a file with a huge name | error fine
local ok, err = msg:reply({ file = ("x/"):rep(4e6) }) assert(ok, err)
--- host sends to a huge user | error fine limit
local ok, err = ilink.send(("x"):rep(8e6), "x") assert(ok, err)
--- host log flood | limit
while true do print(("x"):rep(100)) end
--- host log flood of huge tables | limit
local t = {} for i = 1, 1e5 do t[i] = { i } end while true do ilink.log(t) end
--- host log flood of deep tables | limit
local t = {} for i = 1, 1e4 do t = { t, t, t, t, t, t, t, t } end while true do ilink.log(t) end
--- host log flood of wide keys | limit
local t = {} for i = 1, 2e5 do t["k" .. i] = i end while true do ilink.log.error(t) end
--- host log flood of long keys | limit
local t = {} for i = 1, 8 do t[("x"):rep(1e6) .. i] = i end while true do ilink.log.warn(t) end
--- host log of many arguments | limit
while true do print(unpack({}, 1, 8000)) end
--- host log with endless __tostring | limit
ilink.log(setmetatable({}, { __tostring = function() while true do end end }))
--- host log with recursive __tostring | error limit
local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) ilink.log({ { t } })
--- host log with __tostring that logs | error limit
local t t = setmetatable({}, { __tostring = function() ilink.log(t) return "x" end }) ilink.log(t)
--- host log with __tostring of huge texts | limit
local s = ("x"):rep(8e6) local t = setmetatable({}, { __tostring = function() return s end }) while true do print({ t, t, t, t, t, t, t, t, t, t }) end
--- host log with __tostring that returns nothing | limit error fine
while true do print(setmetatable({}, { __tostring = function() end })) end
--- host log with __tostring that fails | limit
while true do pcall(print, setmetatable({}, { __tostring = error })) end
--- host log of binary | limit
local s = ("\255\0\27[2J"):rep(1e6) while true do print(s) end
--- host cancelled in a loop | limit
while true do ilink.cancelled() end
--- host typing in a loop | limit
while true do pcall(msg.typing, msg) end
--- host interrupt that fails | limit | interrupt
function on_message(msg) while not done do ilink.cancelled() end end
function on_interrupt(msg) error({ ("x"):rep(1e6) }) end
--- host interrupt without end | limit | interrupt
function on_message(msg) while true do ilink.cancelled() end end
function on_interrupt(msg) while true do end end
--- host interrupt that takes memory | limit | interrupt
function on_message(msg) while true do ilink.cancelled() end end
function on_interrupt(msg) local t = {} while true do t[#t + 1] = {} end end
--- host interrupt that recurses | limit | interrupt
function on_message(msg) while true do ilink.cancelled() end end
function on_interrupt(msg) return on_interrupt(msg) end
--- host interrupt ignored | limit | interrupt
function on_message(msg) while true do pcall(ilink.cancelled) end end
function on_interrupt(msg) return true end
--- host message table changed | fine
for k in pairs(msg) do msg[k] = msg end msg.reply = nil
--- host message metatable | error
setmetatable(msg, { __index = function() while true do end end })
--- host modules changed | error fine limit
for k in pairs(ilink) do ilink[k] = nil end
--- host module strings | limit
while true do pcall(function() return ilink[("x"):rep(1e6)] end) end
--- host hook replaced | fine error | messages=3
on_message = 5
--- host hook removed | fine error | messages=3
on_message = nil
--- host hook that is a table | error fine | messages=3
on_message = setmetatable({}, { __call = function() while true do end end })
--- host state of its own | error fine limit | messages=3
ilink.state = ilink
--- host state that contains itself | fine | messages=3
ilink.state.x = ilink.state
--- host media out of nothing | error
local m = msg.media return m.x
--- host quote out of nothing | error
return msg.quote.media:read(1e15)
--- host names wrong | error
ilink.sned("x")
