-- What is assigned twice has no type, and nil has no fields that anybody asks for.
local state = { count = 0 }
local last
function on_message(msg)
  local m = msg
  m = { anything = 1 }
  print(m.anything, m.other)
  local r, err = msg:reply("a", { image = "x.png" }, { "b", "c", mode = "fail" })
  if not r then return print(err.kind == "my_kind", err.message) end
  r = r.status == "sent" and "fine" or r
  print(r.anything)
  local text = msg.text
  text = tonumber(text)
  if text == 5 then msg:reply(text) end
  last = last or msg
  print(last.whatever, state.count, state.missing)
  local date = os.date("*t")
  print(date.hour, (os.date("%H")):upper())
  local later = ilink.cancelled()
  if later == true or later and later.text == "stop" then return end
  local first = msg.text:match("^/(%a+)")
  if first == "x" then print(select("#", first), select(2, "a", "b")) end
  local bytes = { msg.text:byte(1, -1) }
  print(bytes[1] == 5, #bytes, math.max(unpack(bytes)), string.char(unpack(bytes)))
  msg:reply(table.unpack({ "a", "b" }))
  local function inner(...) return ilink.send(...) end
  inner(msg.from, "x")
  ilink.reply(msg, "x")
  msg.reply(msg, "y")
  local reply = msg.reply
  reply(msg, "z")
  goto done
  ::done::
  ilink.log("a", 1)
  ilink.log.info()
  if msg.kind ~= "text" and msg.quote and msg.quote.media then msg.quote.media:save("x") end
  for position, code in utf8.codes(msg.text) do print(position, code) end
  for k, v in pairs(msg) do print(k, v) end
  for i, n in next, bytes do print(i, n) end
  local ok, problem = pcall(msg.reply, msg, "x")
  print(ok, problem)
  print(assert(tonumber("5")) == 5, #assert(ilink.upload("x")).kind)
  local copy = setmetatable({ extra = 1 }, { __index = msg })
  print(copy.extra, copy.text)
  return msg:reply(("x"):rep(3) .. [[long]] .. [==[
longer]==])
end
