function on_message(msg)
  local text = msg.text
  text:upper()
  msg:reply(text)
end

-- want 3:8: warning: text:upper only returns something, and nothing is done with it here
