function ilink.on_start() print("started") end

function on_message(msg)
  ilink.bot.name = "me"
  ilink.state.count = 1
end

-- want 1:16: error: ilink.on_start can't be assigned: ilink belongs to the host; keep your own values in a table of your own
-- want 4:13: error: ilink.bot.name can't be assigned: ilink.bot belongs to the host; keep your own values in a table of your own
