function on_message(msg)
  msg:reply("x")
end

function on_message(msg)
  msg:reply("y")
end

-- want 5:10: error: on_message is defined twice: that in line 1 is never called
