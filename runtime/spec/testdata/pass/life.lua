ilink.state.starts = (ilink.state.starts or 0) + 1

function on_start(info)
  ilink.log("start", info.reason, ilink.state.starts)
end

function on_stop(info) ilink.log("stop", info.reason) end

function on_interrupt(msg) return msg.text == "stop" end

function on_error(err, msg)
  msg:reply("Sorry: " .. err.message)
end

function remind(due, about, more)
  ilink.send(about.who, os.date("%H:%M", due) .. " order " .. about.orders[2] .. tostring(more))
end

function on_message(msg)
  if msg.text == "fail" then error("no luck") end
  if msg.text == "sleep" then
    msg:typing()
    local ok, err = time.sleep(60)
    msg:typing(false)
    return msg:reply(ok and "awake" or err.kind)
  end
  if msg.text == "tell" then return ilink.send("boss", { text = "news", as = "herald" }) end
  if msg.text == "at once" then return ilink.at(1, function() msg:reply("done") end) end
  if msg.text == "order" then
    local size, err = msg:ask("Size?", { match = "%d", cancel = { "/cancel", "算了" } })
    local again = msg:ask("Sure?")
    return msg:reply((size and size.text or err.kind) .. " " .. again.text)
  end
  if msg.text == "remind" then return ilink.after("10m", remind, { data = { who = msg.from, orders = { 7, 8 } } }) end
  if msg.text == "later" then return ilink.after("10m", function() msg:reply("done") end) end
  msg:reply("hi")
end
