function on_mesage(msg)
  msg:reply("x")
end

-- want 1:10: error: nothing calls on_mesage; did you mean on_message?
