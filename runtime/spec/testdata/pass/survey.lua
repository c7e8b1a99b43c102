-- A dialogue with all that a spec can look at.

local handled = 0

function on_interrupt(msg) return msg.text == "/stop" end

function on_session_expired(info) ilink.log.warn("expired") end

function on_message(msg)
  handled = handled + 1
  if msg.text == "handled" then return msg:reply(handled) end
  if msg.text == "time" then return msg:reply(os.date("%Y-%m-%d %H:%M:%S")) end
  if msg.text == "fail" then error("on purpose") end
  if msg.text == "many" then
    local result, err = msg:reply { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12" }
    ilink.log(result and result.status or err.kind, result and result.reason)
    return
  end
  if msg.text == "nudge" then
    return msg:reply { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", mode = "nudge" }
  end
  if msg.text == "strict" then
    local result, err = msg:reply { text = "now or never", mode = "fail" }
    ilink.log(result and result.status or err.kind)
    return
  end
  if msg.text == "count" then
    kv.user(msg):incr("count")
    kv.set("last", { from = msg.from, list = { 1, 2 } })
    return msg:reply(kv.user(msg):get("count"))
  end
  if msg.text == "key" then return msg:reply(env.KEY) end
  if msg.quote then return msg:reply("quoted: " .. msg.quote.text) end
  if msg.kind ~= "text" then
    local file = assert(msg:download("saved/" .. (msg.items[1].name or "file")))
    msg:reply { text = file.mime .. " " .. file.size, file = "saved/" .. file.name, name = "copy.txt" }
    return
  end
  if msg.text == "/survey" then
    local name, err = msg:ask("What is your name?", { timeout = 3600 })
    if not name then return msg:reply("No name: " .. err.kind) end
    local _, age = msg:ask("How old are you?", { match = "^%d+$" })
    msg:reply(("Hello %s, %s"):format(name.text, age))
    local r = msg:reply("oops")
    ilink.recall(r.id)
  end
end
