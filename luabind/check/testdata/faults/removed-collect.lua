function on_message(msg)
  collectgarbage()
  msg:reply("x")
end

-- want 2:3: error: collectgarbage doesn't exist in bots: memory is freed by itself
