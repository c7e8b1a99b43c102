function on_message(msg)
  if msg.text != "x" then msg:reply("y") end
end

-- want 2:15: error: Invalid token near '!'; not equal is ~= in Lua
