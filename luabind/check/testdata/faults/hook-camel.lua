function onMessage(msg)
  msg:reply("x")
end

-- want 1:10: error: nothing calls onMessage; did you mean on_message?
