function on_message(msg)
  msg:reply(“hi”)
end

-- want 2:13: error: unexpected character '“': write "
