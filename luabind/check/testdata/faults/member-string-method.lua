function on_message(msg)
  msg:reply(msg.text:trim())
end

-- want 2:22: error: a string has no method trim
