function on_message(msg)
  msg:reply()
end

-- want 2:7: error: msg:reply needs at least 1 argument (content, ...), and gets 0
