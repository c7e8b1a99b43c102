local function on_message(msg)
  msg:reply("x")
end

-- want 1:16: error: nothing calls on_message, as it is local: leave out local
