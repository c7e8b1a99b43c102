function on_message(msg)
  msg.reply("x")
end

-- want 2:7: error: msg.reply is called with a colon: msg:reply(…)
