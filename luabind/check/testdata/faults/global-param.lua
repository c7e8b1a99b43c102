function on_message(message)
  msg:reply("x")
end

-- want 2:3: error: nothing defines msg
