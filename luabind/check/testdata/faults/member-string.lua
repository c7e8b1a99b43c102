function on_message(msg)
  msg:reply(string.uper(msg.text))
end

-- want 2:20: error: string.uper doesn't exist; did you mean string.upper?
